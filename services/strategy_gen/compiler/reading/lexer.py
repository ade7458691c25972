"""Turns a text into lexemes: the longest known phrase at each place, numbers, symbols. Reports every run of words it does not know."""

import re
from dataclasses import replace

from services.strategy_gen.compiler.errors import NotReadError
from services.strategy_gen.compiler.reading.capitals import is_stressed, require_no_symbol
from services.strategy_gen.compiler.reading.lexeme import Lexeme
from services.strategy_gen.compiler.reading.markets import read_symbol, read_timeframe
from services.strategy_gen.compiler.reading.numbers import read_number
from services.strategy_gen.compiler.reading.phrases import Entry, index
from services.strategy_gen.compiler.reading.words import Word, cut, plain_of

_STOPS = frozenset(".;:!?\n")
_PARAMETERS = re.compile(
    r"\s*\(\s*(\d+(?:\.\d+)?(?:\s*[,/;-]\s*\d+(?:\.\d+)?)*)\s*(?:days?|bars?|periods?)?\s*\)|\s*(\d+\s*[,/-]\s*\d+\s*[,/-]\s*\d+)"
)
_BEFORE = re.compile(r"\d+\s*/\s*\d+(?:\s*/\s*\d+)?(?![\d/%])")
_AFTER_MORE = frozenset({"than", "the", "its", "a", "an", "equal"})


def lex(text: str) -> tuple[list[Lexeme], list[NotReadError]]:
    """Return the lexemes of `text` and a finding for every run of words that is not known."""
    plain = plain_of(text)
    words = cut(plain)
    shouted, stressed = plain.upper() == plain, is_stressed(plain, words)
    found: list[Lexeme] = []
    unknown: list[Word] = []
    findings: list[NotReadError] = []
    at = 0
    while at < len(words):
        try:
            step = _next(plain, words, at, found, shouted=shouted, stressed=stressed)
        except NotReadError as error:
            findings.append(error)
            step = (), next((i for i in range(at + 1, len(words)) if words[i].start >= error.place[1]), len(words))
        if step is None:
            unknown.append(words[at])
            at += 1
            continue
        if unknown:
            findings.append(_unknown(unknown))
            unknown = []
        lexemes, at = step
        found.extend(lexemes)
    if unknown:
        findings.append(_unknown(unknown))
    return found, [*findings, *_unbalanced(found)]


def _unbalanced(found: list[Lexeme]) -> list[NotReadError]:
    opened: list[Lexeme] = []
    alone: list[Lexeme] = []
    for lexeme in found:
        if lexeme.type == "LEFT":
            opened.append(lexeme)
        elif lexeme.type == "RIGHT" and opened:
            opened.pop()
        elif lexeme.type == "RIGHT":
            alone.append(lexeme)
    return [
        NotReadError("prompt.bracket", "{} has no other half", (x.start, x.end), "close every bracket that is opened")
        for x in (*alone, *opened)
    ]


def _unknown(words: list[Word]) -> NotReadError:
    place = words[0].start, words[-1].end
    return NotReadError("prompt.not_understood", "{} is not understood", place)


def _next(
    plain: str, words: list[Word], at: int, found: list[Lexeme], *, shouted: bool, stressed: bool
) -> tuple[tuple[Lexeme, ...], int] | None:
    """Return the lexemes that start at word `at` and the place after them, or None for a word that is not known."""
    after_term = found[-1].end if found and found[-1].type == "TERM" else None
    amount = _periods(plain, words, at, after_term) or read_timeframe(words, at) or read_number(words, at)
    if amount is None:
        amount = _marked_symbol(plain, words, at)
    if amount is not None:
        return (amount[0],), amount[1]
    entry = _longest(words, at)
    if entry is None or len(entry.words) == 1:
        symbol = read_symbol(plain, words, at, known=entry is not None, shouted=shouted)
        if symbol is not None:
            return (symbol[0],), symbol[1]
    if entry is None:
        return _sign(words, at)
    if not stressed:
        require_no_symbol(plain, words, at, entry, found)
    end = at + len(entry.words)
    return (Lexeme(entry.kind, entry.value, words[at].start, words[end - 1].end),), end


def _periods(plain: str, words: list[Word], at: int, after_term: int | None) -> tuple[Lexeme, int] | None:
    """Return the periods of an indicator: "(12, 26, 9)" behind it, "12/26/9" before it."""
    start = words[at].start
    match = _PARAMETERS.match(plain, after_term) if after_term is not None else None
    if match is None and words[at].is_number:
        match = _BEFORE.match(plain, start)
    if match is None:
        return None
    numbers = tuple(float(n) for n in re.findall(r"\d+(?:\.\d+)?", match[0]))
    end = next((i for i in range(at, len(words)) if words[i].start >= match.end()), len(words))
    return Lexeme("PARAMS", numbers, start, match.end()), end


def _marked_symbol(plain: str, words: list[Word], at: int) -> tuple[Lexeme, int] | None:
    """Return the symbol of "$AAPL"."""
    if words[at].plain != "$" or at + 1 == len(words) or words[at + 1].spaced:
        return None
    marked = read_symbol(plain, words, at + 1, known=False, shouted=False)
    return (replace(marked[0], start=words[at].start), marked[1]) if marked else None


def _sign(words: list[Word], at: int) -> tuple[tuple[Lexeme, ...], int] | None:
    word = words[at]
    if word.plain in _STOPS and (word.plain != ":" or at + 1 == len(words) or words[at + 1].spaced):
        return (Lexeme("SEP", word.plain, word.start, word.end),), at + 1
    kind = {",": "COMMA", "-": "COMMA", "--": "COMMA", "(": "LEFT", "[": "LEFT", ")": "RIGHT", "]": "RIGHT"}.get(
        word.plain
    )
    if kind is None:
        return None
    return (Lexeme(kind, word.plain, word.start, word.end),), at + 1


def _longest(words: list[Word], at: int) -> Entry | None:
    for entry in index().get(words[at].plain, ()):
        end = at + len(entry.words)
        if end > len(words) or any(words[at + i].plain != part for i, part in enumerate(entry.words)):
            continue
        if entry.kind == "MORE" and len(entry.words) > 1 and end < len(words) and words[end].plain in _AFTER_MORE:
            continue
        return entry
    return None
