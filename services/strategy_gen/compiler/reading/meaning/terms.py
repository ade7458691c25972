"""Reads the terms of a claim: indicators with their periods, columns, figures."""

from dataclasses import replace

from services.strategy_gen.compiler import tree as t
from services.strategy_gen.compiler.reading.lexeme import CHARTS, Lexeme
from services.strategy_gen.compiler.reading.meaning.reading import Node, Reading, child, leaf, lexemes, refuse, types
from services.strategy_gen.compiler.reading.numbers import MOST_BARS

AVERAGES = ("sma", "ema", "wma")
DEFAULT_SPANS: dict[str, tuple[int, ...]] = {
    "rsi": (14,),
    "sma": (20,),
    "ema": (20,),
    "wma": (20,),
    "macd": (12, 26, 9),
    "bollinger": (20,),
    "atr": (14,),
    "adx": (14,),
    "stochastic": (14, 3, 3),
    "vwap": (20,),
    "roc": (10,),
    "obv": (),
}
LEAST = {"rsi": 2, "adx": 2, "bollinger": 2}
"""Shortest periods that are defined; one bar for the others."""

WIDTH = 2.0
BREAKOUT_BARS = 20
YEAR_BARS = 252
VOLUME_BARS = 20

_OF_COLUMN = frozenset({"sma", "ema", "wma", "rsi", "macd", "bollinger", "roc"})
_ALONG = frozenset({"average", "volume", "change", "extreme", "alltime"})
_NAMES = {
    "sma": "moving average",
    "ema": "EMA",
    "wma": "WMA",
    "roc": "rate of change",
    "stochastic": "stochastic",
    "bollinger": "Bollinger bands",
}


def read_term(reading: Reading, node: Node, *, beside: t.Term | None = None, average: str | None = None) -> t.Term:
    """Return the term of a `term` node. beside: what it is compared with; average: the kind that a bare "50-day" means."""
    head = next(
        x for x in lexemes(node) if x.type in ("TERM", "COLUMN", "PRICE", "STOCK", "IT", "FIGURE", "UNIT", "SPAN")
    )
    term = child(node, "TERM")
    if term is not None:
        return _indicator(reading, node, term, beside)
    column = child(node, "COLUMN")
    if column is not None:
        return _column(reading, node, column)
    match head.type:
        case _ if child(node, "AGO") is not None:
            return _earlier(reading, node, beside)
        case "SPAN":
            return _bare_span(reading, node, head, beside, average)
        case "FIGURE":
            return t.Figure(head.value)
        case "UNIT":
            raise refuse(
                "prompt.not_understood",
                "{} is not measured",
                node,
                hint="name a price, an indicator or a number of bars",
            )
    return t.Column("close")


def _earlier(reading: Reading, node: Node, beside: t.Term | None) -> t.Term:
    span = leaf(node, "SPAN")
    if beside is not None and not isinstance(beside, t.Column):
        raise refuse(
            "prompt.not_understood", "{} is known of prices and volume alone", node, hint='write "the close 5 days ago"'
        )
    return t.Column(beside.name if beside is not None else "close", reading.span(span))


def _bare_span(reading: Reading, node: Node, span: Lexeme, beside: t.Term | None, average: str | None) -> t.Term:
    name = average or (beside.name if isinstance(beside, t.Indicator) and beside.name in AVERAGES else None)
    if name is None:
        reading.assume(reading.phrase(node), "its simple moving average")
    return t.Indicator(name or "sma", (reading.span(span),))  # type: ignore[arg-type]


def _column(reading: Reading, node: Node, column: Lexeme) -> t.Term:
    span, name = child(node, "SPAN"), column.value
    previous = child(node, "PREV")
    if child(node, "AGO") is not None and span is not None:
        return t.Column(name, reading.span(span))
    if span is not None:
        if name not in ("high", "low"):
            raise refuse(
                "prompt.not_understood",
                "{} is not known",
                node,
                hint='write "20-day high", "20-day low" or "20-day average"',
            )
        return extreme(name, reading.span(span))
    if previous is not None:
        if previous.value == "day":
            reading.charts.append(replace(previous, value="1d"))
        return t.Column(name, t.Span(1, previous.value))
    return t.Column(name)


def extreme(which: str, span: t.Span, of: str | None = None) -> t.Indicator:
    """Return the highest high or lowest low over a span, this bar included."""
    return t.Indicator("highest" if which == "high" else "lowest", (span,), of=of or which)  # type: ignore[arg-type]


def _indicator(reading: Reading, node: Node, term: Lexeme, beside: t.Term | None) -> t.Term:
    name, _, part = str(term.value).partition(".")
    if name in ("extreme", "alltime"):
        return _extreme(reading, node, name, part)
    if name == "signal":
        is_stochastic = isinstance(beside, t.Indicator) and beside.name == "stochastic"
        name, part = ("stochastic", "d") if is_stochastic else ("macd", "signal")
    span = _given_span(reading, node, name)
    if name == "change":
        return t.Change(span or _assumed_span(reading, node, 1, "over one bar"))
    of = child(node, "COLUMN")
    if name == "volume" or (name == "average" and _is_volume(beside)) or (of is not None and of.value == "volume"):
        return _volume(reading, node, name, part, span)
    name = "sma" if name == "average" else name
    if of is not None and name not in _OF_COLUMN:
        raise refuse(
            "prompt.not_understood", f"{{}}: {_said(name)} is not taken of one column", node, hint="leave it out"
        )
    spans, width = _spans(reading, node, name, span, beside)
    return t.Indicator(name, spans, of=of.value if of else "close", part=part, width=width)  # type: ignore[arg-type]


def _is_volume(term: t.Term | None) -> bool:
    return (isinstance(term, t.Column) and term.name == "volume") or (
        isinstance(term, t.Indicator) and term.of == "volume"
    )


