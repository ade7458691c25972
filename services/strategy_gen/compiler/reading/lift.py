"""Lifts the markets out of a sentence: which symbols and which chart it is about. Refuses a second chart and a second market."""

from dataclasses import replace
from difflib import get_close_matches

from libs.common.values import Timeframe
from services.strategy_gen.compiler.errors import NotReadError
from services.strategy_gen.compiler.reading.lexeme import CHARTS, Lexeme, place

_LEADING = frozenset({"WITH", "FOR", "IN", "OF", "AT", "FROM"})
_LISTING = frozenset({"COMMA", "AND", "OR"})
_COMPARING = frozenset({"OP", "CROSS", "BREAK", "BETWEEN", "WITHIN"})
_MEASURED = frozenset({"TERM", "COLUMN", "PRICE", "BREAKOUT", "COLOUR"})
_CLAIMING = frozenset({"IS", "OP", "CROSS", "BETWEEN", "MOVE"})
_INDICATORS = ("rsi", "sma", "ema", "wma", "macd", "atr", "adx", "vwap", "obv", "roc", "stoch")
_ALIKE = 0.75
_HEADS = frozenset({"BUY", "SELL", "FIND", "ALERT", "HOLD"})

_ONE_MARKET = "a strategy looks at one symbol at a time; name a list once to run it on each of them"


def lift(lexemes: list[Lexeme]) -> tuple[list[Lexeme], tuple[str, ...], Lexeme | None]:
    """Return the lexemes without markets, the symbols in order of mention, and the TIMEFRAME if one is named.

    A symbol that is the subject of a condition ("when ARM gaps up") leaves a STOCK in its place.
    """
    lexemes = [lexeme for lexeme in lexemes if lexeme.type != "NONE"]
    rest: list[Lexeme] = []
    symbols: tuple[str, ...] = ()
    chart: Lexeme | None = None
    at = 0
    while at < len(lexemes):
        lexeme = _as_chart(rest, lexemes, at)
        if lexeme.type == "TIMEFRAME":
            if chart is not None and chart.value != lexeme.value:
                raise NotReadError(
                    "prompt.two_timeframes",
                    "{} is a second timeframe",
                    place([lexeme]),
                    f"the sentence already names {chart.value}; use one",
                )
            chart = chart or lexeme
            _drop_leading(rest)
            at += 1
        elif lexeme.type == "SYMBOL":
            end = _group_end(lexemes, at)
            named = tuple(dict.fromkeys(str(x.value) for x in lexemes[at:end] if x.type == "SYMBOL"))
            if symbols and set(named) != set(symbols):
                raise NotReadError(
                    "prompt.two_markets",
                    "{} is another market than the one named before",
                    place(lexemes[at:end]),
                    _ONE_MARKET,
                )
            if rest and rest[-1].type in _COMPARING:
                raise NotReadError(
                    "prompt.two_markets", "{} cannot be compared with", place(lexemes[at:end]), _ONE_MARKET
                )
            symbols = symbols or named
            _leave_subject(rest, lexemes, at, end)
            at = end
        else:
            rest.append(lexeme)
            at += 1
    return rest, symbols, chart


def _as_chart(rest: list[Lexeme], lexemes: list[Lexeme], at: int) -> Lexeme:
    """Return a length such as "4h" as the chart where it stands behind a symbol or "on", and for itself."""
    lexeme = lexemes[at]
    after = lexemes[at + 1].type if at + 1 < len(lexemes) else ""
    if lexeme.type != "SPAN" or after in _MEASURED:
        return lexeme
    chart = CHARTS.get((lexeme.value.unit, lexeme.value.count))
    if chart and after == "BREAK":
        return replace(lexeme, type="TIMEFRAME", value=Timeframe(chart))
    if not lexeme.value.tight:
        return lexeme
    behind = at and (lexemes[at - 1].type == "SYMBOL" or lexemes[at - 1].value == "on")
    return replace(lexeme, type="TIMEFRAME", value=Timeframe(chart)) if chart and behind else lexeme


def _group_end(lexemes: list[Lexeme], at: int) -> int:
    end = at + 1
    while True:
        after = end
        while after < len(lexemes) and lexemes[after].type in _LISTING:
            after += 1
        if after == end or after >= len(lexemes) or lexemes[after].type != "SYMBOL":
            return end
        end = after + 1


def _drop_leading(rest: list[Lexeme]) -> None:
    if rest and rest[-1].type in _LEADING and rest[-1].value not in ("with", "whose", "having"):
        rest.pop()


def _leave_subject(rest: list[Lexeme], lexemes: list[Lexeme], at: int, end: int) -> None:
    before = rest[-1].type if rest else ""
    if before == "NUM" and len(rest) > 1 and rest[-2].type in _HEADS:
        hint = "how much is bought is set by the risk limits of the account"
        raise NotReadError("prompt.not_modelled", "{} cannot be said here", (rest[-1].start, lexemes[at].end), hint)
    after = lexemes[end].type if end < len(lexemes) else ""
    if before in _LEADING:
        _drop_leading(rest)
    elif after in _CLAIMING and (known := get_close_matches(str(lexemes[at].value).lower(), _INDICATORS, 1, _ALIKE)):
        spelled = known[0].upper()
        hint = f'did you mean {spelled}? For a symbol of that name write "the price of {lexemes[at].value}"'
        raise NotReadError("prompt.ambiguous", f"{{}} may be a symbol or {spelled}", place(lexemes[at:end]), hint)
    elif before not in _HEADS and after not in (
        "",
        "SEP",
        "COMMA",
        "BUY",
        "SELL",
        "FIND",
        "ALERT",
        "WHEN",
        "TIMEFRAME",
        "STOCK",
    ):
        rest.append(replace(lexemes[at], type="STOCK", value="close", end=lexemes[end - 1].end))
