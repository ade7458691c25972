"""Shaping, third part: nouns that carry no meaning of their own, and the qualities before them."""

from services.strategy_gen.compiler.errors import NotReadError
from services.strategy_gen.compiler.reading.lexeme import Lexeme
from services.strategy_gen.compiler.reading.shape.run import (
    HEADS,
    JOINTS,
    MEASURES,
    Lexemes,
    is_guard,
    type_at,
    understood,
)

_QUALITIES = frozenset({"FACT", "SECTOR"})
_NOUNS = frozenset({"STOCK", "IT"})
_OPENING = frozenset({"WITH", "WHICH", "WHEN"})
_ENDING = JOINTS | HEADS | {"", "SEP", "WHEN", "WHICH", "RIGHT", "WITHOUT", "UNLESS"}


def nouns(lexemes: Lexemes) -> Lexemes:
    """Drop "stocks" in "find stocks", "it" in "buy it", "a stock" in "a stock has high volume"; join the qualities before a noun."""
    result: Lexemes = []
    for at, lexeme in enumerate(lexemes):
        before, after = type_at(result, len(result) - 1), type_at(lexemes, at + 1)
        if lexeme.type == "STOCK" and before == "NUM":
            _require_limit(result, lexeme)
            result.append(lexeme)
        elif lexeme.type == "STOCK" and before in _QUALITIES:
            _join(result)
            if after not in _ENDING and not is_guard(lexemes, at + 1):
                result.append(understood("AND", lexeme.end))
        elif lexeme.type in _NOUNS and before == "OF":
            result.pop()
        elif lexeme.type not in _NOUNS or not _is_idle(lexemes, at, before):
            result.append(lexeme)
    return result


def _require_limit(result: Lexemes, noun: Lexeme) -> None:
    if type_at(result, len(result) - 2) in HEADS:
        hint = "how much is bought is set by the risk limits of the account"
        raise NotReadError(
            "prompt.not_modelled", "{} is nothing that is measured here", (result[-1].start, noun.end), hint
        )


def _is_idle(lexemes: Lexemes, at: int, before: str) -> bool:
    after = type_at(lexemes, at + 1)
    return before in HEADS or after in _OPENING or (after in MEASURES and type_at(lexemes, at + 2) != "AGO")


def _join(result: Lexemes) -> None:
    start = len(result)
    while start and result[start - 1].type in _QUALITIES | {"AND", "OR", "COMMA", "NOT"}:
        start -= 1
    while result[start].type not in _QUALITIES | {"NOT"}:
        start += 1
    run: list[Lexeme] = []
    for lexeme in result[start:]:
        if run and run[-1].type in _QUALITIES and lexeme.type in _QUALITIES | {"NOT"}:
            run.append(understood("AND", lexeme.start))
        run.append(lexeme)
    if any(lexeme.type == "OR" for lexeme in run):
        run = [understood("LEFT", run[0].start), *run, understood("RIGHT", run[-1].end)]
    result[start:] = run
