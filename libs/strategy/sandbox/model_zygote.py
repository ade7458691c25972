"""The fork server of trained models: scikit-learn and skops instead of pandas, the rest as for code.

Its processes are apart from those that run code, so that neither pays for the other's libraries; it is started when a model first runs.
"""

import importlib
import sys

from libs.strategy.sandbox.server import Guest
from libs.strategy.sandbox.wire import Switches
from libs.strategy.sandbox.zygote import MASKED, start


def main(fd: int, switches: str = "{}") -> None:
    """Serve models on a socket until it closes; as `zygote.main`."""
    start(fd, Switches.decode(switches), models)


def models() -> Guest:
    """Load everything a model may need; raises ImportError. A child can open no file, so what is not loaded here does not exist.

    The mask comes off again, because scikit-learn takes every entry there is for the library itself.
    """
    sys.modules.update(dict.fromkeys(MASKED))  # type: ignore[arg-type]  # None is how Python marks a module as not there
    model = importlib.import_module("libs.strategy.sandbox.guest.model")
    for name in MASKED:
        del sys.modules[name]
    model.rehearse()
    return Guest(model.run, model.rehearse)
