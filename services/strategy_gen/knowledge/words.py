"""The words of a text that carry meaning: lower case, without accents, `P/E` as one word, stop words left out, endings cut off.

The stemmer is ours: a handful of English endings, enough that `diversified`, `diversify` and `diversification` meet. Wart: English only.
"""

import re
import unicodedata

_JOINED = re.compile(r"\b([a-z])[/&]([a-z])\b")
_WORD = re.compile(r"[^\W_]+")
_STOP_WORDS = """
    a about above after again all also am an and any are as at be because been before being below between both but by can could did do
    does doing don down during each few for from further had has have having he her here hers him his how i if in into is it its itself just
    like ll m make makes many may me might mine more most much must my no nor not now of off on once one only or other our out over own re s
    same say says she should so some such t tell than that the their them then there these they this those through to too under until up us
    use used uses using ve very was way we were what when where whether which while who whom why will with would you your yours
"""
_STOP = frozenset(_STOP_WORDS.split())
_ENDINGS = (
    ("izations", "ize"),
    ("ization", "ize"),
    ("ifications", "ify"),
    ("ification", "ify"),
    ("ations", "ate"),
    ("ation", "ate"),
    ("ified", "ify"),
    ("ities", "ity"),
    ("nesses", ""),
    ("ness", ""),
    ("ments", ""),
    ("ment", ""),
    ("ingly", ""),
    ("edly", ""),
    ("ings", ""),
    ("ing", ""),
    ("iers", "y"),
    ("ier", "y"),
    ("ies", "y"),
    ("ied", "y"),
    ("sses", "ss"),
    ("ally", "al"),
    ("ers", ""),
    ("er", ""),
    ("ors", ""),
    ("or", ""),
    ("ed", ""),
    ("es", ""),
    ("ly", ""),
    ("s", ""),
)
_SHORTEST = 4


def plain(text: str) -> str:
    """Return `text` in lower case without accents, `P/E` and `S&P` written as one word."""
    flat = unicodedata.normalize("NFKD", text.casefold())
    return _JOINED.sub(r"\1\2", "".join(character for character in flat if not unicodedata.combining(character)))


def words(text: str) -> list[str]:
    """Return the words of `text` that are no stop words, in order, as `plain` writes them."""
    return [word for word in _WORD.findall(plain(text)) if word not in _STOP]


def stem(word: str) -> str:
    """Return `word` without its ending: `volatilities` and `volatility`, `crossing` and `crossed` give the same."""
    cut = _cut(word)
    if len(cut) > _SHORTEST and cut.endswith(("e", "y", "i")):
        cut = cut[:-1]
    if len(cut) > _SHORTEST and cut[-1] == cut[-2] and cut[-1] not in "lsz":
        cut = cut[:-1]
    return cut


def _cut(word: str) -> str:
    if len(word) < _SHORTEST or not word.isascii() or word.endswith(("ss", "us", "is")):
        return word
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) + len(instead) >= _SHORTEST - 1:
            return word[: -len(ending)] + instead
    return word
