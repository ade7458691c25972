"""Evidence in short: one value a check, for facts and answers; the whole of it stands in the report.

Decides which number stands for a check, and how the first bar that knew the future is told in words.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from libs.common.values import from_epoch_ms
from services.backtest.core.evidence.gather import Evidence
from services.backtest.core.evidence.holdout import Holdout
from services.backtest.core.evidence.lookahead import LookAhead
from services.backtest.core.evidence.overfit import Overfit
from services.backtest.core.evidence.random_entry import RandomEntry
from services.backtest.core.evidence.walkforward import WalkForward
from services.backtest.core.values import Undefined, Value


def in_short(evidence: Evidence | None, holdout: Holdout | None, *, seen: bool) -> dict[str, Any]:
    """Return the values of `EvidenceTold`; evidence None: the checks were left out. seen: a person has looked past the boundary."""
    kept = _holdout(evidence, holdout, seen=seen)
    if evidence is None:
        return {"level": "none", "holdout": kept}
    rolling = evidence.walk_forward[0]
    walked = rolling if isinstance(rolling, WalkForward) else None
    over, entry = evidence.overfit, evidence.random_entry
    return {
        "level": "full",
        "look_ahead_passed": evidence.look_ahead,
        "first_bad_bar": first_bad_bar(evidence),
        "reproducible": evidence.reproducible,
        "lookback": evidence.lookback,
        "tries": evidence.luck.tries,
        "psr": _number(evidence.luck.psr),
        "dsr": _number(evidence.luck.dsr),
        "pbo": over.pbo if isinstance(over, Overfit) else None,
        "random_percentile": entry.percentile if isinstance(entry, RandomEntry) else None,
        "doubled_costs_return": evidence.doubled_costs.total_return,
        "doubled_costs_verdict": evidence.doubled_costs.verdict.value,
        "walk_forward_return": walked.test_return if walked else None,
        "walk_forward_efficiency": _number(walked.efficiency) if walked else None,
        "holdout": kept,
    }


def first_bad_bar(evidence: Evidence) -> str | None:
    """Return in words the first bar at which a look-ahead showed, or why a symbol could not be examined; None if all is well."""
    for asked in evidence.asked:
        if not asked.look_ahead.passed:
            return f"{asked.symbol}: {_bad(asked.look_ahead)}"
    return None


def tree(value: Any) -> tuple[Any, dict[str, str]]:
    """Return nested results as plain values with null for what is undefined, and the reasons by dotted path."""
    reasons: dict[str, str] = {}
    return _plain(value, "", reasons), reasons


def _plain(value: Any, path: str, reasons: dict[str, str]) -> Any:
    if isinstance(value, Undefined):
        reasons[path] = value.reason
        return None
    if is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return {name: _plain(each, f"{path}.{name}" if path else name, reasons) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each, f"{path}.{place}", reasons) for place, each in enumerate(value)]
    return value


def _bad(found: LookAhead) -> str:
    if not found.changes:
        at = from_epoch_ms(found.unchecked[0]).isoformat()
        return f"it refuses to run on the bars before {at}, with and without noise after them"
    first = found.changes[0]
    bar, cut = (from_epoch_ms(moment).isoformat() for moment in (first.time, first.cut))
    return f"the signal of the bar {bar} is {first.full} with all bars, and {first.again} without those from {cut} on"


def _holdout(evidence: Evidence | None, holdout: Holdout | None, *, seen: bool) -> dict[str, Any] | None:
    if holdout is None:
        return None
    told: dict[str, Any] = {"boundary": from_epoch_ms(holdout.boundary_ms).isoformat(), "seen": seen}
    kept = evidence.holdout if evidence else None
    if kept is not None:
        told |= {
            "return_before": kept.return_before,
            "return_after": kept.return_after,
            "closed_after": kept.closed_after,
        }
    return told


def _number(value: Value) -> float | int | None:
    return None if isinstance(value, Undefined) else value
