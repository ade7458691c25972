"""The grammar as a parser, built once on first use, and its complaints in plain words."""

from functools import lru_cache
from pathlib import Path
from typing import cast

from lark import Lark
from lark.exceptions import UnexpectedToken

from services.strategy_gen.compiler.errors import NotReadError
from services.strategy_gen.compiler.reading.lexeme import Lexeme
from services.strategy_gen.compiler.reading.meaning.reading import Node

_GRAMMAR = Path(__file__).with_name("grammar.lark")
_TERMINALS = (
    "AGO ALERT AND AT BETWEEN BY BREAK BREAKOUT BUY COLOUR COLUMN CROSS FACT FIGURE FIND FOR FROM GAP GUARD HOLD IN IT LEAD LEFT "
    "MAKES MORE MOVE NOT NUM OF OP OR PARAMS PERCENT PREV PRICE RIGHT SECTOR SELL SEP SIGN SPAN STOCK TERM TIMES TURN UNIT WITHIN"
)
_SAID = {
    "PERCENT": "a percentage",
    "NUM": "a number",
    "SPAN": "a length of time",
    "OP": "a comparison (above, below, at least)",
    "CROSS": "crosses above or crosses below",
    "BETWEEN": "between",
    "TERM": "an indicator",
    "COLUMN": "a price",
    "FACT": "a condition (oversold, high volume)",
    "MORE": "or more",
    "AND": "and",
    "OR": "or",
    "LEAD": "when",
    "RIGHT": "a closing bracket",
}
_SHOWN = 5

MOST_BRACKETS = 20


@lru_cache(maxsize=1)
def _parser() -> Lark:
    grammar = _GRAMMAR.read_text(encoding="utf-8") + f"\n%declare {_TERMINALS}\n"
    return Lark(grammar, parser="lalr", lexer="basic", maybe_placeholders=False)


def parse(lexemes: list[Lexeme], end: int) -> Node:
    """Return the parse tree; `end` is where the text ends. Raises NotReadError at the first lexeme that does not fit."""
    _require_shallow(lexemes)
    machine = _parser().parse_interactive()
    taken: list[Lexeme] = []
    try:
        for lexeme in lexemes:
            machine.feed_token(cast("object", lexeme))  # type: ignore[arg-type]
            taken.append(lexeme)
        return cast("Node", machine.feed_token(cast("object", Lexeme("$END", "", end, end))))  # type: ignore[arg-type]
    except UnexpectedToken as error:
        place = len(taken)
        raise _misfit(lexemes, place, error) from None


def _require_shallow(lexemes: list[Lexeme]) -> None:
    depth = 0
    before = ""
    for lexeme in lexemes:
        depth += (lexeme.type == "LEFT") - (lexeme.type == "RIGHT")
        place = lexeme.start, lexeme.end
        if depth > MOST_BRACKETS:
            hint = f"use at most {MOST_BRACKETS} inside each other"
            raise NotReadError("prompt.too_deep", "{} opens one bracket too many", place, hint)
        if lexeme.type == before == "NOT":
            raise NotReadError(
                "prompt.misplaced", "{} negates what is negated already", place, "say it once, or not at all"
            )
        before = lexeme.type


def _misfit(lexemes: list[Lexeme], at: int, error: UnexpectedToken) -> NotReadError:
    expected = [words for kind, words in _SAID.items() if kind in (error.accepts or error.expected)][:_SHOWN]
    hint = "expected here: " + ", ".join(expected) if expected else None
    spelled = [x for x in lexemes[at:] if x.end > x.start and x.type != "SEP"]
    if at == len(lexemes) or not spelled or lexemes[at].type == "SEP":
        before = [x for x in lexemes[:at] if x.end > x.start]
        last = before[-1] if before else Lexeme("", "", 0, 0)
        return NotReadError("prompt.incomplete", "something is missing after {}", (last.start, last.end), hint)
    return NotReadError("prompt.misplaced", "{} does not fit here", (spelled[0].start, spelled[0].end), hint)
