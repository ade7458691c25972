"""Refuses conditions that can never be true or never be false: values out of range, limits that contradict each other."""

from collections.abc import Iterator

from services.strategy_gen.compiler import tree as t
from services.strategy_gen.compiler.errors import NotReadError
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
    limits: dict[t.Term, tuple[float, float]] = {}
    for condition in conditions:
        for term, low, high, phrase in _limits(condition):
            before = limits.get(term, (float("-inf"), float("inf")))
            now = max(before[0], low), min(before[1], high)
            if now[0] > now[1]:
                raise _error(
                    "prompt.contradiction",
                    "{} contradicts what was said before",
                    phrase,
                    'both cannot be true at once; did you mean "or"?',
                )
            limits[term] = now


def _limits(condition: t.Condition) -> Iterator[tuple[t.Term, float, float, t.Phrase]]:
    match condition:
        case t.Compare(left, op, t.Number(value), phrase):
            is_low, is_high = op in (">", ">=", "=="), op in ("<", "<=", "==")
            yield left, value if is_low else float("-inf"), value if is_high else float("inf"), phrase
        case t.Between(left, t.Number(low), t.Number(high), phrase):
            yield left, low, high, phrase
        case t.All(conditions):
            for one in conditions:
                yield from _limits(one)


def _error(code: str, message: str, phrase: t.Phrase, hint: str) -> NotReadError:
    return NotReadError(code, message, (phrase.start, phrase.end), hint)
