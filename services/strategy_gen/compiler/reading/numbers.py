"""Reads numbers as people write them: "5%", "twenty-five", "$10B", "2.5 billion", "2x", "14-day", "a week"."""

from services.strategy_gen.compiler.errors import NotReadError
from services.strategy_gen.compiler.reading.lexeme import Length, Lexeme
from services.strategy_gen.compiler.reading.vocabulary_terms import MAGNITUDES, MULTIPLES, NUMBERS, UNITS
from services.strategy_gen.compiler.reading.words import Word

MOST_BARS = 5_000
MOST = 1e15

_UNIT_OF = {word: unit for unit, spellings in UNITS.items() for word in spellings.split("|")}
_TIGHT_UNITS = {"m": "minute", "h": "hour", "d": "day", "w": "week", "y": "year"}
_PLURAL = frozenset(word for word in _UNIT_OF if word.endswith("s"))
_BETWEEN = frozenset({"consecutive", "straight", "successive", "trading", "full", "more", "calendar"})
_PERCENT = frozenset({"%", "percent", "pct"})
_MONEY = frozenset({"dollar", "dollars", "usd", "usdt", "bucks"})
_MINUTES = frozenset({1, 3, 5, 10, 15, 30, 45})


def read_number(words: list[Word], at: int) -> tuple[Lexeme, int] | None:
    """Return the amount or length of time that starts at word `at`, and the place after it; None if no number starts there."""
    start, sign, is_money = at, 1.0, False
    while at < len(words) and words[at].plain in ("$", "-", "+") and _number_next(words, at):
        is_money |= words[at].plain == "$"
        sign = -1.0 if words[at].plain == "-" else sign
        at += 1
    found = _plain(words, at)
    if found is None:
        return _single(words, at) if at == start else None
    value, end, spoken = found
    value, end, scaled = _scaled(words, value, end, is_money)
    if value > MOST:
        place = words[start].start, words[end - 1].end
        raise NotReadError("prompt.out_of_range", "{} is too large a number", place, f"use numbers up to {MOST:.0e}")
    lexeme, end = _with_unit(words, sign * value, start, end, bare=not (is_money or scaled))
    if lexeme.type == "SPAN" and spoken and end - start == 1:
        return None
    return lexeme, end


def _number_next(words: list[Word], at: int) -> bool:
    following = words[at + 1] if at + 1 < len(words) else None
    return following is not None and not following.spaced and (following.is_number or following.plain == "$")


def _plain(words: list[Word], at: int) -> tuple[float, int, bool] | None:
    if at >= len(words):
        return None
    word = words[at]
    if word.is_number:
        return float(word.plain.replace(",", "")), at + 1, False
    if word.plain not in NUMBERS:
        return None
    value = NUMBERS[word.plain]
    following = words[at + 1].plain if at + 1 < len(words) else ""
    if value >= 20 and 0 < NUMBERS.get(following, 0) < 10:
        return float(value + NUMBERS[following]), at + 2, True
    return float(value), at + 1, True


def _scaled(words: list[Word], value: float, end: int, is_money: bool) -> tuple[float, int, bool]:
    scaled = False
    while end < len(words) and words[end].plain in MAGNITUDES:
        tight = words[end].start == words[end - 1].end
        word = words[end].plain
        if len(word) == 1 and not (tight or is_money):
            break
        if word == "m" and not is_money and (value in _MINUTES or scaled):
            break
        value *= MAGNITUDES[word]
        end, scaled = end + 1, True
    return value, end, scaled


def _with_unit(words: list[Word], value: float, start: int, end: int, *, bare: bool) -> tuple[Lexeme, int]:
    first, last = words[start].start, words[end - 1].end
    if end < len(words):
        after, tight = words[end].plain, words[end].start == last
        if after in _PERCENT:
            return Lexeme("PERCENT", value, first, words[end].end), end + 1
        if after == "per" and end + 1 < len(words) and words[end + 1].plain == "cent":
            return Lexeme("PERCENT", value, first, words[end + 1].end), end + 2
        if after in ("x", "times", "fold", "*"):
            return Lexeme("TIMES", value, first, words[end].end), end + 1
        if after in _MONEY:
            return Lexeme("NUM", value, first, words[end].end), end + 1
        if bare and (unit := _unit(words, end, tight)):
            name, plural, stop = unit
            return _span(value, name, plural, tight, (first, words[stop - 1].end)), stop
    return Lexeme("NUM", value, first, last), end


def _unit(words: list[Word], at: int, tight: bool) -> tuple[str, bool, int] | None:
    if words[at].plain in _BETWEEN and at + 1 < len(words):
        at += 1
    word = words[at].plain
    if tight and word in _TIGHT_UNITS:
        return _TIGHT_UNITS[word], False, at + 1
    if word in _UNIT_OF and len(word) > 1:
        return _UNIT_OF[word], word in _PLURAL, at + 1
    return None


def _span(value: float, unit: str, plural: bool, tight: bool, place: tuple[int, int]) -> Lexeme:
    if value != int(value) or not 1 <= value <= MOST_BARS:
        raise NotReadError(
            "prompt.period",
            "{} is not a length of time that can be counted",
            place,
            f"use whole numbers from 1 to {MOST_BARS:,}",
        )
    return Lexeme("SPAN", Length(int(value), unit, plural, tight), *place)


def _single(words: list[Word], at: int) -> tuple[Lexeme, int] | None:
    word = words[at]
    following = words[at + 1] if at + 1 < len(words) else None
    if word.plain in MULTIPLES:
        return Lexeme("TIMES", MULTIPLES[word.plain], word.start, word.end), at + 1
    if word.plain in ("a", "an") and following and following.plain in _UNIT_OF and following.plain not in _PLURAL:
        unit = _UNIT_OF[following.plain]
        if unit != "bar" and len(following.plain) > 1:
            return Lexeme("SPAN", Length(1, unit, True, False), word.start, following.end), at + 2
    if word.plain == "a" and following and following.plain in ("hundred", "thousand"):
        return _with_unit(words, MAGNITUDES[following.plain], at, at + 2, bare=True)
    return None
