"""Reads what is claimed of a term: above, between, crosses, within, 2 % below."""

from collections.abc import Callable
from dataclasses import replace

from services.strategy_gen.compiler import tree as t
from services.strategy_gen.compiler.errors import NotReadError
from services.strategy_gen.compiler.reading.lexeme import Lexeme
from services.strategy_gen.compiler.reading.meaning.kinds import fraction, kind_of, number_for, require_alike
from services.strategy_gen.compiler.reading.meaning.reading import (
    Node,
    Reading,
    branch,
    child,
    inner,
    leaf,
    lexemes,
    reach,
    refuse,
    types,
)
from services.strategy_gen.compiler.reading.meaning.terms import read_term
from services.strategy_gen.compiler.reading.vocabulary_figures import POSITIVE_FIGURES

UP_OPS = (">", ">=")
_MIRROR = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "==": "=="}


def mirrored(op: str) -> str:
    """Return the operator seen from the other side of zero."""
    return _MIRROR[op]


def leaving_out(right: t.Term, direction: str) -> t.Term:
    """Return `right` without the current bar where something is to exceed it: no close is above a high that it is part of."""
    if isinstance(right, t.Scaled):
        return replace(right, term=leaving_out(right.term, direction))
    exceeded = {"highest": "up", "lowest": "down"}
    if isinstance(right, t.Indicator) and exceeded.get(right.name) == direction:
        return replace(right, before=True)
    return right


def read_object(reading: Reading, node: Node, left: t.Term) -> t.Term:
    """Return what an `object` node compares `left` with, in the unit of `left`."""
    term = inner(node, "term")
    if term is None:
        amount = branch(node, "amount")
        reading.object = number_for(reading, left, lexemes(amount)[0], node)
        return reading.object
    right = _it(reading, node, left) if types(term) == ("IT",) else read_term(reading, term, beside=left)
    times, percent = child(node, "TIMES"), child(node, "PERCENT")
    if times is not None:
        right = t.Scaled(float(times.value), right)
    elif percent is not None:
        right = t.Scaled(fraction(percent), right)
    require_alike(left, right, node)
    reading.object = right
    return right


def _it(reading: Reading, node: Node, left: t.Term) -> t.Term:
    """Return what "it" stands for on the right of a comparison: what was compared with last, else what was spoken of."""
    for known in (reading.object, reading.subject):
        if known is not None and known != left and (isinstance(known, t.Number) or kind_of(known) == kind_of(left)):
            return known
    words = reading.text[: reach(node)[0]].split()
    start = reading.text.rindex(words[-1], 0, reach(node)[0])
    place = start, start + len(words[-1])
    raise NotReadError("prompt.incomplete", "something is missing after {}", place, "name what it is compared with")


def compare(left: t.Term, op: str, right: t.Term, phrase: t.Phrase) -> t.Condition:
    """Return a comparison; a price to earnings ratio or the like under a limit must also be above 0."""
    right = leaving_out(right, "up" if op in UP_OPS else "down" if op in ("<", "<=") else "")
    made = t.Compare(left, op, right, phrase)  # type: ignore[arg-type]  # the vocabulary holds the five operators alone
    if isinstance(left, t.Figure) and left.name in POSITIVE_FIGURES and op in ("<", "<="):
        return t.All((made, t.Compare(left, ">", t.Number(0.0), phrase)))
    return made


def apply(reading: Reading, left: t.Term, pred: Node, phrase: t.Phrase) -> t.Condition:
    """Return the condition that `pred` claims of `left`."""
    reading.repeat = None
    return _CLAIMS[str(pred.data)](reading, left, pred, phrase)


def _compare(reading: Reading, left: t.Term, pred: Node, phrase: t.Phrase) -> t.Condition:
    op, node = leaf(pred, "OP"), branch(pred, "object")
    more = child(node, "MORE")
    if more is not None and op.value != "==":
        raise refuse(
            "prompt.contradiction", "{} says the direction twice", pred, hint='write "at least 5" or "5 or more"'
        )
    sign = more.value if more is not None else op.value
    made = compare(left, sign, read_object(reading, node, left), phrase)
    _noted_loss(reading, left, sign, phrase)
    reading.repeat = lambda right, where: compare(left, sign, right, where)
    return made


