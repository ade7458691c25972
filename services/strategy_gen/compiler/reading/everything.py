"""Says what "crypto", "coins" and "stocks" filter: nothing. A strategy looks at the symbols it is run on."""

from services.strategy_gen.compiler.errors import NotReadError
from services.strategy_gen.compiler.reading.lexeme import Lexeme
from services.strategy_gen.compiler.tree import Assumed

_COINS = frozenset({"crypto", "cryptos", "cryptocurrency", "cryptocurrencies", "coin", "coins", "token", "tokens"})
_SHARES = frozenset(
    {"stock", "stocks", "share", "shares", "company", "companies", "equity", "equities", "firm", "firms"}
)
_SETTING_APART = frozenset({"NOT", "WITHOUT", "UNLESS", "NEITHER", "NOR", "IS"})
_HINT = "name the symbols, or give a universe beside the text"


def everything(text: str, lexemes: list[Lexeme]) -> tuple[Assumed, ...]:
    """Return the assumption about a noun for all there is, in a sentence that names no symbols; none where there is no such noun.

    Raises NotReadError where the noun is to set some symbols apart: "crypto stocks", "that are crypto".
    """
    lexemes = [lexeme for lexeme in lexemes if lexeme.type != "NONE"]
    nouns = [at for at in range(len(lexemes)) if _is_noun(text, lexemes, at)]
    first = _word(text, lexemes[nouns[0]]) if nouns else ""
    for at in nouns:
        is_other = (_word(text, lexemes[at]) in _COINS) != (first in _COINS)
        if is_other or _sets_apart(text, lexemes, at):
            place = lexemes[at].start, lexemes[at].end
            raise NotReadError("prompt.not_modelled", "{} does not set symbols apart", place, _HINT)
    meaning = "every symbol of the universe" + (", coin or not" if first in _COINS else "")
    return (Assumed(first, meaning),) if nouns else ()


def _word(text: str, lexeme: Lexeme) -> str:
    return text[lexeme.start : lexeme.end].lower()


def _is_noun(text: str, lexemes: list[Lexeme], at: int) -> bool:
    """Tell whether a noun for all there is stands at a place; "1 million shares" is an amount."""
    is_amount = at > 0 and lexemes[at - 1].type == "NUM"
    return lexemes[at].type == "STOCK" and not is_amount and _word(text, lexemes[at]) in _COINS | _SHARES


def _sets_apart(text: str, lexemes: list[Lexeme], at: int) -> bool:
    """Tell whether the noun is said of other nouns: "symbols that are crypto", "assets in crypto", "not crypto"."""
    before = lexemes[at - 1] if at else None
    if before is None:
        return False
    is_said = before.type in ("WITH", "WHICH") and _word(text, before).endswith((" is", " are"))
    is_in = before.type == "IN" and _word(text, lexemes[at]) in _COINS
    return before.type in _SETTING_APART or is_in or (is_said and any(one.type == "STOCK" for one in lexemes[:at]))
