"""Collects remarks and turns the places of nodes into lines and columns for people."""

import ast
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, Literal

from libs.strategy.check.report import Diagnostic

MOST = 100
"""Diagnostics kept of one source; a person reads the first few."""

_HINTED = 10
_LIKELY = 250
"""Names near in length that are compared, for so many remarks; comparing takes time, and only the first remarks are read."""

_STARTS = {ast.FunctionDef: 4, ast.AsyncFunctionDef: 10, ast.ClassDef: 6}


class Notes:
    """Remarks on one source, in any order; `sorted` gives them by place."""

    def __init__(self, text: str) -> None:
        """text: the source whose nodes are remarked on."""
        self._lines = text.split("\n")
        self._found: dict[tuple[str, int, int], Diagnostic] = {}
        self._hints_left = _HINTED

    def error(self, node: ast.AST, code: str, message: str, hint: str | None = None) -> None:
        """Remark something that keeps the source from running."""
        self._add(node, "error", code, message, hint)

    def warn(self, node: ast.AST, code: str, message: str, hint: str | None = None) -> None:
        """Remark something that runs and is probably not what is meant."""
        self._add(node, "warning", code, message, hint)

    def near(self, name: str, known: Iterable[str]) -> str | None:
        """Return "did you mean x" for the known name most like this one, None if none is or enough has been remarked."""
        if not self._hints_left:
            return None
        self._hints_left -= 1
        likely = sorted(known, key=lambda one: (abs(len(one) - len(name)), one))[:_LIKELY]
        close = get_close_matches(name[:64], likely, n=1, cutoff=0.72)
        return f"did you mean {close[0]}" if close else None

    def add(self, diagnostic: Diagnostic) -> None:
        """Take a remark made elsewhere."""
        self._found.setdefault((diagnostic.code, diagnostic.line, diagnostic.column), diagnostic)

    def sorted(self) -> tuple[Diagnostic, ...]:
        """Return the first 100 remarks by line and column, errors first where they share a place."""
        order = sorted(self._found.values(), key=lambda one: (one.line, one.column, one.severity, one.code))
        errors = [one for one in order if one.severity == "error"]
        kept = order if len(order) <= MOST else [*errors, *(one for one in order if one.severity != "error")][:MOST]
        return tuple(sorted(kept, key=lambda one: (one.line, one.column, one.severity, one.code)))

    def _add(self, node: Any, severity: Literal["error", "warning"], code: str, message: str, hint: str | None) -> None:
        line, start, end_line, end = _span(node)
        column = self._column(line, start)
        end_column = self._column(line, end) if end_line == line else None
        self.add(Diagnostic(code, severity, message, line, column, end_column, hint))

    def _column(self, line: int, offset: int) -> int:
        text = self._lines[line - 1] if line <= len(self._lines) else ""
        return offset + 1 if text.isascii() else len(text.encode()[:offset].decode(errors="replace")) + 1


def _span(node: Any) -> tuple[int, int, int, int]:
    """Return line, byte column, end line, end byte column of the part of a node that a remark is about."""
    if isinstance(node, ast.Attribute) and node.end_lineno and node.end_col_offset is not None:
        start = node.end_col_offset - len(node.attr.encode())
        return node.end_lineno, max(start, 0), node.end_lineno, node.end_col_offset
    ahead = _STARTS.get(type(node))
    if ahead:
        start = node.col_offset + ahead
        return node.lineno, start, node.lineno, start + len(node.name.encode())
    if not hasattr(node, "lineno"):
        return 1, 0, 1, 0
    return node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
