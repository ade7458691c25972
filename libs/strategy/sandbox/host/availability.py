"""Whether strategy code may run here at all. Decides from the platform, the switches and what a fork server said; never turns anything off."""

import os
import platform
import sys
from dataclasses import fields

from libs.common.errors import BadInputError, PermanentError
from libs.strategy.sandbox.wire import Switches

ARCHITECTURES = ("x86_64", "aarch64")
TEST_VARIABLE = "SENTINEL_SANDBOX_TEST"
"""Has to be 1 in the environment of the host before a layer of the sandbox can be switched off by itself."""

_ORDINARY = ("sandbox", "spares")


def switches_for(setting: str) -> Switches:
    """Return the switches for the value of SENTINEL_SANDBOX: `on`, or `off` for children under resource limits alone.

    Raises BadInputError for any other text: a typing error must not decide how code is contained.
    """
    if setting == "on":
        return Switches()
    if setting == "off":
        return Switches(sandbox="off")
    raise BadInputError(
        f"SENTINEL_SANDBOX is {setting[:32]!r}",
        code="sandbox.setting",
        pointer="/sandbox",
        hint="use on, or off to run only code you wrote yourself",
    )


def check_switches(switches: Switches) -> None:
    """Raise PermanentError if a layer is switched off outside a test."""
    default = Switches()
    off = [
        each.name
        for each in fields(Switches)
        if each.name not in _ORDINARY and getattr(switches, each.name) != getattr(default, each.name)
    ]
    if off and os.environ.get(TEST_VARIABLE) != "1":
        raise PermanentError(
            f"the sandbox switches {', '.join(off)} are for its tests",
            code="sandbox.switch",
            hint=f"leave them at their defaults; tests set {TEST_VARIABLE}=1",
        )


def missing_here(sandbox: str = "on") -> str:
    """Return what this machine lacks before anything was tried, empty if nothing; sandbox: on or off."""
    if sys.platform != "linux":
        return f"Linux (this is {sys.platform})"
    if sandbox == "on" and platform.machine() not in ARCHITECTURES:
        return f"a system call table for {platform.machine()[:32]}"
    return ""


def unavailable_text(missing: str) -> str:
    """Return the sentence that every refused run carries; where even `off` would not run, it is not offered."""
    offer = ", or set SENTINEL_SANDBOX=off to run only code you wrote yourself" if sys.platform == "linux" else ""
    return f"Sandbox unavailable: {missing}. Run the backtest service in docker or on Linux >= 4.14{offer}."


def unavailable(missing: str) -> PermanentError:
    """Return the error of a run on a machine that cannot contain it."""
    return PermanentError(
        unavailable_text(missing), code="sandbox.unavailable", hint="rules.json strategies still run: they hold no code"
    )
