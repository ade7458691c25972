"""Reads changes: up 5 % in 3 days, rising for 3 bars, gaps, new highs, green candles."""

from collections.abc import Callable

from services.strategy_gen.compiler import tree as t
from services.strategy_gen.compiler.reading.lexeme import Lexeme
from services.strategy_gen.compiler.reading.meaning.bars import (
    read_breakout,
    read_colour,
    read_gap,
    read_gap_between,
    read_record,
)
from services.strategy_gen.compiler.reading.meaning.checks import ONE_BAR
from services.strategy_gen.compiler.reading.meaning.claims import apply, compare, crossing, offset, read_object
from services.strategy_gen.compiler.reading.meaning.facts import read_fact
from services.strategy_gen.compiler.reading.meaning.kinds import fraction, kind_of
from services.strategy_gen.compiler.reading.meaning.reading import (
    Node,
    Reading,
    branch,
    child,
    inner,
    leaf,
    lexemes,
    refuse,
)
from services.strategy_gen.compiler.reading.meaning.sizes import (
    CLOSE,
    between_sizes,
    bound,
    lower_bound,
    only_price,
    signed,
)
from services.strategy_gen.compiler.reading.meaning.terms import YEAR_BARS, extreme, read_term

TREND_BARS = 3


def read_thing(reading: Reading, node: Node, left: t.Term | None, phrase: t.Phrase) -> t.Condition:
    """Return the condition of a `thing` node; left None: it names no subject of its own."""
    reading.repeat = None
    return _THINGS[str(node.data)](reading, node, left, phrase)


def _known(reading: Reading, node: Node, left: t.Term | None, phrase: t.Phrase) -> t.Condition:
    fact = leaf(node, "FACT")
    return read_fact(reading, fact.value, phrase, node, left)


def _sector(reading: Reading, node: Node, left: t.Term | None, phrase: t.Phrase) -> t.Condition:
    name = leaf(node, "SECTOR")
    only_price(left, node)
    return t.Sector(name.value, phrase)


def _direction(node: Node) -> tuple[bool, bool]:
    """Return whether a MOVE is upward, and whether it tells a state ("up") rather than a movement ("rising")."""
    move = leaf(node, "MOVE")
    return move.value.startswith("up"), move.value.endswith("!")


def _move(reading: Reading, node: Node, left: t.Term | None, phrase: t.Phrase) -> t.Condition:
    up, is_state = _direction(node)
    subject = left or reading.subject or CLOSE
    if is_state and isinstance(subject, t.Column):
        reading.assume(phrase, ONE_BAR)
        return signed(t.Change(t.Span(1), subject.name), up, ">", 0.0, phrase)
    reading.assume(phrase, f"on each of the last {TREND_BARS} bars")
    return t.Trend(subject, "rising" if up else "falling", t.Span(TREND_BARS), phrase)


def _trend(reading: Reading, node: Node, left: t.Term | None, phrase: t.Phrase) -> t.Condition:
    span = leaf(node, "SPAN")
    up, _ = _direction(node)
    return t.Trend(left or reading.subject or CLOSE, "rising" if up else "falling", reading.span(span), phrase)


def _column_of(reading: Reading, left: t.Term | None, node: Node) -> t.Column:
    if left is None:
        return CLOSE
    if isinstance(left, t.Column) and left.shift.count == 0:
        return left
    raise refuse(
        "prompt.cannot_compare",
        "{} is known of prices and volume alone",
        node,
        hint='write "rising for 3 bars", or compare it with a number',
    )


def _move_in(reading: Reading, node: Node, left: t.Term | None, phrase: t.Phrase) -> t.Condition:
    span, column = reading.span(leaf(node, "SPAN")), _column_of(reading, left, node)
    return signed(t.Change(span, column.name), _direction(node)[0], ">", 0.0, phrase)


def _move_by(reading: Reading, node: Node, left: t.Term | None, phrase: t.Phrase) -> t.Condition:
    holder = inner(node, "object")
    if holder is not None and not _is_percent(holder):
        return _move_across(reading, node, left, holder, phrase)
    percent = leaf(node, "PERCENT") if holder is None else lexemes(holder)[0]
    size, (up, _) = fraction(percent), _direction(node)
    column, origin, span = _column_of(reading, left, node), inner(node, "term"), child(node, "SPAN")
    if origin is not None:
        return _from_origin(reading, node, origin, (column, up, bound(node), size), phrase)
    if span is None:
        reading.assume(phrase, ONE_BAR)
    over = reading.span(span) if span is not None else t.Span(1)
    return signed(t.Change(over, column.name), up, lower_bound(node) or ">", size, phrase)


