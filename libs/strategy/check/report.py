"""What the checker answers: diagnostics with a place, and what the source defines."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Literals: TypeAlias = int | float | str | bool | None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One remark. code: dotted and stable (`name.unknown`). line, column: from 1, in characters. end_column: exclusive, on the same
    line, None where unknown. hint: what to write instead, where there is one.
    """

    code: str
    severity: Literal["error", "warning"]
    message: str
    line: int
    column: int
    end_column: int | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """All that is known of a source before it runs.

    diagnostics: sorted by place. contracts: `python.signals`, `python.classify`, `python.batch` as found, best first.
    constants: SIGNAL_MODE and HORIZON where the source sets them to literals. parameters: name -> default of the arguments with
    literal defaults that the best contract's functions have beyond the documented ones. code_hash: SHA-256 hex of the normalised
    syntax tree (docstrings, comments, layout do not count; equal on Python 3.11 to 3.13), None if it cannot be read as Python.
    """

    diagnostics: tuple[Diagnostic, ...]
    contracts: tuple[str, ...] = ()
    constants: dict[str, Literals] = field(default_factory=dict)
    parameters: dict[str, Literals] = field(default_factory=dict)
    code_hash: str | None = None

    @property
    def ok(self) -> bool:
        """Tell whether there is no error; warnings do not stop a run."""
        return all(diagnostic.severity != "error" for diagnostic in self.diagnostics)
