"""Cuts the text of a condition into tokens; refuses every character that is not part of the language."""

import re
from dataclasses import dataclass
from typing import Literal

from libs.common.errors import BadStrategyError
from libs.strategy.conditions.tree import MAX_LENGTH

_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>[<>=!]=|[-+*/<>(),.])"
)
_SPACE = " \t\r\n"
_HINTS = {
    "=": "write == to compare",
    "&": "write and",
    "|": "write or",
    "!": "write not, or !=",
    "[": "the bar before is shift(close, 1)",
    "]": "the bar before is shift(close, 1)",
    "%": "there is no remainder; 5 % of x is 0.05 * x",
    "^": "there are no powers; write x * x",
    "'": "there are no texts in a condition",
    '"': "there are no texts in a condition",
}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text; column: 1-based place of its first character. Names are in lower case."""

    kind: Literal["number", "name", "sign", "end"]
    text: str
    column: int

    @property
    def shown(self) -> str:
        """Return the token as an error names it."""
        return "the end" if self.kind == "end" else repr(self.text[:32])


def fault(at: str, column: int, detail: str, hint: str | None = None) -> BadStrategyError:
    """Return the error for a column of the condition at JSON pointer `at`."""
    return BadStrategyError(f"column {column}: {detail}", pointer=at, hint=hint)


def tokens(text: str, at: str) -> list[Token]:
    """Return the tokens of `text`, an end token last.

    Raises BadStrategyError for a text longer than 1,000 characters and for foreign characters, with the column.
    """
    if len(text) > MAX_LENGTH:
        raise BadStrategyError(
            f"the condition has {len(text)} characters",
            pointer=at,
            hint=f"use at most {MAX_LENGTH}, or several conditions",
        )
    found: list[Token] = []
    place = 0
    while place < len(text):
        if text[place] in _SPACE:
            place += 1
            continue
        match = _TOKEN.match(text, place)
        if match is None:
            shown = ascii(text[place])
            raise fault(at, place + 1, f"{shown} is not part of the language", _HINTS.get(text[place]))
        kind: Literal["number", "name", "sign"] = "sign"
        if match.lastgroup == "number":
            kind = "number"
        elif match.lastgroup == "name":
            kind = "name"
        found.append(Token(kind, match.group().lower(), place + 1))
        place = match.end()
    found.append(Token("end", "", len(text) + 1))
    return found
