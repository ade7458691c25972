"""Which domain a text belongs to that lies outside the five folders: what its front matter says, else the words of its name."""

import re

from libs.common.values import Domain
from services.strategy_gen.knowledge.errors import UnreadableError

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n((?:[^\n]*\n){0,40}?)---[ \t]*(?:\n|\Z)")
_ENTRY = re.compile(r"^([A-Za-z_]{1,40})[ \t]*:[ \t]*([^\n]*)$", re.MULTILINE)
_WORD = re.compile(r"[a-z]+")
_WORDS = {
    Domain.TECHNICAL: "technical indicator indicators chart charts candle candles pattern patterns rsi macd momentum trend breakout volume",
    Domain.SENTIMENT: "sentiment news crowd mania bubble fear greed psychology behavior behaviour social",
    Domain.FUNDAMENTAL: "fundamental fundamentals valuation value earnings balance dividend ratio ratios accounting company",
    Domain.RISK: "risk stop stops drawdown sizing position hedge hedging volatility portfolio",
    Domain.PAPERS: "paper papers study studies research journal anomaly effect",
}
_DOMAIN_OF = {word: domain for domain, words in _WORDS.items() for word in words.split()}


def front_matter(text: str) -> tuple[dict[str, str], str]:
    """Return the `key: value` lines between two `---` lines at the start of `text`, keys in lower case, and the text after them."""
    found = _FRONT_MATTER.match(text)
    if found is None:
        return {}, text
    entries = {key.lower(): value.strip().strip("\"'") for key, value in _ENTRY.findall(found.group(1))}
    return entries, text[found.end() :]


def domain_of(name: str, entries: dict[str, str]) -> Domain:
    """Return the domain of the file `name` with these front-matter entries; raises UnreadableError where neither tells."""
    names = ", ".join(Domain)
    if "domain" in entries:
        try:
            return Domain(entries["domain"].lower())
        except ValueError:
            raise UnreadableError(f"its front matter names no domain; write `domain:` and one of {names}") from None
    for word in _WORD.findall(name.lower()):
        if word in _DOMAIN_OF:
            return _DOMAIN_OF[word]
    raise UnreadableError(
        f"no domain; put it into a folder named {names}, or begin it with a line `domain: risk` between two lines `---`"
    )
