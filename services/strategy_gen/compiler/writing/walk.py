"""The parts of a tree in the order of the sentence, and what is asked of them alike by everything that writes."""

from collections.abc import Iterator

from services.strategy_gen.compiler.tree import (
    All,
    Any,
    Between,
    Change,
    Column,
    Compare,
    Condition,
    Cross,
    Figure,
    FromExtreme,
    Gap,
    Held,
    Indicator,
    Not,
    Number,
    Scaled,
    Sector,
    Streak,
    Term,
    Trend,
    Within,
)

Series = Indicator | Change | Gap | FromExtreme
"""Terms that are computed, and get a name."""

_PRICES = ("sma", "ema", "wma", "highest", "lowest", "vwap")
"""Indicators of a price that are above 0, as prices are."""


def leaves_of(condition: Condition) -> Iterator[Condition]:
    """Yield the conditions that hold no other, as they come in the sentence; `Not` and `Held` are looked through."""
    match condition:
        case All(conditions=parts) | Any(conditions=parts):
            for part in parts:
                yield from leaves_of(part)
        case Not(condition=inner) | Held(condition=inner):
            yield from leaves_of(inner)
        case _:
            yield condition


def terms_of(leaf: Condition) -> tuple[Term, ...]:
    """Return the terms of a condition that holds no other."""
    match leaf:
        case Compare(left=left, right=right) | Cross(left=left, right=right) | Within(left=left, right=right):
            return (left, right)
        case Between(term=term, low=low, high=high):
            return (term, low, high)
        case Trend(term=term):
            return (term,)
        case Streak():
            return (Column("close"), Column("open"))
    return ()


def base(term: Term) -> Term:
    """Return the term without its factors."""
    return base(term.term) if isinstance(term, Scaled) else term


def is_constant(term: Term) -> bool:
    """Tell whether a term is the same on every bar."""
    return isinstance(base(term), Number)


def is_figure(leaf: Condition) -> bool:
    """Tell whether a condition that holds no other is about the company."""
    return isinstance(leaf, Sector) or any(isinstance(base(term), Figure) for term in terms_of(leaf))


def may_be_zero(term: Term) -> bool:
    """Tell whether nothing rules out that a term is 0."""
    match term:
        case Scaled(factor=factor, term=inner):
            return factor == 0 or may_be_zero(inner)
        case Number(value=value):
            return value == 0
        case Column(name=name):
            return name == "volume"
        case Indicator(name=name, of=of):
            return name not in _PRICES or of == "volume"
    return True


def depth(condition: Condition) -> int:
    """Return how many conditions are inside each other."""
    match condition:
        case All(conditions=parts) | Any(conditions=parts):
            return 1 + max(depth(part) for part in parts)
        case Not(condition=inner) | Held(condition=inner):
            return 1 + depth(inner)
    return 1
