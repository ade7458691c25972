"""The unit that the grammar reads: a known phrase, number or length of time, with its place in the text."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Lexeme:
    """`type` is a terminal of grammar.lark; value depends on it; the phrase is text[start:end], empty for what is only understood."""

    type: str
    value: Any
    start: int
    end: int


CHARTS = {
    ("minute", 1): "1m",
    ("minute", 5): "5m",
    ("minute", 15): "15m",
    ("hour", 1): "1h",
    ("hour", 4): "4h",
    ("day", 1): "1d",
}
"""Lengths of time that are bar lengths, by unit and count."""


@dataclass(frozen=True, slots=True)
class Length:
    """Value of a SPAN: `plural` as in "5 days", not "5-day"; tight as in "4h"."""

    count: int
    unit: str
    plural: bool
    tight: bool


def place(items: "list[Lexeme] | tuple[Lexeme, ...]") -> tuple[int, int]:
    """Return start and end of a run of lexemes."""
    return items[0].start, items[-1].end
