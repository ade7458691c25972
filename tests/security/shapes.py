"""The forms in which a fork server may find itself, for tests that have to hold in each."""

import os
from dataclasses import dataclass

import pytest

from libs.strategy.sandbox.wire import Switches
from tests.security.bare import ORDINARY, Bare


@dataclass(frozen=True)
class Shape:
    """Switches, who starts it, and what has to be true of the machine."""

    switches: Switches
    ordinary: bool = False
    root: bool = False
    namespaces: bool = False

    def start(self) -> Bare:
        """Start a zygote of this shape; skips the test where the machine cannot."""
        if self.root and os.geteuid() != 0:
            pytest.skip("needs a test run by root")
        bare = Bare(self.switches, user=ORDINARY if self.ordinary and os.geteuid() == 0 else None)
        if self.namespaces and (found := bare.hello.capabilities.get("namespaces", "")) != "yes":
            bare.close()
            pytest.skip(f"namespaces: {found}")
        return bare


SHAPES = {
    "root": Shape(Switches(unguarded=True, spares=0, drop_uid=False), root=True),
    "root to nobody, from spares": Shape(Switches(unguarded=True, spares=1), root=True),
    "root, no namespaces, no landlock": Shape(
        Switches(unguarded=True, spares=0, drop_uid=False, namespaces=False, landlock=False), root=True
    ),
    "ordinary user with namespaces": Shape(Switches(unguarded=True, spares=0), ordinary=True, namespaces=True),
    "ordinary user, no namespaces": Shape(Switches(unguarded=True, spares=0, namespaces=False), ordinary=True),
    "ordinary user, no landlock": Shape(Switches(unguarded=True, spares=0, landlock=False), ordinary=True),
    "ordinary user, neither": Shape(
        Switches(unguarded=True, spares=0, namespaces=False, landlock=False), ordinary=True
    ),
}
WITHOUT_SECCOMP = Shape(Switches(unguarded=True, spares=0, seccomp=False))
WITHOUT_ANYTHING = Shape(
    Switches(unguarded=True, spares=0, seccomp=False, landlock=False, namespaces=False, drop_uid=False)
)
