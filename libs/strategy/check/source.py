"""Reads source text within bounds and turns it into a syntax tree, or says why not. Decides nothing about what the code means.

Decoding is done here, so a coding cookie in the text has no effect. Every way in which a parser can give up on hostile text
(MemoryError, RecursionError, ValueError, SyntaxError) ends as a diagnostic.
"""

import ast
import re
import warnings

from libs.strategy.check.report import Diagnostic

MAX_BYTES = 64 * 1024
MAX_LINES = 2_000
MAX_LINE = 2_000
"""Characters in one line."""

_STRANGE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\U000e0000-\U000e007f]"
)
_FENCE = re.compile(r"\s*```")
_HINTS = (
    ("tabs", "indent with four spaces everywhere"),
    ("unindent", "lines of one block start at the same column"),
    ("indent", "lines of one block start at the same column; four spaces a level"),
    ("never closed", "close the bracket"),
    ("unterminated", "close the quotation mark on the same line"),
    ("U+201", "write plain quotation marks, not typographic ones"),
    ("print", "call print(...) with brackets"),
    ("nested", "use fewer brackets inside brackets"),
)


class Refused(Exception):
    """The source cannot be looked at further, for the reason in `diagnostic`."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        """diagnostic: the one remark that is the whole answer."""
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def read(source: str | bytes) -> str:
    """Return the text with line ends as `\\n` and without a leading byte-order mark.

    Raises Refused: not text, more than 64 kB, 2,000 lines or 2,000 characters in a line, not UTF-8, or with characters that do not
    show (control, direction marks, zero width, tags, lone surrogates).
    """
    if not isinstance(source, str | bytes):
        raise _refused("source.not_text", f"the source is {type(source).__name__}, not text", 1, 1)
    if len(source) > MAX_BYTES:
        raise _too_large(len(source))
    text = _decoded(source) if isinstance(source, bytes) else source
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    _refuse_strange(text)
    if len(encoded := text.encode()) > MAX_BYTES:
        raise _too_large(len(encoded))
    _refuse_long(text)
    return text


def parse(text: str) -> ast.Module:
    """Return the syntax tree. Raises Refused with the place and a hint where Python gives one."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text, "<strategy>")
    except SyntaxError as error:
        raise Refused(_of_syntax(error, text)) from None
    except (MemoryError, RecursionError):
        raise _refused("syntax.too_deep", "the code is nested too deeply to be read", 1, 1, _HINTS[-1][1]) from None
    except ValueError as error:
        raise _refused("syntax.invalid", f"the code cannot be read: {str(error)[:120]}", 1, 1) from None


def compiles(tree: ast.Module, text: str) -> Diagnostic | None:
    """Return what is wrong with a tree beyond its grammar (`return` outside a function, ...), None if nothing.

    Nothing is run. tree: within the bounds of the walk, which keep the compiler's recursion shallow.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(tree, "<strategy>", "exec", dont_inherit=True)
    except SyntaxError as error:
        return _of_syntax(error, text)
    except (MemoryError, RecursionError, ValueError):
        return _refused("syntax.too_deep", "the code is too involved to be compiled", 1, 1).diagnostic
    return None


def _decoded(source: bytes) -> str:
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError as error:
        before = source[: error.start]
        line, column = before.count(b"\n") + 1, len(before.rpartition(b"\n")[2].decode()) + 1
        message = f"byte 0x{source[error.start]:02x} is not UTF-8"
        raise _refused("source.encoding", message, line, column, "save the file as UTF-8") from None


def _refuse_strange(text: str) -> None:
    found = _STRANGE.search(text)
    if found:
        before = text[: found.start()]
        line, column = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
        message = f"the character U+{ord(found[0]):04X} does not show and may mislead a reader"
        raise _refused("source.character", message, line, column, "delete it; in a text write it as an escape")


def _refuse_long(text: str) -> None:
    lines = text.split("\n")
    if len(lines) > MAX_LINES + 1 or (len(lines) == MAX_LINES + 1 and lines[-1]):
        message = f"the source has {len(lines):,} lines, more than {MAX_LINES:,}"
        raise _refused("source.too_many_lines", message, MAX_LINES + 1, 1, "leave out data and unused code")
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_LINE:
            message = f"the line has {len(line):,} characters, more than {MAX_LINE:,}"
            raise _refused("source.line_too_long", message, number, MAX_LINE + 1, "break it in several")


def _of_syntax(error: SyntaxError, text: str) -> Diagnostic:
    lines = text.split("\n")
    line = min(max(error.lineno or 1, 1), len(lines))
    column = min(max(error.offset or 1, 1), len(lines[line - 1]) + 1)
    message = (error.msg or "the code is not Python")[:200]
    if "too many nested" in message or "too complex" in message or "too many levels" in message:
        return Diagnostic("syntax.too_deep", "error", message, line, column, None, "use fewer levels")
    if _FENCE.match(lines[line - 1]):
        return Diagnostic(
            "syntax.invalid", "error", message, line, column, None, "leave out the ``` lines around the code"
        )
    hint = next((hint for part, hint in _HINTS if part in message), None)
    return Diagnostic("syntax.invalid", "error", message, line, column, None, hint)


def _too_large(size: int) -> Refused:
    message = f"the source has {size:,} bytes or more, the limit is {MAX_BYTES:,}"
    return _refused("source.too_large", message, 1, 1, "leave out data and unused code")


def _refused(code: str, message: str, line: int, column: int, hint: str | None = None) -> Refused:
    return Refused(Diagnostic(code, "error", message, line, column, None, hint))
