"""Turns conditions into expressions, in whatever dialect. Decides what `not` means: what is neither true nor false stays that way.

`not` is carried down to the comparisons (not (a and b) is not a, or not b), and a comparison turned around is false, as it was, where a
side is not known. No dialect therefore needs to know what is not known.
"""

from collections.abc import Callable
from typing import Protocol

from services.strategy_gen.compiler.tree import All, Any, Condition, Held, Not, Span
from services.strategy_gen.compiler.writing.layout import Expression, Leaf, Wrapped, halves, quoted

TURNED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
"""The sign that holds where the other does not."""
SWAPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "=="}
"""The sign that says the same with the sides exchanged."""


class Dialect(Protocol):
    """A way to spell conditions."""

    both: str
    either: str

    def leaf(self, leaf: Condition, *, holds: bool) -> tuple[str, bool]:
        """Return the code of a condition that holds no other, or of its opposite, and whether it needs no brackets."""

    def held(self, over: Span, inner: Callable[[], Expression], *, holds: bool) -> Wrapped:
        """Return an expression that is true where the inner one is on each of the last bars, or (holds=False) on any of them."""


def expression(condition: Condition, dialect: Dialect, *, implied: bool = False) -> Expression:
    """Return a condition in a dialect. implied: the sentence does not say it, it is the opposite of what it says."""
    return _made(condition, dialect, "the opposite of " if implied else "", True, None)


def _made(condition: Condition, dialect: Dialect, note: str, holds: bool, said: str | None) -> Expression:
    match condition:
        case All(conditions=parts) | Any(conditions=parts):
            operator = dialect.both if isinstance(condition, All) is holds else dialect.either
            return halves(operator, [_made(part, dialect, note, holds, None) for part in parts])
        case Not(condition=inner, phrase=phrase):
            return _made(inner, dialect, note, not holds, None if note else phrase.text)
        case Held(condition=inner, over=over):
            return dialect.held(over, lambda: _made(inner, dialect, note, holds, None), holds=holds)
        case _:
            code, plain = dialect.leaf(condition, holds=holds)
            if said is not None:
                return Leaf(code, quoted(said), plain)
            mark = note or ("" if holds else "not ")
            return Leaf(code, mark + quoted(condition.phrase.text), plain)
