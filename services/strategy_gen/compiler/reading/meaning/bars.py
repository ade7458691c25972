"""Reads what bars do: gaps, new highs and lows, breakouts, candles by colour."""

from services.strategy_gen.compiler import tree as t
from services.strategy_gen.compiler.reading.lexeme import Lexeme
from services.strategy_gen.compiler.reading.meaning.claims import compare
from services.strategy_gen.compiler.reading.meaning.reading import Node, Reading, child, inner, leaf, reach, refuse
from services.strategy_gen.compiler.reading.meaning.sizes import (
    CLOSE,
    between_sizes,
    lower_bound,
    only_price,
    signed,
    size,
)
from services.strategy_gen.compiler.reading.meaning.terms import BREAKOUT_BARS, extreme, read_term
from services.strategy_gen.compiler.reading.numbers import MOST_BARS


def read_gap(reading: Reading, node: Node, left: t.Term | None, phrase: t.Phrase) -> t.Condition:
    """Return "gaps up", "gaps down by at least 2%", "a gap of more than 3%"."""
    only_price(left, node)
    gap, amount = leaf(node, "GAP"), inner(node, "amount")
    if amount is None:
        if not gap.value:
            raise refuse(
                "prompt.ambiguous",
                "{} does not say up or down",
                node,
                hint='write "gaps up" or "gaps down by more than 3%"',
            )
        return t.Compare(t.Gap(), ">" if gap.value == "up" else "<", t.Number(0.0), phrase)
    return signed(t.Gap(), gap.value != "down", lower_bound(node) or ">", size(reading, t.Gap(), amount), phrase)


def read_gap_between(reading: Reading, node: Node, left: t.Term | None, phrase: t.Phrase) -> t.Condition:
    """Return "gaps up between 2% and 4%"."""
    only_price(left, node)
    return between_sizes(reading, node, t.Gap(), leaf(node, "GAP").value != "down", phrase)


def read_record(reading: Reading, node: Node, left: t.Term | None, phrase: t.Phrase) -> t.Condition:
    """Return "makes a new 20-day high", "hits an all-time low"."""
    only_price(left, node)
    span, column, term = child(node, "SPAN"), child(node, "COLUMN"), child(node, "TERM")
    if term is not None:
        right = read_term(reading, Node("term", [term]))
        if not (isinstance(right, t.Indicator) and right.name in ("highest", "lowest")):
            raise refuse("prompt.not_understood", "{} is not known", node, hint='write "makes a new 20-day high"')
        return compare(CLOSE, ">" if right.name == "highest" else "<", right, phrase)
    if column is None or column.value not in ("high", "low"):
        raise refuse("prompt.not_understood", "{} is not known", node, hint='write "makes a new 20-day high"')
    return _new_extreme(reading, column.value, span, phrase)


def _new_extreme(reading: Reading, which: str, span: Lexeme | None, phrase: t.Phrase) -> t.Condition:
    if span is None:
        reading.assume(phrase, f"of the {BREAKOUT_BARS} bars before")
    over = reading.span(span) if span is not None else t.Span(BREAKOUT_BARS)
    return compare(CLOSE, ">" if which == "high" else "<", extreme(which, over), phrase)


def read_breakout(reading: Reading, node: Node, left: t.Term | None, phrase: t.Phrase) -> t.Condition:
    """Return "a 20-day breakout": a close beyond the bars before."""
    only_price(left, node)
    how = leaf(node, "BREAKOUT")
    return _new_extreme(reading, how.value, child(node, "SPAN"), phrase)


def read_colour(reading: Reading, node: Node, left: t.Term | None, phrase: t.Phrase) -> t.Condition:
    """Candles by colour; "bullish" is also said of the MACD, and of nothing else."""
    named, count, unit = leaf(node, "COLOUR"), child(node, "NUM"), child(node, "UNIT")
    colour, mark = named.value.rstrip("!~"), named.value[-1]
    if isinstance(left, t.Indicator) and left.name == "macd" and unit is None:
        return _macd_side(reading, left, colour == "green", phrase)
    if unit is None and mark != "!" and (left is None or mark == "~"):
        raise refuse(
            "prompt.not_understood",
            "{} of what is not said",
            node,
            hint='write "a green candle" or "3 red candles in a row"',
        )
    only_price(left, node)
    name = unit.value if unit is not None else "bar"
    _name_chart(reading, name, node)
    number = float(count.value) if count is not None else 1.0
    if number != int(number) or not 1 <= number <= MOST_BARS:
        raise refuse(
            "prompt.period", "{} is not a number of bars", node, hint=f"use whole numbers from 1 to {MOST_BARS:,}"
        )
    return t.Streak(colour, t.Span(int(number), name), phrase)  # type: ignore[arg-type]


def _macd_side(reading: Reading, left: t.Indicator, up: bool, phrase: t.Phrase) -> t.Condition:
    reading.assume(phrase, f"its line {'above' if up else 'below'} its signal line")
    line, signal = (t.Indicator("macd", left.spans, part=part) for part in ("line", "signal"))
    return t.Compare(line, ">" if up else "<", signal, phrase)


def _name_chart(reading: Reading, unit: str, node: Node) -> None:
    """A green day is a bar of the daily chart: its colour cannot be told from shorter bars."""
    chart = {"bar": "", "minute": "1m", "hour": "1h", "day": "1d"}.get(unit)
    if chart is None:
        raise refuse("prompt.timeframe", "{} has no chart", node, hint="there are charts of 1m, 5m, 15m, 1h, 4h and 1d")
    if chart:
        start, end = reach(node)
        reading.charts.append(Lexeme("TIMEFRAME", chart, start, end))
