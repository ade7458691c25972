"""The parts of a header that are words: why a code failed, what the checker found, what came along. Every text is cut and cleaned."""

from typing import Any

from libs.strategy.check.report import Diagnostic
from libs.strategy.sandbox.host import strict
from libs.strategy.sandbox.host.answers import CodeError, Failure, Remark, Told
from libs.strategy.sandbox.host.strict import ProtocolError

ERROR_CODES = ("strategy.rejected", "strategy.raised", "strategy.result", "strategy.contract", "strategy.memory")
"""Codes a child may give to its own failure."""

MOST_DIAGNOSTICS = 200
MOST_WARNINGS = 50
LONGEST_PRINTED = 4_096
_LARGEST_LINE = 1_000_000


def read_failure(head: Any) -> Failure:
    """Return the failure in a header whose `ok` is false; raises ProtocolError."""
    fields = strict.fields_of(head, "header", ("ok", "error"), ("op", "diagnostics", "printed"))
    error = strict.fields_of(fields["error"], "error", ("code", "message"), ("type", "line", "column", "hint"))
    if error["code"] not in ERROR_CODES:
        raise ProtocolError("a failure has a code of its own making")
    read = CodeError(
        error["code"],
        _words(error.get("type"), "type", 80),
        strict.text_of(error["message"], "message"),
        line_number(error.get("line")),
        line_number(error.get("column")),
        _words(error.get("hint"), "hint", strict.LONGEST_TEXT),
    )
    return Failure(read, diagnostics_of(fields.get("diagnostics", [])), printed_of(fields))


def diagnostics_of(value: Any) -> tuple[Diagnostic, ...]:
    """Return a list of diagnostics, at most 200; raises ProtocolError."""
    return tuple(_diagnostic(each) for each in strict.list_of(value, "diagnostics", MOST_DIAGNOSTICS))


def told_of(head: dict[str, Any]) -> Told:
    """Return what came along in a header; raises ProtocolError."""
    repeatable = head.get("repeatable")
    claimed = head.get("claimed")
    return Told(
        tuple(_remark(each) for each in strict.list_of(head.get("warnings", []), "warnings", MOST_WARNINGS)),
        printed_of(head),
        None if claimed is None else strict.plain_of(claimed, "claimed"),
        strict.plain_of(head.get("values") or {}, "values"),
        None if repeatable is None else strict.flag_of(repeatable, "repeatable"),
    )


def printed_of(head: dict[str, Any]) -> str:
    """Return what the code printed, at most 4,096 characters; raises ProtocolError."""
    printed = head.get("printed", "")
    if not isinstance(printed, str):
        raise ProtocolError("printed is not a text")
    return strict.clean(printed, LONGEST_PRINTED)


def line_number(value: Any) -> int | None:
    """Return a line or column from 0, None where unknown; raises ProtocolError."""
    return None if value is None else strict.whole_of(value, "line", 0, _LARGEST_LINE)


def _remark(value: Any) -> Remark:
    read = strict.fields_of(value, "warning", ("code", "message"))
    return Remark(strict.text_of(read["code"], "code", 64), strict.text_of(read["message"], "message"))


def _diagnostic(value: Any) -> Diagnostic:
    read = strict.fields_of(value, "diagnostic", ("code", "severity", "message", "line", "column"), ("hint",))
    if read["severity"] not in ("error", "warning"):
        raise ProtocolError("a diagnostic is neither error nor warning")
    return Diagnostic(
        strict.text_of(read["code"], "code", 64),
        read["severity"],
        strict.text_of(read["message"], "message"),
        strict.whole_of(read["line"], "line", 0, _LARGEST_LINE),
        strict.whole_of(read["column"], "column", 0, _LARGEST_LINE),
        hint=_words(read.get("hint"), "hint", strict.LONGEST_TEXT) or None,
    )


def _words(value: Any, what: str, limit: int) -> str:
    return "" if value is None else strict.text_of(value, what, limit)