def _noted_loss(reading: Reading, left: t.Term, op: str, phrase: t.Phrase) -> None:
    if isinstance(left, t.Figure) and left.name in POSITIVE_FIGURES and op in ("<", "<="):
        reading.assume(phrase, f"and above 0: {POSITIVE_FIGURES[left.name]}")


def _at(reading: Reading, left: t.Term, pred: Node, phrase: t.Phrase) -> t.Condition:
    more, amount = child(pred, "MORE"), branch(pred, "amount")
    if more is None:
        raise refuse(
            "prompt.no_comparison",
            "{} does not say above or below",
            amount,
            hint='write "above", "below", "at least", "or more", "equal to"',
        )
    made = compare(left, more.value, number_for(reading, left, lexemes(amount)[0], pred), phrase)
    _noted_loss(reading, left, more.value, phrase)
    return made


def _cross(reading: Reading, left: t.Term, pred: Node, phrase: t.Phrase) -> t.Condition:
    how, node = leaf(pred, "CROSS", "BREAK"), branch(pred, "object")
    right = read_object(reading, node, left)
    direction = how.value
    origin = child(pred, "FROM")
    if origin is not None:
        came = {"<": "above", ">": "below"}.get(leaf(pred, "OP").value, "")
        if not came or direction not in ("", came):
            raise refuse(
                "prompt.contradiction", "{} goes both ways", pred, hint='write "crosses above" or "crosses below"'
            )
        direction = came
    if not direction and isinstance(right, t.Indicator) and right.part == "signal":
        reading.assume(phrase, "crosses above its signal line")
        direction = "above"
    if not direction:
        hint = 'write "crosses above" or "crosses below"'
        raise refuse("prompt.ambiguous", "{} does not say in which direction", how, hint=hint)
    return crossing(reading, left, direction, right, phrase)


def crossing(reading: Reading, left: t.Term, direction: str, right: t.Term, phrase: t.Phrase) -> t.Condition:
    """Return a cross; "and the 200-day" after it repeats it."""

    def made(other: t.Term, where: t.Phrase) -> t.Condition:
        return t.Cross(left, direction, leaving_out(other, "up" if direction == "above" else "down"), where)  # type: ignore[arg-type]

    reading.repeat = made
    return made(right, phrase)


def _breaks(reading: Reading, left: t.Term, pred: Node, phrase: t.Phrase) -> t.Condition:
    """A break of an N-day high is a close above it; a break of anything else is a cross."""
    how, node = leaf(pred, "BREAK"), branch(pred, "object")
    right = read_object(reading, node, left)
    named = {"highest": "above", "lowest": "below"}.get(right.name, "") if isinstance(right, t.Indicator) else ""
    direction = how.value or named
    if not direction:
        raise refuse(
            "prompt.ambiguous", "{} does not say in which direction", how, hint='write "breaks above" or "breaks below"'
        )
    if direction == named:
        return compare(left, ">" if direction == "above" else "<", right, phrase)
    return crossing(reading, left, direction, right, phrase)


def _between(reading: Reading, left: t.Term, pred: Node, phrase: t.Phrase) -> t.Condition:
    low, high = (read_object(reading, node, left) for node in pred.children if not isinstance(node, Lexeme))
    if isinstance(low, t.Number) and isinstance(high, t.Number) and low.value > high.value:
        raise refuse(
            "prompt.contradiction",
            "{} is empty: the first is above the second",
            pred,
            hint="name the lower limit first",
        )
    return t.Between(left, low, high, phrase)


def _within(reading: Reading, left: t.Term, pred: Node, phrase: t.Phrase) -> t.Condition:
    percent, node = leaf(pred, "PERCENT"), branch(pred, "term")
    right = read_term(reading, node, beside=left)
    require_alike(left, right, pred)
    return t.Within(left, fraction(percent), right, phrase)


