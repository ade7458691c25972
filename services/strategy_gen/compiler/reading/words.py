"""Cuts a text into words with their places. Knows typography, not meaning."""

import re
from dataclasses import dataclass

_PLAIN = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "\u00a0": " ", "×": "x"}
    | {"\u2009": " ", "\u202f": " ", "％": "%"}
)
_CUT = re.compile(
    r"\s+"
    r"|(?P<odd>\d+(?:[:e]\d+)+)"
    r"|(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?|\.\d+)"
    r"|(?P<special>[+-]di\b|%[kdr]\b)"
    r"|(?P<word>[^\W\d_]+(?:n't\b|'(?:ll|d|m|re)\b)?(?:[&/][^\W\d_]+)*)"
    r"|(?P<sign>>=|<=|=>|=<|==|->|→|&&|\|\||--|≥|≤|.)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word, number or sign: `plain` in lower case, its place in the text, whether white space or the start stands before it."""

    plain: str
    start: int
    end: int
    spaced: bool = True
    is_number: bool = False


def plain_of(text: str) -> str:
    """Return `text` with typographic quotes, dashes and spaces as plain ones; every character keeps its place."""
    return text.translate(_PLAIN)


def cut(plain: str) -> list[Word]:
    """Return the words of a text from `plain_of`, in order."""
    words: list[Word] = []
    end = -1
    for found in _CUT.finditer(plain):
        if found.lastgroup is None:
            continue
        words.append(
            Word(_lower(found[0]), found.start(), found.end(), found.start() != end, found.lastgroup == "number")
        )
        end = found.end()
    return _joined(_apart(words))


def words_of(phrase: str) -> list[str]:
    """Return the words of a vocabulary phrase as `cut` would find them."""
    return [word.plain for word in cut(phrase)]


def _lower(text: str) -> str:
    lower = text.lower()
    return {"≥": ">=", "≤": "<=", "→": "->"}.get(lower, lower)


def _apart(words: list[Word]) -> list[Word]:
    """Join an apostrophe and the s after it into one word, so that "day's" is "day" and "'s"."""
    result: list[Word] = []
    for word in words:
        last = result[-1] if result else None
        if last and last.plain == "'" and word.plain == "s" and not word.spaced:
            result[-1] = Word("'s", last.start, word.end, spaced=False)
        else:
            result.append(word)
    return result


def _joined(words: list[Word]) -> list[Word]:
    """Drop hyphens inside words ("14-day", "break-out"); one with white space around it, or before a number, stays."""
    result = []
    for place, word in enumerate(words):
        follows = place + 1 < len(words) and not words[place + 1].spaced
        if word.plain == "-" and not word.spaced and follows:
            continue
        result.append(word)
    return result
