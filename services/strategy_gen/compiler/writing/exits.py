"""When a position is left that the sentence says nothing about. Decides what ends an entry, and where nothing does.

A state ends when it no longer holds, a crossing when the other line wins: as rules do it (`libs/strategy/conditions/opposite.py`).
"""

from dataclasses import replace

from services.strategy_gen.compiler.tree import (
    All,
    Any,
    Between,
    Change,
    Compare,
    Condition,
    Cross,
    Exits,
    Gap,
    Held,
    Not,
    Scaled,
    Sentence,
    Span,
    Term,
    Within,
)

DEFAULT_HOLD = 5
"""Bars that a position is held where the sentence names no way out and the entry has no opposite."""


def leaves(sentence: Sentence) -> bool:
    """Tell whether the sentence names any way out."""
    return sentence.exit is not None or has_exits(sentence.exits)


def has_exits(exits: Exits) -> bool:
    """Tell whether there is a way out besides a condition."""
    return any(part is not None for part in (exits.stop_loss, exits.take_profit, exits.trailing_stop, exits.hold))


def completed(sentence: Sentence) -> tuple[Sentence, bool]:
    """Return a sentence that names a way out, and whether it is the one of the sentence."""
    if leaves(sentence):
        return sentence, True
    end = opposite(sentence.entry)
    if end is None:
        return replace(sentence, exits=Exits(hold=Span(DEFAULT_HOLD))), False
    return replace(sentence, exit=end), False


def opposite(condition: Condition) -> Condition | None:
    """Return the condition that ends this one, None where nothing sensible does: a gap, a move, a row of candles is over at once."""
    match condition:
        case Compare(left=left, right=right) if not (_is_moment(left) or _is_moment(right)):
            return Not(condition, condition.phrase)
        case Between() | Within():
            return Not(condition, condition.phrase)
        case Cross(left=left, direction=direction, right=right, phrase=phrase):
            return Cross(left, "below" if direction == "above" else "above", right, phrase)
        case Not(condition=inner):
            return inner
        case Held(condition=inner):
            return opposite(inner)
        case All(conditions=parts) | Any(conditions=parts):
            ends = [opposite(part) for part in parts]
            found = tuple(end for end in ends if end is not None)
            if len(found) < len(ends):
                return None
            return Any(found) if isinstance(condition, All) else All(found)
    return None


def _is_moment(term: Term) -> bool:
    if isinstance(term, Scaled):
        return _is_moment(term.term)
    return isinstance(term, Gap | Change)
