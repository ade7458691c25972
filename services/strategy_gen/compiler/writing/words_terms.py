"""Terms and numbers in plain English: lengths with their unit, fractions as percentages, large money in millions and billions."""

from services.strategy_gen.compiler.tree import (
    Change,
    Column,
    Figure,
    FromExtreme,
    Gap,
    Indicator,
    Number,
    Scaled,
    Span,
    Term,
)
from services.strategy_gen.compiler.writing.bars import Clock, length
from services.strategy_gen.compiler.writing.walk import base

_FIGURES = {
    "pe_ratio": "P/E",
    "forward_pe": "forward P/E",
    "peg_ratio": "PEG ratio",
    "pb_ratio": "P/B",
    "ps_ratio": "P/S",
    "market_cap": "market capitalisation",
    "eps": "EPS",
    "ebitda": "EBITDA",
    "ev_to_ebitda": "EV/EBITDA",
    "ev_to_revenue": "EV/revenue",
    "debt_to_equity": "debt to equity",
    "week_52_low": "52-week low",
    "week_52_high": "52-week high",
}
_PERCENT = (
    "dividend_yield",
    "profit_margin",
    "operating_margin",
    "return_on_assets",
    "return_on_equity",
    "revenue_growth",
    "earnings_growth",
)
_SHARES = {">": "more than", ">=": "at least", "<": "less than", "<=": "at most"}
_DOWN = {"<": "more than", "<=": "at least", ">": "less than", ">=": "at most"}
_FLAT = {">": "above", ">=": "at or above", "<": "below", "<=": "at or below"}
_WIDE = ("macd", "bollinger", "stochastic")


class TermWords:
    """Words for terms on bars of one length."""

    def __init__(self, clock: Clock):
        """clock: what a length of time is in bars."""
        self._clock = clock

    def length(self, span: Span) -> str:
        """Return a length as a noun: `3 bars`, `5 days (120 bars)`."""
        return length(span, self._clock)

    def term(self, term: Term, beside: Term | None = None) -> str:
        """Return a term as a noun. beside: what a number is compared with, which gives it a unit."""
        match term:
            case Number(value=value):
                return plain(value, base(beside) if beside is not None else None)
            case Column(name=name, shift=shift):
                return f"the {name}" + (f" {self.length(shift)} earlier" if shift.count else "")
            case Scaled(factor=factor, term=inner):
                return f"{digits(factor)} times {self.term(inner)}"
            case Figure(name=name):
                return f"the {_FIGURES.get(name, name.replace('_', ' '))}"
            case Indicator():
                return self._indicator(term)
        return self._move(term)

    def _move(self, term: Change | Gap | FromExtreme) -> str:
        match term:
            case Change(over=over, of=of):
                return f"the change of the {of} over {self.length(over)}"
            case FromExtreme(extreme=extreme, over=over):
                return f"the distance of the close from {self._extreme(extreme, over)}"
        return "the opening gap"

    def moved(self, term: Term, op: str, limit: Term) -> str | None:
        """Return a clause for a move compared with a fraction, None for other comparisons."""
        if not isinstance(limit, Number) or op == "==":
            return None
        match term:
            case Gap():
                ends = ("the open", "the close before")
            case Change(over=over, of=of):
                ends = (f"the {of}", f"the {of} {self.length(over)} earlier")
            case FromExtreme(extreme=extreme, over=over):
                ends = ("the close", self._extreme(extreme, over))
            case _:
                return None
        if limit.value == 0:
            return f"{ends[0]} is {_FLAT[op]} {ends[1]}"
        words, side = (_SHARES, "above") if limit.value > 0 else (_DOWN, "below")
        return f"{ends[0]} is {words[op]} {percent(abs(limit.value))} {side} {ends[1]}"

    def _extreme(self, extreme: str, over: Span) -> str:
        return f"the {'highest high' if extreme == 'high' else 'lowest low'} of the last {self.length(over)}"

    def _indicator(self, indicator: Indicator) -> str:
        name, of, spans = indicator.name, indicator.of, indicator.spans
        last = " one bar earlier" if indicator.before else ""
        if name == "obv":
            return f"the on-balance volume{last}"
        if name in ("highest", "lowest"):
            reach = f"{self.length(spans[0])} before this one" if indicator.before else f"last {self.length(spans[0])}"
            return f"the {name} {of} of the {reach}"
        if name == "sma" and of == "volume":
            left_out = " (this bar left out)" if indicator.before else ""
            return f"the {self._adjective(spans[0])} average volume{left_out}"
        if name in _WIDE:
            return self._wide(indicator) + last
        word = {"roc": "rate of change in percent"}.get(name, name.upper())
        word = {"plus_di": "+DI", "minus_di": "-DI"}.get(indicator.part, word)
        return f"the {self._adjective(spans[0])} {word}" + (f" of the {of}" if of != "close" else "") + last

    def _wide(self, indicator: Indicator) -> str:
        spans = indicator.spans[:2] if indicator.part in ("line", "k") else indicator.spans
        lengths = ", ".join(self.length(span) for span in spans)
        of = f" of the {indicator.of}" if indicator.of != "close" else ""
        if indicator.name == "bollinger":
            return f"the {indicator.part} Bollinger band ({lengths}, {digits(indicator.width)} deviations){of}"
        if indicator.name == "stochastic":
            return f"the stochastic %{indicator.part.upper()} ({lengths})"
        part = {"line": "line", "signal": "signal line", "histogram": "histogram"}[indicator.part]
        return f"the MACD {part} ({lengths}){of}"

    def _adjective(self, span: Span) -> str:
        bars = self._clock.bars(span)
        own = f"{span.count:,}-{span.unit}"
        return own if span.unit == "bar" or bars == span.count else f"{own} ({bars:,}-bar)"


def plain(value: float, beside: Term | None) -> str:
    """Return a number in the unit of what it stands beside: a percentage, money, or as it is."""
    if isinstance(beside, Gap | Change | FromExtreme):
        return percent(value)
    if isinstance(beside, Figure) and beside.name in _PERCENT:
        return f"{digits(value)} %"
    return digits(value)


def percent(fraction: float) -> str:
    """Return a fraction as a percentage."""
    return f"{digits(fraction * 100)} %"


def digits(value: float) -> str:
    """Return a number as a person writes it: 30, 0.5, 2.5 million, 10 billion."""
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if abs(value) >= size:
            return f"{value / size:,.10g} {word}"
    return f"{value:,.10g}"
