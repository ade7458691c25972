"""How answers look: rich tables for a person at a terminal, tab-separated lines for a pipe, JSON on request.

Decides presentation only. Imports rich inside functions, because `--help` must not pay for it.
"""

import json
import re
import sys
from collections.abc import Sequence
from typing import Any

from libs.common.errors import SentinelError

EMPTY = "-"
WHOLE = frozenset({"id", "strategy_id", "event_id", "document"})
"""Columns whose cells are copied into other commands: a narrow terminal takes the room from their neighbours."""

SHORT = 20
"""Up to so many letters a cell is not broken either."""

_NARROWEST = 12
_APART = 2
_LISTED = 2
_LISTED_ALL = 4
_FEWEST = 2

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d+Z")


def as_json(body: Any) -> None:
    """Print the API's own body."""
    sys.stdout.write(json.dumps(body, indent=2, ensure_ascii=False, default=str) + "\n")


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], title: str = "") -> None:
    """Print rows under their columns; a pipe gets the same as tab-separated lines, columns first.

    A terminal that is too narrow loses the columns that are empty in every row, then the last ones, and says which.
    """
    if not sys.stdout.isatty():
        for line in [list(columns), *([cell(value) for value in row] for row in rows)]:
            sys.stdout.write("\t".join(line) + "\n")
        return
    cells = [[brief(value) for value in row] for row in rows]
    from rich.console import Console  # noqa: PLC0415 - only a terminal pays for it
    from rich.table import Table  # noqa: PLC0415 - only a terminal pays for it
    from rich.text import Text  # noqa: PLC0415 - only a terminal pays for it

    shown = Table(
        title=Text(title) if title else None, title_justify="left", header_style="bold", box=None, pad_edge=False
    )
    console = Console()
    cells = [[_MOMENT.sub(r"\1Z", text) for text in row] for row in cells]
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    kept = _fitting(columns, cells, widths, console.width)
    for place in kept:
        least = _least(columns[place], widths[place])
        shown.add_column(columns[place], no_wrap=least == widths[place], overflow="fold", min_width=least)
    for row in cells:
        shown.add_row(*(Text(row[place]) for place in kept))
    console.print(shown)
    if cells and len(kept) < len(columns):
        left = [columns[place] for place in range(len(columns)) if place not in kept and _is_told(cells, place)]
        if left:
            console.print(Text(f"too narrow for: {', '.join(left)}", style="dim"))


def _fitting(columns: Sequence[str], cells: Sequence[Sequence[str]], widths: Sequence[int], room: int) -> list[int]:
    """Return the places of the columns that fit into a terminal: first the empty ones go, then the last ones."""
    kept = list(range(len(columns)))
    if sum(widths) + _APART * len(widths) <= room:
        return kept
    kept = [place for place in kept if not cells or _is_told(cells, place)]
    while len(kept) > _FEWEST and sum(_least(columns[place], widths[place]) + _APART for place in kept) > room:
        kept.pop()
    return kept


def _is_told(cells: Sequence[Sequence[str]], place: int) -> bool:
    return any(row[place] != EMPTY for row in cells)


def _least(column: str, width: int) -> int:
    """Return how narrow a column may become: those that are copied, and short ones, not at all."""
    return width if column in WHOLE or width <= SHORT else _NARROWEST


def facts(pairs: Sequence[tuple[str, Any]], title: str = "") -> None:
    """Print names and values, one a line."""
    table(("what", "value"), pairs, title)


def rows(pairs: Sequence[tuple[str, Any]], *, commands: bool = False) -> None:
    """Print pairs in two columns without a header; commands: the first are to be copied, so no line break may come into them."""
    cells = [(cell(first), cell(second)) for first, second in pairs]
    if not sys.stdout.isatty():
        for first, second in cells:
            sys.stdout.write(f"{first}\t{second}\n")
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal pays for it
    from rich.table import Table  # noqa: PLC0415 - only a terminal pays for it
    from rich.text import Text  # noqa: PLC0415 - only a terminal pays for it

    console = Console()
    if commands and max(len(first) + len(second) + _APART for first, second in cells) > console.width:
        for first, second in cells:
            console.print(Text(first, style="bold"), soft_wrap=True)
            console.print(Text(f"  {second}", style="dim"))
        return
    shown = Table(box=None, pad_edge=False, show_header=False)
    shown.add_column(no_wrap=True, overflow="fold", style="bold" if commands else "dim")
    shown.add_column(overflow="fold")
    for first, second in cells:
        shown.add_row(Text(first), Text(second))
    console.print(shown)


def line(text: str) -> None:
    """Print a plain line."""
    sys.stdout.write(text + "\n")


def prose(text: str) -> None:
    """Print a text that a terminal breaks between words."""
    if not sys.stdout.isatty():
        line(plain(text))
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal pays for it
    from rich.text import Text  # noqa: PLC0415 - only a terminal pays for it

    Console().print(Text(plain(text)))


def heading(text: str, more: str = "") -> None:
    """Print what the lines below are about; more: a second line of it, less loud."""
    if not sys.stdout.isatty():
        for part in filter(None, (text, more)):
            line(f"# {cell(part)}")
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal pays for it
    from rich.text import Text  # noqa: PLC0415 - only a terminal pays for it

    console = Console()
    console.print(Text("\n" + plain(text), style="bold cyan"))
    if more:
        console.print(Text(plain(more), style="dim"))


def tree(lines: Sequence[tuple[int, str]]) -> None:
    """Print (depth, text) lines as a tree of causes, the effect first."""
    for depth, text in lines:
        line("   " * (depth - 1) + "└─ " + text if depth else text)


def problem(error: SentinelError) -> None:
    """Print an error on standard error: what, where, what to do."""
    where = f" (at {cell(error.pointer)})" if error.pointer else ""
    sys.stderr.write(f"sentinel: {plain(error.detail)}{where} [{cell(error.code)}]\n")
    if error.hint:
        sys.stderr.write(f"  hint: {plain(error.hint)}\n")


def plain(text: str) -> str:
    """Return a text of several lines without control characters, which could tell a terminal what to do."""
    return "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text)


def python(code: str) -> None:
    """Print Python source, in colours for a person at a terminal."""
    if not sys.stdout.isatty():
        sys.stdout.write(code.rstrip("\n") + "\n")
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal pays for it
    from rich.syntax import Syntax  # noqa: PLC0415 - only a terminal pays for it

    shown = Syntax(plain(code.rstrip("\n")), "python", theme="ansi_dark", background_color="default", word_wrap=True)
    Console().print(shown)


def cell(value: Any) -> str:
    """Return a value as a short text on one line, without control characters; absent is `-`, never a zero."""
    if value is None or value == "":
        return EMPTY
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return ", ".join(cell(one) for one in value) or EMPTY
    return "".join(letter if letter.isprintable() else " " for letter in str(value))


def brief(value: Any) -> str:
    """Return a value as `cell` does, but of a long list the first ones and the number of the others."""
    if isinstance(value, list | tuple) and len(value) > _LISTED_ALL:
        return f"{cell(value[:_LISTED])} and {len(value) - _LISTED:,} more"
    return cell(value)


def percent(value: float | None) -> str:
    """Return a fraction as a percentage."""
    return EMPTY if value is None else f"{100 * value:.2f} %"
