"""Where names are bound and what a name means at a place. Knows Python's scoping rules, not what is allowed."""

from dataclasses import dataclass, field
from typing import Literal

VALUE = "value"
"""Bound by an assignment, a definition, an argument, ..."""

IMPORTED = "imported"
"""Bound by `from module import name` to something that is not a module."""

Kind = Literal["module", "function", "class", "comprehension"]


@dataclass(slots=True, eq=False)
class Scope:
    """Names bound in one module, function, class body or comprehension. A bound name is VALUE, IMPORTED or a module's full name."""

    kind: Kind
    parent: "Scope | None" = None
    bound: dict[str, str] = field(default_factory=dict)
    outer: dict[str, Literal["global", "nonlocal"]] = field(default_factory=dict)
    first: str | None = None
    """Name of the first argument of a function."""

    def bind(self, name: str, to: str = VALUE) -> None:
        """Bind a name here, or where `global` and `nonlocal` send it. A name bound to different things is a VALUE."""
        scope = self._home(name)
        scope.bound[name] = to if scope.bound.get(name, to) == to else VALUE

    def lasting(self) -> "Scope":
        """Return the scope that `:=` binds in: the nearest one that is not a comprehension."""
        scope = self
        while scope.kind == "comprehension" and scope.parent:
            scope = scope.parent
        return scope

    def above(self) -> "Scope":
        """Return the scope around this one; the module's is its own."""
        return self.parent or self

    def find(self, name: str) -> "Scope | None":
        """Return the scope where a name used here is bound, None if nowhere."""
        start = self._home(name)
        scope: Scope | None = start
        while scope:
            if name in scope.bound and (scope.kind != "class" or scope is start):
                return scope
            scope = scope.parent
        return None

    def visible(self) -> set[str]:
        """Return every name that can be used here."""
        names: set[str] = set()
        scope: Scope | None = self
        while scope:
            if scope.kind != "class" or scope is self:
                names |= scope.bound.keys()
            scope = scope.parent
        return names

    def is_own_object(self, name: str) -> bool:
        """Tell whether a name used here is the first argument of a method, by custom `self`."""
        scope = self.find(name)
        return bool(scope and scope.kind == "function" and scope.first == name and scope.above().kind == "class")

    def _home(self, name: str) -> "Scope":
        sent = self.outer.get(name)
        scope = self
        if sent == "global":
            while scope.parent:
                scope = scope.parent
        elif sent == "nonlocal":
            scope = self.above()
            while scope.parent and (scope.kind == "class" or name not in scope.bound):
                scope = scope.parent
        return scope
