"""What a strategy says of many symbols at one moment: the work that a screen and an alert share.

Decides which symbols are too old to be asked, and what a row is. A screen ranks the rows, an alert reports them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import orjson

from libs.market.frame import Frame
from libs.strategy.code import BATCH_CONTRACTS, examine
from libs.strategy.python import Span
from libs.strategy.runtime import Evaluation, Signals, evaluate_all
from libs.strategy.spec import Strategy
from services.backtest.core.fingerprint import canonical
from services.backtest.modes.chunks import by_weight, evenly
from services.backtest.modes.market import Market
from services.backtest.modes.protocol import Part, Plan
from services.backtest.modes.task import Task
from services.backtest.modes.view import at_the_moment

TAIL = 5_000
"""Newest bars of a symbol that a strategy sees at a moment; agents see as many."""

STALE_MS = 7 * 86_400_000
"""A symbol whose newest bar closed longer ago than this, and three bars, says nothing about now."""

CALLS = 500
"""Symbols of a piece where a symbol is one call."""

_DAY_MS = 86_400_000


def contract_of(strategy: Strategy) -> Strategy:
    """Return the strategy by the contract that answers a question about one moment best: a screening function, where there is one."""
    if strategy.code is None or strategy.kind == "python.batch":
        return strategy
    defined = examine(strategy.code).contracts
    has_screening = BATCH_CONTRACTS[1] in strategy.code and "python.batch" in defined
    return replace(strategy, kind="python.batch") if has_screening else strategy


def cut(task: Task, market: Market) -> Plan:
    """Return the pieces of a question about one moment; a batch contract is asked once, about all."""
    frames = market.frames(task)
    asked = fresh(task, frames)
    kind = contract_of(task.strategy).kind
    if kind == "python.batch":
        parts = [asked]
    elif kind == "python.classify":
        parts = evenly(asked, CALLS)
    else:
        parts = by_weight(asked, frames)
    parts = parts or [[]]
    return Plan(task, tuple({"symbols": part} for part in parts), "symbols", tuple(map(len, parts)))


def fresh(task: Task, frames: Mapping[str, Frame]) -> list[str]:
    """Return the symbols whose newest bar is young enough at the moment of the task."""
    length_ms = task.strategy.timeframe.seconds * 1_000
    oldest = task.as_of_ms - max(STALE_MS, 3 * length_ms) - length_ms
    return [symbol for symbol, frame in frames.items() if int(frame.ts[-1]) >= oldest]


def look(task: Task, part: Part, market: Market) -> bytes:
    """Return what the strategy says of the symbols of a piece, as JSON."""
    strategy = contract_of(task.strategy)
    frames = market.frames(task)
    asked = tuple(part["symbols"])
    if not asked:
        return canonical({"rows": [], "faults": {}, "warnings": [], "printed": "", "contract": "", "claimed": None})
    view = at_the_moment(task, market)
    said = evaluate_all(strategy, frames, market.sandbox, focus=asked, view=view, span=Span(newest_only=True))
    rows = [_row(symbol, signals, strategy) for symbol, signals in said.signals.items()]
    return canonical({"rows": rows, **_told(said, strategy)})


def read(results: Sequence[bytes]) -> dict[str, Any]:
    """Return the pieces as one: all rows, faults by symbol, distinct warnings, the first of what was printed."""
    parts = [orjson.loads(result) for result in results]
    faults = {symbol: fault for part in parts for symbol, fault in part["faults"].items()}
    return {
        "rows": [row for part in parts for row in part["rows"]],
        "faults": dict(sorted(faults.items())),
        "warnings": list(dict.fromkeys(warning for part in parts for warning in part["warnings"])),
        "printed": next((part["printed"] for part in parts if part["printed"]), ""),
        "contract": next((part["contract"] for part in parts if part["contract"]), ""),
        "claimed": next((part["claimed"] for part in parts if part["claimed"]), None),
    }


def sectors(task: Task, market: Market) -> dict[str, str | None]:
    """Return the sector of each symbol as known at the moment of the task, None where it is not."""
    if task.fundamentals is None:
        return dict.fromkeys(task.symbols)
    known = market.figures(task.fundamentals)
    found = {symbol: known.as_of(symbol, task.as_of_ms).get("sector") for symbol in task.symbols}
    return {symbol: value if isinstance(value, str) else None for symbol, value in found.items()}


def _told(said: Evaluation, strategy: Strategy) -> dict[str, Any]:
    contract = next((signals.speaker for signals in said.signals.values() if signals.speaker), strategy.kind)
    return {
        "faults": {symbol: asdict(fault) for symbol, fault in said.faults.items()},
        "warnings": said.warnings,
        "printed": said.printed,
        "contract": contract,
        "claimed": said.claimed,
    }


def _row(symbol: str, signals: Signals, strategy: Strategy) -> dict[str, Any]:
    frame, last = signals.frame, len(signals.frame) - 1
    action = int(signals.actions[last])
    hit = bool(signals.hits[last]) if signals.hits is not None else action == 1
    detail = signals.details.get(last)
    told = None if detail is None else detail.signal
    return {
        "symbol": symbol,
        "hit": hit,
        "action": _word(1 if hit else (told if told is not None else min(action, 0))),
        "score": None if detail is None else detail.score,
        "price": float(frame.close[last]),
        "change": _daily_change(frame, strategy),
        "closed_ms": int(frame.ts[last]) + strategy.timeframe.seconds * 1_000,
        "data": {} if detail is None or detail.data is None else detail.data,
        "values": {} if signals.hits is not None else signals.values_at(last),
        "reason": signals.reason(last) if signals.hits is None else "",
    }


def _word(action: int) -> str:
    return {1: "buy", -1: "sell"}.get(action, "hold")


def _daily_change(frame: Frame, strategy: Strategy) -> float | None:
    """Return the change of the close over a day, or over the bar before where bars are that long, in percent."""
    last = len(frame) - 1
    if strategy.timeframe.seconds * 1_000 >= _DAY_MS:
        before = last - 1
    else:
        before = int(np.searchsorted(frame.ts, frame.ts[last] - _DAY_MS, side="right")) - 1
    return None if before < 0 else float((frame.close[last] / frame.close[before] - 1.0) * 100.0)
