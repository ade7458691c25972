"""What a submission of Python code says: its kind, its parameters, its signal mode. Decides by the checker, and runs nothing."""

import ast
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from libs.common.errors import BadStrategyError
from libs.strategy.check import Report, check
from libs.strategy.check.contracts import DEFAULT_HORIZON
from libs.strategy.rules_fields import is_text

PYTHON_KINDS = ("python.signals", "python.classify", "python.batch")
BATCH_CONTRACTS = ("run_batch_backtest", "run_screening")

_SHOWN = 50
_LARGEST = 2**63
_LONGEST_TEXT = 1_000
_LONGEST_HINT = 300


@dataclass(frozen=True)
class Code:
    """Python code that passed the checker. parameters: every declared one. signal_mode: None where the code does not say."""

    kind: str
    source: str
    parameters: dict[str, Any]
    signal_mode: str | None


@lru_cache(maxsize=256)
def examine(source: str) -> Report:
    """Return the checker's report on `source`."""
    return check(source)


def read_code(kind: str, source: Any, parameters: Any) -> Code:
    """Return the code of a submission; `python` as kind takes the best contract it defines.

    Raises BadStrategyError: `strategy.rejected` with all diagnostics for code that the checker refuses, `strategy.invalid` for a
    kind it does not define and for parameters it does not declare.
    """
    if not isinstance(source, str):
        raise BadStrategyError("the code is not a text", pointer="/code")
    report = examine(source)
    if not report.ok:
        raise rejected(report)
    if kind == "python":
        kind = report.contracts[0]
    elif kind not in report.contracts:
        raise BadStrategyError(
            f"the code does not define {kind}", pointer="/kind", hint=f"it defines {', '.join(report.contracts)}"
        )
    mode = report.constants.get("SIGNAL_MODE")
    return Code(kind, source, _parameters(parameters, report.parameters), str(mode) if mode is not None else None)


def rejected(report: Report) -> BadStrategyError:
    """Return the error for a report with errors: the first in words, all as diagnostics."""
    errors = [found for found in report.diagnostics if found.severity == "error"]
    first = errors[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return BadStrategyError(
        f"line {first.line}, column {first.column}: {first.message}{more}",
        code="strategy.rejected",
        pointer="/code",
        hint=first.hint,
        diagnostics=diagnostics(report),
    )


def diagnostics(report: Report) -> list[dict[str, Any]]:
    """Return the findings of a report as plain objects, at most 50."""
    return [asdict(found) for found in report.diagnostics[:_SHOWN]]


def normalised_hash(source: str) -> str:
    """Return the SHA-256 (hex) of what the code says, whatever its formatting, comments and docstrings."""
    found = examine(source).code_hash
    if found is None:
        raise BadStrategyError("the code does not parse", code="strategy.rejected", pointer="/code")
    return found


def horizon_of(source: str) -> int:
    """Return how many bars after its entry a classifier's hit is sold: HORIZON in the code, which the checker has read, or 5."""
    horizon = examine(source).constants.get("HORIZON")
    return horizon if isinstance(horizon, int) else DEFAULT_HORIZON


def batch_contract(source: str, *, screening: bool = False) -> str:
    """Return the batch function that the code defines, the backtest before the screening, or the reverse; it has passed the checker."""
    defined = {node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
    order = BATCH_CONTRACTS[::-1] if screening else BATCH_CONTRACTS
    return next((name for name in order if name in defined), order[0])


def _parameters(given: Any, declared: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise BadStrategyError("parameters is not an object", pointer="/parameters")
    for name in given:
        if name not in declared:
            known = ", ".join(sorted(declared))[:_LONGEST_HINT] or "none"
            raise BadStrategyError(
                f"the code has no parameter {str(name)[:64]!r}",
                pointer=f"/parameters/{str(name)[:64]}",
                hint=f"it declares: {known}",
            )
    return {name: _value(name, given.get(name, default), default) for name, default in sorted(declared.items())}


_FITS: dict[type, tuple[type, ...]] = {
    bool: (bool,),
    int: (int,),
    float: (int, float),
    str: (str,),
    type(None): (int, float, type(None)),
}


def _value(name: str, value: Any, default: Any) -> Any:
    """Return `value` if it is of its default's type: a float also takes whole numbers, and None takes any number.

    Finite numbers within 64 bit and texts of up to 1,000 characters that can be written as UTF-8 without NUL.
    """
    given: Any = value
    fits = _FITS[type(default)]
    wrong = isinstance(value, bool) is not isinstance(default, bool)
    if wrong or not isinstance(value, fits) or not _travels(value):
        raise BadStrategyError(
            f"{name} is {_shown(value)}",
            pointer=f"/parameters/{name}",
            hint=f"its default is {_shown(default)}; give a value of the same type, finite, or a text of at most {_LONGEST_TEXT:,} characters",
        )
    return float(given) if isinstance(default, float) else given


def _travels(value: Any) -> bool:
    if isinstance(value, str):
        return is_text(value, _LONGEST_TEXT) and "\0" not in value
    return value is None or (math.isfinite(value) if isinstance(value, float) else abs(value) < _LARGEST)


def _shown(value: Any) -> str:
    huge = isinstance(value, int) and abs(value) >= _LARGEST
    return "a huge number" if huge else ascii(value if not isinstance(value, str) else value[:64])[:_LONGEST_HINT]
