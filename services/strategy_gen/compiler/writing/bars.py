"""How many bars a length of time is. Decides what a week of daily bars means, and refuses what no whole number of bars makes."""

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

from libs.common.values import Timeframe, base_asset
from services.strategy_gen.compiler.tree import Assumed, Phrase, Sentence, Span, Unit
from services.strategy_gen.compiler.writing.refusal import Refusal

MOST_BARS = 100_000
"""Bars that a length of time may stand for: eleven years of hours."""

_DAY = 86_400
_SECONDS: dict[Unit, int] = {
    "minute": 60,
    "hour": 3_600,
    "day": _DAY,
    "week": 7 * _DAY,
    "month": 30 * _DAY,
    "year": 365 * _DAY,
}
_TRADING_DAYS: dict[Unit, int] = {"day": 1, "week": 5, "month": 21, "year": 252}
_PER_YEAR: dict[Unit, int] = {"week": 52, "month": 12}

_Node = TypeVar("_Node")
_Part = TypeVar("_Part")


@dataclass(frozen=True, slots=True)
class Clock:
    """Bars of one length. timeframe: None where nobody named one. never_rests: the symbols trade on every day of the week."""

    timeframe: Timeframe | None
    never_rests: bool = False

    def bars(self, span: Span) -> int:
        """Return the bars in `span`; raises Refusal where it is no whole number of them, or none or too many.

        Finer bars than a day are counted around the clock. Of daily bars a week has 5, a month 21, a year 252, and 7, 30, 365
        where trading never rests.
        """
        bars = span.count if span.unit == "bar" else self._converted(span)
        if bars > MOST_BARS:
            raise Refusal(
                f"more than {MOST_BARS:,} bars", code="prompt.length", hint="name a shorter time", phrase=span
            )
        return bars

    def _converted(self, span: Span) -> int:
        if self.timeframe is None:
            why = "it cannot be counted in bars, no bar length is named"
            raise Refusal(why, code="prompt.timeframe", hint="add a bar length: on the daily chart", phrase=span)
        if self.timeframe is Timeframe.D1 and not self.never_rests and span.unit in _TRADING_DAYS:
            years, rest = divmod(span.count, _PER_YEAR.get(span.unit, span.count + 1))
            return years * _TRADING_DAYS["year"] + rest * _TRADING_DAYS[span.unit]
        bars, rest = divmod(span.count * _SECONDS[span.unit], self.timeframe.seconds)
        if rest:
            why = f"{spelled(span)} is no whole number of {self.timeframe} bars"
            raise Refusal(why, code="prompt.timeframe", hint="choose a finer timeframe, or count in bars", phrase=span)
        return bars


def clock_of(sentence: Sentence, timeframe: str | None) -> Clock:
    """Return the clock of a sentence on bars of `timeframe`; symbols priced in a coin or a currency never rest."""
    symbols = sentence.symbols
    return Clock(
        Timeframe(timeframe) if timeframe else None,
        bool(symbols) and all(base_asset(symbol) != symbol for symbol in symbols),
    )


def in_bars(sentence: Sentence, clock: Clock) -> tuple[Sentence, tuple[Assumed, ...]]:
    """Return the sentence with every length of time in bars, and what was taken for what."""
    used: dict[Span, int] = {}

    def converted(span: Span) -> Span:
        used[span] = clock.bars(span)
        return Span(used[span])

    result = rewritten(sentence, Span, converted)
    return result, tuple(
        Assumed(spelled(span), f"{bars:,} {clock.timeframe} bar{'s' * (bars != 1)}{_why(clock, span, bars)}")
        for span, bars in used.items()
        if span.unit != "bar" and bars != span.count
    )


def rewritten(node: _Node, kind: type[_Part], change: Callable[[_Part], Any]) -> _Node:
    """Return a tree in which every part of a kind went through `change`, those inside first."""
    made: Any = node
    if isinstance(node, tuple):
        made = tuple(rewritten(part, kind, change) for part in node)
    elif is_dataclass(node) and not isinstance(node, Phrase | Assumed | type):
        parts = {field.name: rewritten(getattr(node, field.name), kind, change) for field in fields(node)}
        made = replace(node, **parts)
    result: _Node = change(made) if isinstance(made, kind) else made
    return result


def spelled(span: Span) -> str:
    """Return the length in words: `3 bars`, `1 day`."""
    return f"{span.count:,} {span.unit}{'s' * (span.count != 1)}"


def length(span: Span, clock: Clock) -> str:
    """Return the length in words, with the bars it is where that is another number: `5 days (120 bars)`."""
    bars = clock.bars(span)
    return spelled(span) if span.unit == "bar" or bars == span.count else f"{spelled(span)} ({bars:,} bars)"


def _why(clock: Clock, span: Span, bars: int) -> str:
    if clock.timeframe is Timeframe.D1:
        return ", counted every day of the week" if clock.never_rests else ", counted in trading days"
    return ", counted around the clock"
