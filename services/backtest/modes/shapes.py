"""What the result of every job says beside its own figures: who was asked, about what, as of when, and what went wrong."""

from collections.abc import Mapping
from typing import Any

from libs.common.values import from_epoch_ms
from libs.strategy.figures import asks_figures, named_figures
from services.backtest.modes.market import Market
from services.backtest.modes.task import Task

REPORT_VERSION = "1"


def common(task: Task, market: Market, told: Mapping[str, Any], execution_mode: str) -> dict[str, Any]:
    """Return the fields that all results share; told: faults, warnings, printed, contract and claimed of all pieces."""
    strategy = task.strategy
    return {
        "report_version": REPORT_VERSION,
        "success": True,
        "strategy_id": task.strategy_id,
        "execution_mode": execution_mode,
        "name": strategy.name,
        "kind": strategy.kind,
        "contract": told["contract"],
        "timeframe": strategy.timeframe.value,
        "parameters": strategy.parameters,
        "universe": {"name": task.universe, "version": task.version, "symbols": len(task.symbols)},
        "as_of": utc(task.as_of_ms),
        "errors": told["faults"],
        "warnings": told["warnings"],
        "printed": told["printed"],
        "claimed": told["claimed"],
        "fundamentals": _figures(task, market),
        "data_hash": task.data_hash,
        "simulated": task.simulated,
    }


def _figures(task: Task, market: Market) -> dict[str, Any] | None:
    """Return which company figures the strategy could see; None where it asks for none."""
    if not asks_figures(task.strategy.code):
        return None
    if task.fundamentals is None:
        return {"version": None, "point_in_time": None, "unknown": [], "note": "no company figures are stored"}
    known = market.figures(task.fundamentals)
    rows = known.all_as_of(task.as_of_ms)
    held = {name for symbol in task.symbols for name, value in rows.get(symbol, {}).items() if value is not None}
    unknown = [name for name in named_figures(task.strategy.code) if name not in held]
    notes = [] if known.point_in_time else ["not point in time: figures without a date were given out for any moment"]
    notes += [f"nobody's {', '.join(unknown)} was known"] if unknown else []
    return {
        "version": known.hash,
        "point_in_time": known.point_in_time,
        "unknown": unknown,
        "note": "; ".join(notes),
    }


def utc(milliseconds: int) -> str:
    """Return an epoch time as RFC 3339 text with Z."""
    return from_epoch_ms(milliseconds).isoformat().replace("+00:00", "Z")
