"""The built-in names a strategy has: those the checker accepts, with `__import__` of the sandbox."""

import builtins
from collections.abc import Callable
from typing import Any

from libs.strategy.check.allowed import BUILTINS


def allowed_builtins(import_function: Callable[..., Any]) -> dict[str, Any]:
    """Return a fresh `__builtins__` dictionary; `print` is Python's own, to be replaced."""
    names = {name: getattr(builtins, name) for name in sorted(BUILTINS)}
    return names | {
        "__import__": import_function,
        "__build_class__": builtins.__build_class__,
        "__debug__": True,
    }
