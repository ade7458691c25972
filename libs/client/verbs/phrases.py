"""A sentence that was not understood, drawn with a mark under each phrase, the nearest ones known, and a hint."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

_WIDEST = 150


def is_of_text(found: Mapping[str, Any]) -> bool:
    """Tell whether a finding is about a phrase of the sentence; others are about code."""
    return all(isinstance(found.get(name), int) for name in ("start", "end"))


def draw(text: str, findings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the lines that show every phrase of `text` a finding is about, and what is said of each.

    A sentence that fits on a line is shown once with all its marks; of a longer one the part around each phrase. Findings without a place in it
    are told without a mark.
    """
    is_short = "\n" not in text and len(text) <= _WIDEST
    placed = [found for found in findings if is_of_text(found)]
    lines = _marked_once(text, placed) if is_short and placed else []
    for found in findings:
        lines.append(f"{found.get('message', '')} [{found.get('code', 'error')}]")
        if is_of_text(found) and not is_short:
            lines += _marked(text, found["start"], found["end"])
        hint = str(found.get("hint") or "")
        near = [str(one) for one in found.get("nearest") or ()]
        if near and near[0] not in hint:
            lines.append("  nearest: " + ", ".join(f'"{one}"' for one in near[:5]))
        if hint:
            lines.append(f"  hint: {hint}")
    return [_clean(line) for line in lines]


def is_mark(line: str) -> bool:
    """Tell whether a drawn line is the marks under a sentence."""
    return "^" in line and not line.strip(" ^")


def _marked_once(text: str, findings: Sequence[Mapping[str, Any]]) -> list[str]:
    marks = [" "] * _width(text) + [" "]
    for found in findings:
        start, end = _within(text, found["start"], found["end"])
        first = _width(text[:start])
        for column in range(first, max(first + 1, _width(text[:end]))):
            marks[min(column, len(marks) - 1)] = "^"
    return ["    " + text, "    " + "".join(marks).rstrip()]


def _marked(text: str, start: int, end: int) -> list[str]:
    start, end = _within(text, start, end)
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", start)
    line = text[first : last if last >= 0 else len(text)]
    begin, stop = start - first, min(end - first, len(line))
    cut = max(0, begin - _WIDEST // 2) if len(line) > _WIDEST else 0
    marks = _width(line[begin : max(stop, begin)])
    return [
        "    " + line[cut : cut + _WIDEST],
        "    " + " " * _width(line[cut:begin]) + "^" * max(1, min(marks, _WIDEST)),
    ]


def _within(text: str, start: int, end: int) -> tuple[int, int]:
    start = max(0, min(start, len(text)))
    return start, max(start, min(end, len(text)))


def _width(text: str) -> int:
    """Return how many columns a terminal gives a text: two for a wide letter, none for one that joins the last."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(unicodedata.combining(letter) != 0 for letter in text)


def _clean(line: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in line)
