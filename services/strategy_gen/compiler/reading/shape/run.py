"""What the steps of shaping share: runs of lexemes, looked at by type."""

from collections.abc import Callable
from dataclasses import replace

from services.strategy_gen.compiler.errors import NotReadError
from services.strategy_gen.compiler.reading.lexeme import Lexeme

HEADS = frozenset({"BUY", "SELL", "FIND", "ALERT"})
AMOUNTS = frozenset({"NUM", "PERCENT", "TIMES"})
JOINTS = frozenset({"AND", "OR", "WITH", "COMMA", "THEN"})
MEASURES = frozenset({"TERM", "COLUMN", "FIGURE", "PRICE", "SPAN", "NUM", "PARAMS"})

Lexemes = list[Lexeme]
Step = Callable[[Lexemes], Lexemes]


def type_at(lexemes: Lexemes, at: int) -> str:
    """Return the type of the lexeme at a place, "" outside."""
    return lexemes[at].type if 0 <= at < len(lexemes) else ""


def understood(kind: str, at: int) -> Lexeme:
    """Return a lexeme that is meant without being written."""
    return Lexeme(kind, "", at, at)


def retyped(rule: Callable[[Lexemes, int], str]) -> Step:
    """Return a step that gives each lexeme the type that `rule` says; "" drops it."""

    def step(lexemes: Lexemes) -> Lexemes:
        lexemes = list(lexemes)
        kept: Lexemes = []
        for at, lexeme in enumerate(lexemes):
            kind = rule(lexemes, at)
            if kind:
                lexemes[at] = replace(lexeme, type=kind)
                kept.append(lexemes[at])
        return kept

    return step


def out_of_order(lexeme: Lexeme) -> NotReadError:
    """Return the error about "then" or "later" between conditions."""
    hint = 'all conditions are about the same bar; what was before is told as in "yesterday\'s low", "for 3 bars"'
    return NotReadError("prompt.not_modelled", "{} puts conditions in an order", (lexeme.start, lexeme.end), hint)


def is_guard(lexemes: Lexemes, at: int) -> bool:
    """Tell whether an exit begins at a place: "stop loss of 2%", "2% stop loss", "hold for 5 bars"."""
    kind = type_at(lexemes, at)
    return kind in ("GUARD", "HOLD") or (kind == "PERCENT" and type_at(lexemes, at + 1) == "GUARD")