def _move_between(reading: Reading, node: Node, left: t.Term | None, phrase: t.Phrase) -> t.Condition:
    column, span = _column_of(reading, left, node), child(node, "SPAN")
    if span is None:
        reading.assume(phrase, ONE_BAR)
    change = t.Change(reading.span(span) if span is not None else t.Span(1), column.name)
    return between_sizes(reading, node, change, _direction(node)[0], phrase)


def _moving(reading: Reading, node: Node, left: t.Term | None, phrase: t.Phrase) -> t.Condition:
    """Read "rising OBV" and "falling volume for 4 bars"."""
    only_price(left, node)
    span, named = child(node, "SPAN"), branch(node, "moving")
    term = read_term(reading, Node("term", named.children))
    if span is None:
        reading.assume(phrase, f"on each of the last {TREND_BARS} bars")
    over = reading.span(span) if span is not None else t.Span(TREND_BARS)
    return t.Trend(term, "rising" if _direction(node)[0] else "falling", over, phrase)


def _is_percent(holder: Node) -> bool:
    amount = inner(holder, "amount")
    return amount is not None and lexemes(amount)[0].type == "PERCENT"


def _move_across(reading: Reading, node: Node, left: t.Term | None, holder: Node, phrase: t.Phrase) -> t.Condition:
    """Read "rises above 70" is the moment it does; "up above 70" is a state."""
    op, (up, is_state) = leaf(node, "OP"), _direction(node)
    subject = left or reading.subject or CLOSE
    if child(node, "SPAN", "FROM") is not None:
        raise refuse("prompt.unit", "{} is no change in percent", node, hint='write "rises by more than 5% in 3 days"')
    if op.value not in (">", "<") or (op.value == ">") is not up:
        raise refuse(
            "prompt.unit", "{} is no change in percent", node, hint='write "rises by more than 5%" or "rises above 70"'
        )
    right = read_object(reading, holder, subject)
    if is_state or (isinstance(right, t.Indicator) and right.name in ("highest", "lowest")):
        return compare(subject, op.value, right, phrase)
    return crossing(reading, subject, "above" if up else "below", right, phrase)


def _from_origin(
    reading: Reading, node: Node, origin: Node, claim: tuple[t.Column, bool, str | None, float], phrase: t.Phrase
) -> t.Condition:
    column, up, bound, size = claim
    right = read_term(reading, origin, beside=column)
    if isinstance(right, t.Column) and right.name in ("high", "low") and right.shift.count == 0:
        reading.assume(reading.phrase(origin), f"of the last {YEAR_BARS} bars")
        right = extreme(right.name, t.Span(YEAR_BARS))
    if isinstance(right, t.Indicator) and right.name in ("highest", "lowest") and (right.name == "lowest") is not up:
        raise refuse(
            "prompt.contradiction", "{} cannot happen", node, hint="a price falls from its high and rises from its low"
        )
    if isinstance(right, t.Column) and right.name == column.name and right.shift.count:
        return signed(t.Change(right.shift, column.name), up, bound or ">", size, phrase)
    if kind_of(right) != kind_of(column):
        raise refuse("prompt.cannot_compare", "{} measures something else", origin, hint="name a price")
    if bound not in (None, ">", ">="):
        raise refuse(
            "prompt.ambiguous", "{} can be read in two ways", node, hint='write "at least 5%" or "more than 5%"'
        )
    return offset(column, up, bound, size, right, phrase)


def _move_offset(reading: Reading, node: Node, left: t.Term | None, phrase: t.Phrase) -> t.Condition:
    pred = Node("offset", [x for x in node.children if not (isinstance(x, Lexeme) and x.type == "MOVE")])
    return apply(reading, _column_of(reading, left, node), pred, phrase)


_Thing = Callable[[Reading, Node, t.Term | None, t.Phrase], t.Condition]
_THINGS: dict[str, _Thing] = {
    "known": _known,
    "sector": _sector,
    "gap": read_gap,
    "gap_between": read_gap_between,
    "move": _move,
    "trend": _trend,
    "move_in": _move_in,
    "move_by": _move_by,
    "move_offset": _move_offset,
    "move_between": _move_between,
    "moving": _moving,
    "record": read_record,
    "breakout": read_breakout,
    "colour": read_colour,
}
