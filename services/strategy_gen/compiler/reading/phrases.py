"""The vocabulary as one index from words to what they mean, built once on first use."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from itertools import product

from services.strategy_gen.compiler.reading.vocabulary import STRUCTURE, Row
from services.strategy_gen.compiler.reading.vocabulary_figures import FIGURES, SECTORS
from services.strategy_gen.compiler.reading.vocabulary_refused import REFUSED
from services.strategy_gen.compiler.reading.vocabulary_terms import COLUMNS, FACTS, INDICATORS, UNITS
from services.strategy_gen.compiler.reading.words import words_of

_TABLES: tuple[tuple[Row, ...], ...] = (STRUCTURE, INDICATORS, COLUMNS, FACTS, FIGURES, SECTORS, REFUSED)
_UNSHOWN = frozenset(
    [
        "NONE",
        "REFUSED",
        "SHORT",
        "IS",
        "BY",
        "OF",
        "AT",
        "IN",
        "FOR",
        "FROM",
        "WITH",
        "LAST",
        "AGO",
        "NOR",
        "SECTORWORD",
    ]
)
_NEAR = 0.8
_NEAR_WORD = 0.66
_SHOWN = 3
_SHORT = 4
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Entry:
    """A known phrase: its words, kind and value."""

    words: tuple[str, ...]
    kind: str
    value: str


@lru_cache(maxsize=1)
def index() -> dict[str, tuple[Entry, ...]]:
    """Return all entries by first word, the longest first; of two rows with the same words the earlier counts."""
    found: dict[tuple[str, ...], Entry] = {}
    for kind, value, spellings in (row for table in _TABLES for row in table):
        for spelling in _expanded(spellings):
            found.setdefault(spelling, Entry(spelling, kind, value))
    for unit, spellings in UNITS.items():
        for spelling in _expanded(spellings):
            found.setdefault(spelling, Entry(spelling, "UNIT", unit))
    by_first: dict[str, list[Entry]] = {}
    for entry in found.values():
        by_first.setdefault(entry.words[0], []).append(entry)
    return {first: tuple(sorted(some, key=lambda e: -len(e.words))) for first, some in by_first.items()}


@lru_cache(maxsize=1)
def known_phrases() -> tuple[str, ...]:
    """Return every phrase that carries meaning, sorted: for help pages and for the nearest phrases of an error."""
    phrases = {" ".join(e.words) for some in index().values() for e in some if e.kind not in _UNSHOWN}
    return tuple(sorted(phrase for phrase in phrases if phrase[0].isalpha()))


def nearest(phrase: str, following: str = "") -> tuple[str, ...]:
    """Return at most three known phrases that are spelled like `phrase`, best first.

    Those like the whole of it, then those that hold its words after each was put right, the ones that also hold the word `following` first.
    """
    plain = " ".join(words_of(phrase[:_LONGEST]))
    found = get_close_matches(plain, known_phrases(), _SHOWN, _NEAR if len(plain) > _SHORT else _NEAR_WORD)
    close = [get_close_matches(word, _single_words(), 1, _NEAR_WORD) for word in plain.split()]
    right = " ".join(words[0] for words in close if words)
    if right:
        after = f" {right} {following.lower()} "
        holding = [one for one in known_phrases() if f" {right} " in f" {one} "]
        found += sorted(holding, key=lambda one: (after not in f" {one} ", not one.startswith(right), one.count(" ")))
    return tuple(dict.fromkeys(found))[:_SHOWN]


@lru_cache(maxsize=1)
def _single_words() -> tuple[str, ...]:
    return tuple(sorted({word for phrase in known_phrases() for word in phrase.split() if word.isalpha()}))


def _expanded(spellings: str) -> Iterator[tuple[str, ...]]:
    for spelling in spellings.split(";"):
        slots = [_slot(slot) for slot in spelling.split()]
        for words in product(*slots):
            flat = tuple(part for word in words for part in words_of(word))
            if flat:
                yield flat


def _slot(slot: str) -> list[str]:
    optional = slot.endswith("?") and len(slot) > 1
    choices = [part for part in slot.removesuffix("?").split("|") if part]
    return [*choices, ""] if optional else choices
