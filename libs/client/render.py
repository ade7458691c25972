"""How answers look: rich tables for a person at a terminal, tab-separated lines for a pipe, JSON on request.

Decides presentation only. Imports rich inside functions, because `--help` must not pay for it.
"""

import json
import sys
from collections.abc import Sequence
from typing import Any

from libs.common.errors import SentinelError

EMPTY = "-"


def as_json(body: Any) -> None:
    """Print the API's own body."""
    sys.stdout.write(json.dumps(body, indent=2, ensure_ascii=False, default=str) + "\n")


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], title: str = "") -> None:
    """Print rows under their columns; a pipe gets the same as tab-separated lines, columns first."""
    cells = [[cell(value) for value in row] for row in rows]
    if not sys.stdout.isatty():
        for line in [list(columns), *cells]:
            sys.stdout.write("\t".join(line) + "\n")
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal pays for it
    from rich.table import Table  # noqa: PLC0415 - only a terminal pays for it
    from rich.text import Text  # noqa: PLC0415 - only a terminal pays for it

    shown = Table(
        title=Text(title) if title else None, title_justify="left", header_style="bold", box=None, pad_edge=False
    )
    for name in columns:
        shown.add_column(name)
    for row in cells:
        shown.add_row(*(Text(text) for text in row))
    Console().print(shown)


def facts(pairs: Sequence[tuple[str, Any]], title: str = "") -> None:
    """Print names and values, one a line."""
    table(("what", "value"), pairs, title)


def line(text: str) -> None:
    """Print a plain line."""
    sys.stdout.write(text + "\n")


def tree(lines: Sequence[tuple[int, str]]) -> None:
    """Print (depth, text) lines as a tree of causes, the effect first."""
    for depth, text in lines:
        line("   " * (depth - 1) + "└─ " + text if depth else text)


def problem(error: SentinelError) -> None:
    """Print an error on standard error: what, where, what to do."""
    where = f" (at {error.pointer})" if error.pointer else ""
    sys.stderr.write(f"sentinel: {error.detail}{where} [{error.code}]\n")
    if error.hint:
        sys.stderr.write(f"  hint: {error.hint}\n")


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


def percent(value: float | None) -> str:
    """Return a fraction as a percentage."""
    return EMPTY if value is None else f"{100 * value:.2f} %"
