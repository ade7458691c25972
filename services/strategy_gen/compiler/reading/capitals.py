"""Finds words in capitals that may be meant as symbols. Refuses them where they would be dropped as a word without meaning."""

from services.strategy_gen.compiler.errors import NotReadError
from services.strategy_gen.compiler.reading.lexeme import Lexeme
from services.strategy_gen.compiler.reading.phrases import Entry, index
from services.strategy_gen.compiler.reading.words import Word

_LONGEST_SYMBOL = 5
_DROPPED = frozenset({"NONE", "IS", "IT", "STOCK", "BY"})
_AFTER_ACTION = frozenset({"MOVE", "SECTOR", "FACT", "AND", "OR"})
_TELLS_NOTHING = _DROPPED | {"WITH", "TERM", "FIGURE", "COLUMN", "UNIT"}
"""Words in question themselves, and those that are in capitals in any text, as RSI is."""


def is_stressed(plain: str, words: list[Word]) -> bool:
    """Tell whether most words such as buy, when, below are in capitals: a text that stresses its words names no symbols by them."""
    known = [word for word in words if word.plain.isalpha() and _is_plain_word(word)]
    return 2 * sum(_is_capital(plain, word) for word in known) > len(known)


def require_no_symbol(plain: str, words: list[Word], at: int, entry: Entry, found: list[Lexeme]) -> None:
    """Raise NotReadError for "Buy NOW when": the word now, or the symbol? found: the lexemes before word `at`, which is read as `entry`."""
    before = found[-1].type if found else "SEP"
    if len(entry.words) > 1 or not _may_be_dropped(entry, before) or not _is_capital(plain, words[at]):
        return
    spelled = plain[words[at].start : words[at].end]
    if len(spelled) > _LONGEST_SYMBOL or (spelled == "A" and before == "SEP"):
        return
    hint = f"write ${spelled} for the symbol, {spelled.lower()!r} for the word"
    raise NotReadError("prompt.ambiguous", "{} may be a symbol or a word", (words[at].start, words[at].end), hint)


def _may_be_dropped(entry: Entry, before: str) -> bool:
    is_dropped = entry.kind in _DROPPED or (entry.kind, entry.value) == ("WITH", "on")
    return is_dropped or (entry.kind in _AFTER_ACTION and before in ("BUY", "SELL"))


def _is_capital(plain: str, word: Word) -> bool:
    spelled = plain[word.start : word.end]
    return spelled.isascii() and spelled.isalpha() and spelled.isupper()


def _is_plain_word(word: Word) -> bool:
    kinds = {entry.kind for entry in index().get(word.plain, ()) if len(entry.words) == 1}
    return bool(kinds) and not kinds & _TELLS_NOTHING