def _volume(reading: Reading, node: Node, name: str, part: str, span: t.Span | None) -> t.Term:
    kind = part if part in AVERAGES else name if name in AVERAGES else "sma"
    if name not in ("volume", "average", *AVERAGES):
        raise refuse(
            "prompt.not_understood", "{} is not known", node, hint="of volume, averages, highs and lows are known"
        )
    if span is None:
        span = _assumed_span(reading, node, VOLUME_BARS, f"the average of the {VOLUME_BARS} bars before")
    return t.Indicator(kind, (span,), of="volume", before=True)  # type: ignore[arg-type]


def _assumed_span(reading: Reading, node: Node, count: int, meaning: str) -> t.Span:
    reading.assume(reading.phrase(node), meaning)
    return t.Span(count)


def _extreme(reading: Reading, node: Node, name: str, part: str) -> t.Term:
    span, column = _given_span(reading, node, name), child(node, "COLUMN")
    which, _, of = part.partition(".")
    if name == "alltime":
        if span is not None or column is not None:
            raise refuse(
                "prompt.contradiction", "{} says two lengths", node, hint='write "20-day high" or "all-time high"'
            )
        return extreme(which, _assumed_span(reading, node, YEAR_BARS, f"of the last {YEAR_BARS} bars"))
    if span is None:
        span = _assumed_span(reading, node, BREAKOUT_BARS, f"of the last {BREAKOUT_BARS} bars")
    return extreme(which, span, column.value if column is not None else of)


def _given_span(reading: Reading, node: Node, name: str) -> t.Span | None:
    """Return the one length that a term is given: "14-day RSI", "RSI 14", "average volume of the last 20 days", "average(20)"."""
    span, number, params = child(node, "SPAN"), child(node, "NUM"), child(node, "PARAMS")
    joint = child(node, "IN")
    if joint is not None and name not in _ALONG and joint.value != ">":
        raise refuse(
            "prompt.misplaced",
            "{} can be read in two ways",
            node,
            hint='write the period first, as in "20-day average"',
        )
    if span is not None:
        if name in DEFAULT_SPANS and _is_chart(span, types(node)):
            reading.charts.append(replace(span, value=CHARTS[span.value.unit, span.value.count]))
            return None
        return reading.span(span)
    if number is not None:
        return t.Span(_whole(number.value, number))
    if params is not None and name not in DEFAULT_SPANS and name != "average":
        return t.Span(_whole(params.value[0] if len(params.value) == 1 else 0, params))
    if params is not None and name == "average" and len(params.value) == 1:
        return t.Span(_whole(params.value[0], params))
    return None


def _is_chart(span: Lexeme, kinds: tuple[str, ...]) -> bool:
    """Tell whether "4-hour RSI" names the chart: a length that is a timeframe, before an indicator."""
    return (
        kinds.index("SPAN") < kinds.index("TERM")
        and span.value.unit != "day"
        and (span.value.unit, span.value.count) in CHARTS
    )


def _whole(value: float, where: Lexeme) -> int:
    if value != int(value) or not 1 <= value <= MOST_BARS:
        raise refuse(
            "prompt.period", "{} is not a number of bars", where, hint=f"use whole numbers from 1 to {MOST_BARS:,}"
        )
    return int(value)


def _spans(
    reading: Reading, node: Node, name: str, span: t.Span | None, beside: t.Term | None
) -> tuple[tuple[t.Span, ...], float]:
    """Return all periods of an indicator, and its width: those given, those of the same indicator it is compared with, or the defaults."""
    defaults = tuple(t.Span(n) for n in DEFAULT_SPANS[name])
    params = child(node, "PARAMS")
    if params is not None and span is None:
        return _listed_spans(name, defaults, params)
    if span is not None:
        if not defaults or name == "macd":
            hint = f"{_said(name)} takes {len(defaults) or 'no'} periods"
            raise refuse("prompt.period", "{} is not known with one period", node, hint=hint)
        _require_long_enough(name, (span,), node)
        return (span, *defaults[1:]), WIDTH
    if isinstance(beside, t.Indicator) and beside.name == name and name in ("macd", "stochastic", "bollinger"):
        return beside.spans, beside.width
    if defaults:
        periods = ", ".join(str(each.count) for each in defaults)
        wide = f" and {WIDTH:g} standard deviations" if name == "bollinger" else ""
        reading.assume(reading.phrase(node), f"{_said(name)} over {periods} bars{wide}")
    return defaults, WIDTH


def _listed_spans(name: str, defaults: tuple[t.Span, ...], params: Lexeme) -> tuple[tuple[t.Span, ...], float]:
    values, width = list(params.value), WIDTH
    if name == "bollinger" and len(values) == 2:
        width = values.pop()
    if len(values) > len(defaults):
        raise refuse("prompt.period", "{} are too many periods", params, hint=f"{_said(name)} takes {len(defaults)}")
    given = tuple(t.Span(_whole(value, params)) for value in values)
    if name == "macd" and len(given) > 1 and given[0].count >= given[1].count:
        raise refuse("prompt.period", "{}: the first period must be the shorter one", params, hint="MACD 12, 26, 9")
    _require_long_enough(name, given, params)
    return given + defaults[len(given) :], width


def _require_long_enough(name: str, spans: tuple[t.Span, ...], where: Node | Lexeme) -> None:
    if spans and spans[0].unit == "bar" and spans[0].count < LEAST.get(name, 1):
        hint = f"{_said(name)} needs at least {LEAST[name]} bars"
        raise refuse("prompt.period", "{} is too short a period", where, hint=hint)


def _said(name: str) -> str:
    return _NAMES.get(name, name.upper())
