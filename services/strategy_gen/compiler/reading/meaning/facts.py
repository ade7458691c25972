"""What phrases without a number mean: oversold, golden cross, high volume, strong balance sheet. Every default is told as an assumption."""

from collections.abc import Callable

from services.strategy_gen.compiler import tree as t
from services.strategy_gen.compiler.reading.meaning.reading import Node, Reading, refuse
from services.strategy_gen.compiler.reading.meaning.terms import DEFAULT_SPANS, VOLUME_BARS

_RSI = t.Indicator("rsi", (t.Span(14),))
_VOLUME = t.Column("volume")
_MEAN_VOLUME = t.Indicator("sma", (t.Span(VOLUME_BARS),), of="volume", before=True)
_MACD = tuple(t.Span(n) for n in DEFAULT_SPANS["macd"])
_LINE, _SIGNAL = (t.Indicator("macd", _MACD, part=part) for part in ("line", "signal"))
_FAST, _SLOW = (t.Indicator("sma", (t.Span(n),)) for n in (50, 200))
_CAP = t.Figure("market_cap")

LARGE_CAP = 10e9
SMALL_CAP = 2e9

Made = tuple[t.Condition, str]
Maker = Callable[[t.Phrase], Made]


def _compare(left: t.Term, op: str, right: t.Term | float, meaning: str) -> Maker:
    limit = t.Number(right) if isinstance(right, float) else right
    return lambda phrase: (t.Compare(left, op, limit, phrase), meaning)  # type: ignore[arg-type]


def _cross(left: t.Term, direction: str, right: t.Term, meaning: str) -> Maker:
    return lambda phrase: (t.Cross(left, direction, right, phrase), meaning)  # type: ignore[arg-type]


def _volume(op: str, factor: float) -> Maker:
    words = {">": "above", "<": "below"}[op]
    times = "" if factor == 1 else f"{factor:g} times "
    limit = _MEAN_VOLUME if factor == 1 else t.Scaled(factor, _MEAN_VOLUME)
    return _compare(_VOLUME, op, limit, f"volume {words} {times}the average of the {VOLUME_BARS} bars before")


def _mid_cap(phrase: t.Phrase) -> Made:
    return t.Between(_CAP, t.Number(SMALL_CAP), t.Number(LARGE_CAP), phrase), "market cap from 2 to 10 billion"


def _value(phrase: t.Phrase) -> Made:
    ratio = t.Figure("pe_ratio")
    cheap = t.Compare(ratio, "<", t.Number(15.0), phrase)
    return t.All((cheap, t.Compare(ratio, ">", t.Number(0.0), phrase))), "P/E below 15, and above 0"


FACTS: dict[str, Maker] = {
    "oversold": _compare(_RSI, "<", 30.0, "RSI over 14 bars below 30"),
    "overbought": _compare(_RSI, ">", 70.0, "RSI over 14 bars above 70"),
    "golden_cross": _cross(_FAST, "above", _SLOW, "the 50-bar moving average crosses above the 200-bar one"),
    "death_cross": _cross(_FAST, "below", _SLOW, "the 50-bar moving average crosses below the 200-bar one"),
    "macd_cross_up": _cross(_LINE, "above", _SIGNAL, "MACD (12, 26, 9) crosses above its signal line"),
    "macd_cross_down": _cross(_LINE, "below", _SIGNAL, "MACD (12, 26, 9) crosses below its signal line"),
    "macd_bullish": _compare(_LINE, ">", _SIGNAL, "MACD (12, 26, 9) above its signal line"),
    "macd_bearish": _compare(_LINE, "<", _SIGNAL, "MACD (12, 26, 9) below its signal line"),
    "high_volume": _volume(">", 1.5),
    "above_volume": _volume(">", 1.0),
    "below_volume": _volume("<", 1.0),
    "low_volume": _volume("<", 0.5),
    "volume_spike": _volume(">", 2.0),
    "volume_triple": _volume(">", 3.0),
    "strong_balance": _compare(t.Figure("debt_to_equity"), "<", 0.5, "debt to equity below 0.5"),
    "large_cap": _compare(_CAP, ">", LARGE_CAP, "market cap above 10 billion"),
    "mid_cap": _mid_cap,
    "small_cap": _compare(_CAP, "<", SMALL_CAP, "market cap below 2 billion"),
    "profitable": _compare(t.Figure("eps"), ">", 0.0, "earnings per share above 0"),
    "unprofitable": _compare(t.Figure("eps"), "<", 0.0, "earnings per share below 0"),
    "value": _value,
    "dividend": _compare(t.Figure("dividend_yield"), ">", 0.0, "dividend yield above 0"),
}


def read_fact(reading: Reading, key: str, phrase: t.Phrase, where: Node, left: t.Term | None) -> t.Condition:
    """Return the condition of a fact, about `left` where it names what is oversold. Raises NotReadError for a left it cannot be about."""
    if key in ("oversold", "overbought") and isinstance(left, t.Indicator):
        return _extreme_of(reading, key, left, phrase, where)
    if left is not None and left != t.Column("close"):
        raise refuse(
            "prompt.cannot_compare",
            "{} is not a thing one can say of it",
            where,
            hint="say what is above or below which value",
        )
    condition, meaning = FACTS[key](phrase)
    reading.assume(phrase, meaning)
    return condition


def _extreme_of(reading: Reading, key: str, left: t.Indicator, phrase: t.Phrase, where: Node) -> t.Condition:
    levels = {"rsi": (30.0, 70.0), "stochastic": (20.0, 80.0)}.get(left.name)
    if levels is None:
        raise refuse(
            "prompt.cannot_compare",
            "{} has no such level",
            where,
            hint="RSI and stochastic are oversold and overbought",
        )
    low, high = levels
    if key == "oversold":
        reading.assume(phrase, f"below {low:g}")
        return t.Compare(left, "<", t.Number(low), phrase)
    reading.assume(phrase, f"above {high:g}")
    return t.Compare(left, ">", t.Number(high), phrase)