def _offset(reading: Reading, left: t.Term, pred: Node, phrase: t.Phrase) -> t.Condition:
    ops = [x for x in pred.children if isinstance(x, Lexeme) and x.type == "OP"]
    percent, node = leaf(pred, "PERCENT"), branch(pred, "term")
    side, bound = ops[-1].value, ops[0].value if len(ops) == 2 else None
    if side not in (">", "<") or bound not in (None, ">", ">="):
        raise refuse(
            "prompt.ambiguous",
            "{} can be read in two ways",
            pred,
            hint='write "at least 2% above", "more than 2% below" or "within 2% of"',
        )
    right = read_term(reading, node, beside=left)
    require_alike(left, right, pred)
    return offset(left, side == ">", bound, fraction(percent), right, phrase)


def offset(left: t.Term, up: bool, bound: str | None, size: float, right: t.Term, phrase: t.Phrase) -> t.Condition:
    """Return "`size` above (below) right"; from an N-day extreme it is the distance from it, this bar included. bound: `>`, `>=` or None."""
    sign = 1 if up else -1
    if _is_own_extreme(left, right, up) and isinstance(right, t.Indicator):
        distance = t.FromExtreme("low" if up else "high", right.spans[0])
        op = bound or ">="
        return compare(distance, op if up else mirrored(op), t.Number(sign * size), phrase)
    op = bound or ">"
    factor = float(f"{1 + sign * size:.12g}")
    return compare(left, op if up else mirrored(op), t.Scaled(factor, right), phrase)


def _is_own_extreme(left: t.Term, right: t.Term, up: bool) -> bool:
    return (
        left == t.Column("close")
        and isinstance(right, t.Indicator)
        and (right.name, right.of) == (("lowest", "low") if up else ("highest", "high"))
    )


def _exceeds(reading: Reading, left: t.Term, pred: Node, phrase: t.Phrase) -> t.Condition:
    """Read "exceeds the 50-day average by at least 1%"."""
    ops = [x for x in pred.children if isinstance(x, Lexeme) and x.type == "OP"]
    bound = ops[1].value if len(ops) == 2 else None
    if ops[0].value not in (">", "<") or bound not in (None, ">", ">="):
        raise refuse("prompt.ambiguous", "{} can be read in two ways", pred, hint='write "at least 2% above"')
    right = read_term(reading, branch(pred, "term"), beside=left)
    require_alike(left, right, pred)
    return offset(left, ops[0].value == ">", bound, fraction(leaf(pred, "PERCENT")), right, phrase)


def _multiple(reading: Reading, left: t.Term, pred: Node, phrase: t.Phrase) -> t.Condition:
    right = read_object(reading, pred, left)
    if isinstance(right, t.Scaled) and right.factor < 1:
        raise refuse(
            "prompt.ambiguous", "{} does not say above or below", pred, hint='write "at most half the average volume"'
        )
    return compare(left, ">", right, phrase)


def _turn(reading: Reading, left: t.Term, pred: Node, phrase: t.Phrase) -> t.Condition:
    how = leaf(pred, "TURN")
    _require_signed(left, pred)
    return t.Cross(left, how.value, t.Number(0.0), phrase)


def _sign(reading: Reading, left: t.Term, pred: Node, phrase: t.Phrase) -> t.Condition:
    how = leaf(pred, "SIGN")
    _require_signed(left, pred)
    return t.Compare(left, ">" if how.value == "positive" else "<", t.Number(0.0), phrase)


def _require_signed(left: t.Term, where: Node) -> None:
    if kind_of(left) in ("price", "volume", "index"):
        raise NotReadError(
            "prompt.cannot_compare",
            "{} is said of what is never negative",
            reach(where),
            "the MACD, a change or a growth can be positive",
        )


_Claim = Callable[[Reading, t.Term, Node, t.Phrase], t.Condition]
_CLAIMS: dict[str, _Claim] = {
    "compare": _compare,
    "at": _at,
    "cross": _cross,
    "breaks": _breaks,
    "between": _between,
    "within": _within,
    "offset": _offset,
    "exceeds": _exceeds,
    "multiple": _multiple,
    "turn": _turn,
    "sign": _sign,
}
