"""Finds symbols and chart timeframes among the words."""

import re

from libs.common.errors import BadSymbolError
from libs.common.values import Timeframe, parse_symbol
from services.strategy_gen.compiler.errors import NotReadError
from services.strategy_gen.compiler.reading.lexeme import Lexeme
from services.strategy_gen.compiler.reading.words import Word

_SPELLED = re.compile(r"[A-Z0-9]{1,10}(?:[./-][A-Z0-9]{1,5})?(?![A-Za-z0-9])")
_PAIR = re.compile(r"([a-z]{2,6})[/-]?(usdt|usdc|fdusd|usd|btc|eth|eur)(?![a-z0-9])", re.IGNORECASE)
_TERMINAL_CHART = re.compile(r"[MHDW]\d{1,2}")
"""Charts as trading terminals name them: M15, H1."""

_CHART = frozenset(
    [
        "chart",
        "charts",
        "candle",
        "candles",
        "candlestick",
        "candlesticks",
        "bar",
        "bars",
        "timeframe",
        "timeframes",
        "interval",
        "intervals",
        "data",
        "basis",
        "frame",
    ]
)
_ADJECTIVES = {
    "hourly": "1h",
    "daily": "1d",
    "minutely": "1m",
    "weekly": "1w",
    "monthly": "1mo",
    "today": "1d",
}
_UNITS = {
    "m": "m", "min": "m", "mins": "m", "minute": "m", "minutes": "m",
    "h": "h", "hr": "h", "hour": "h", "hours": "h",
    "d": "d", "day": "d", "days": "d", "w": "w", "week": "w", "month": "mo",
}  # fmt: skip
_WORDS = {"one": "1", "four": "4", "five": "5", "fifteen": "15", "thirty": "30", "two": "2", "ten": "10"}


def read_timeframe(words: list[Word], at: int) -> tuple[Lexeme, int] | None:
    """Return the TIMEFRAME at word `at` ("daily", "4h chart", "15-minute candles") and the place after it.

    A number with a unit counts only where a word for a chart follows; alone it is a length of time. Raises NotReadError for one that is not kept.
    """
    word = words[at]
    spelled, end = _ADJECTIVES.get(word.plain), at + 1
    if spelled is None:
        count = word.plain if word.is_number else _WORDS.get(word.plain)
        unit = _UNITS.get(words[at + 1].plain) if count and at + 1 < len(words) else None
        if count is None or unit is None or not _is_chart(words, at + 2):
            return None
        spelled, end = f"{int(float(count))}{unit}", at + 2
    while end < len(words) and words[end].plain in ("time", *_CHART) and _is_chart(words, end):
        end += 1
    return Lexeme("TIMEFRAME", _known(spelled, (word.start, words[end - 1].end)), word.start, words[end - 1].end), end


def read_symbol(plain: str, words: list[Word], at: int, *, known: bool, shouted: bool) -> tuple[Lexeme, int] | None:
    """Return the SYMBOL at word `at` and the place after it: capitals that are no known word, or a pair such as btc/usdt.

    In a text all in capitals only pairs count, because every word would look like a symbol.
    """
    start = words[at].start
    match = _PAIR.match(plain, start)
    if match is None or known:
        match = None if known or shouted else _SPELLED.match(plain, start)
    before = words[at - 1] if at else None
    is_marked = before is not None and before.plain == "$"
    if match is None or not any(c.isalpha() for c in match[0]) or (match[0] in ("I", "A") and not is_marked):
        return None
    if words[at].end > match.end() or (len(match[0]) == 1 and before is not None and before.is_number):
        return None  # a part of "S&P"; the magnitude of "10 B"
    if _TERMINAL_CHART.fullmatch(match[0]) and not is_marked:
        hint = f'write "15m chart", "1h chart"; for a symbol of that name ${match[0]}'
        raise NotReadError("prompt.timeframe", "{} is not read as a chart", (start, match.end()), hint)
    try:
        symbol = parse_symbol(match[0])
    except BadSymbolError:
        return None
    end = next((i for i in range(at, len(words)) if words[i].start >= match.end()), len(words))
    return Lexeme("SYMBOL", symbol, start, match.end()), end


def _is_chart(words: list[Word], at: int) -> bool:
    if at < len(words) and words[at].plain == "time":
        return at + 1 < len(words) and words[at + 1].plain in ("frame", "frames")
    return at < len(words) and words[at].plain in _CHART


def _known(spelled: str, place: tuple[int, int]) -> Timeframe:
    try:
        return Timeframe({"60m": "1h", "24h": "1d", "240m": "4h"}.get(spelled, spelled))
    except ValueError:
        raise NotReadError(
            "prompt.timeframe", "{} is not a timeframe", place, f"use one of {', '.join(t.value for t in Timeframe)}"
        ) from None
