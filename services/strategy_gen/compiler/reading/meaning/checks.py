"""Refuses conditions that can never be true or never be false: values out of range, limits that contradict each other."""

from collections.abc import Iterator
from dataclasses import dataclass

from services.strategy_gen.compiler import tree as t
from services.strategy_gen.compiler.errors import NotReadError
from services.strategy_gen.compiler.reading.meaning.claims import mirrored
from services.strategy_gen.compiler.reading.meaning.reading import Reading

ONE_BAR = "over one bar"
"""How a change without a time is read."""

_BOUNDED = {"rsi": "RSI", "stochastic": "stochastic", "adx": "ADX"}


def check(sentence: t.Sentence) -> None:
    """Raise NotReadError for the first condition that says nothing."""
    for condition in (sentence.entry, sentence.exit):
        if condition is not None:
            for one in _walk(condition):
                _check(one)


def _walk(condition: t.Condition) -> Iterator[t.Condition]:
    yield condition
    match condition:
        case t.All(conditions) | t.Any(conditions):
            for one in conditions:
                yield from _walk(one)
        case t.Not(inner) | t.Held(inner):
            yield from _walk(inner)


def _check(condition: t.Condition) -> None:
    match condition:
        case t.Compare(left, _, t.Number(value), phrase) | t.Cross(left, _, t.Number(value), phrase):
            _in_range(left, (value,), phrase)
        case t.Between(left, t.Number(low), t.Number(high), phrase):
            _in_range(left, (low, high), phrase)
        case t.All(conditions):
            _possible(conditions)
    match condition:
        case t.Compare(left, _, right, phrase) | t.Cross(left, _, right, phrase) if left == right:
            raise _error(
                "prompt.contradiction", "{} compares a thing with itself", phrase, "compare it with something else"
            )


def require_timed_exit(reading: Reading, condition: t.Condition | None) -> None:
    """Raise NotReadError for "sell when it is up 5%": since the bar before, or since it was bought?"""
    open_ones = {one.phrase for one in reading.assumed if one.meaning == ONE_BAR}
    for one in _walk(condition) if condition is not None else ():
        if isinstance(one, t.Compare) and one.left == t.Change(t.Span(1)) and one.phrase.text in open_ones:
            hint = 'write "take profit at 5%", "stop loss of 5%" or "up 5% in 1 bar"'
            raise _error("prompt.ambiguous", "{} does not say since when", one.phrase, hint)


def _in_range(term: t.Term, values: tuple[float, ...], phrase: t.Phrase) -> None:
    if isinstance(term, t.Indicator) and term.name in _BOUNDED and any(not 0 <= value <= 100 for value in values):
        raise _error(
            "prompt.out_of_range",
            f"{{}}: {_BOUNDED[term.name]} is between 0 and 100",
            phrase,
            "use a level from 0 to 100",
        )


def _possible(conditions: tuple[t.Condition, ...]) -> None:
    """Raise NotReadError where one limit of a list leaves nothing of another."""
    limits: dict[_Key, tuple[_Bound, _Bound]] = {}
    sectors: set[str] = set()
    for limit in (one for condition in conditions for one in _limits(condition)):
        low, high = limits.get(limit.key, (_NO_LOW, _NO_HIGH))
        now = max(low, limit.low), min(high, limit.high)
        if now[0] > now[1]:
            raise _contradiction(limit.phrase)
        limits[limit.key] = now
    for sector in (one for one in conditions if isinstance(one, t.Sector)):
        sectors.add(sector.name)
        if len(sectors) > 1:
            raise _contradiction(sector.phrase)


_Key = t.Term | tuple[t.Term | str, ...]
_Bound = tuple[float, int]
"""A limit and on which side of it a value may lie: +1 above, -1 below, 0 on it too. So a strict low above equals no strict high below it."""

_NO_LOW, _NO_HIGH = (float("-inf"), 0), (float("inf"), 0)


@dataclass(frozen=True, slots=True)
class _Limit:
    """What must lie between `low` and `high`: a term, the first of two terms less the second, or the way a term goes."""

    key: _Key
    low: _Bound
    high: _Bound
    phrase: t.Phrase


def _limits(condition: t.Condition) -> Iterator[_Limit]:
    match condition:
        case t.Held(inner):
            yield from _limits(inner)
        case t.All(conditions):
            for one in conditions:
                yield from _limits(one)
        case _:
            yield from _own_limits(condition)


def _own_limits(condition: t.Condition) -> Iterator[_Limit]:
    match condition:
        case t.Compare(left, op, right, phrase):
            yield from _compared(left, op, right, phrase)
        case t.Cross(left, direction, right, phrase):
            yield from _compared(left, ">" if direction == "above" else "<", right, phrase)
        case t.Between(left, t.Number(low), t.Number(high), phrase):
            yield _Limit(left, (low, 0), (high, 0), phrase)
        case t.Trend(term, direction, _, phrase):
            yield _one_sided(("trend", term), ">" if direction == "rising" else "<", 0.0, phrase)
        case t.Streak(colour, _, phrase):
            yield from _compared(t.Column("close"), ">" if colour == "green" else "<", t.Column("open"), phrase)


def _compared(left: t.Term, op: str, right: t.Term, phrase: t.Phrase) -> Iterator[_Limit]:
    if isinstance(right, t.Number):
        yield _one_sided(left, op, right.value, phrase)
    else:
        yield _one_sided((left, right), op, 0.0, phrase)
        yield _one_sided((right, left), mirrored(op), 0.0, phrase)


def _one_sided(key: _Key, op: str, value: float, phrase: t.Phrase) -> _Limit:
    low = (value, int(op == ">")) if op in (">", ">=", "==") else _NO_LOW
    high = (value, -int(op == "<")) if op in ("<", "<=", "==") else _NO_HIGH
    return _Limit(key, low, high, phrase)


def _contradiction(phrase: t.Phrase) -> NotReadError:
    hint = 'both cannot be true at once; did you mean "or"?'
    return _error("prompt.contradiction", "{} contradicts what was said before", phrase, hint)


def _error(code: str, message: str, phrase: t.Phrase, hint: str) -> NotReadError:
    return NotReadError(code, message, (phrase.start, phrase.end), hint)
