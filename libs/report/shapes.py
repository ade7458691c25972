"""Reading what may be of any shape: a list where a list should be, else nothing. Words are shown as they are; shapes are never trusted."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Tree: TypeAlias = Mapping[str, Any]

MAX_DEPTH = 40
"""How deep values may lie in each other; a report's own lie six deep, rules and parameters a few more."""


def tree(value: object) -> Tree:
    """Return a mapping as it is, an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def listed(value: object) -> Sequence[Any]:
    """Return a list as it is, an empty one for anything else."""
    return value if isinstance(value, list | tuple) else ()


def trees(value: object) -> list[Tree]:
    """Return the mappings in a list."""
    return [one for one in listed(value) if isinstance(one, Mapping)]


def too_deep(value: object) -> bool:
    """Tell whether anything lies deeper than MAX_DEPTH, without going as deep oneself."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for one in level
            if isinstance(one, Mapping | list | tuple)
            for child in (one.values() if isinstance(one, Mapping) else one)
        ]
        if not level:
            return False
    return True
