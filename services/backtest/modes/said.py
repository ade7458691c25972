"""What a strategy said of symbols over history, as a small JSON value: where it changed its mind, or on which bars it said yes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from libs.market.frame import FloatArray
from libs.strategy.runtime import Evaluation, Signals

ActionArray = npt.NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Saying:
    """One symbol's. actions: (T,) as `engine.run` takes them, of a classifier 0 and 1. rows: bars that are instances, ascending.

    scores: (T,) of each bar, 0 where none was given. details: score, signal and data by row.
    """

    actions: ActionArray
    rows: npt.NDArray[np.int64]
    scores: FloatArray
    details: Mapping[int, tuple[float | None, dict[str, Any] | None]]


def told(said: Evaluation, kind: str) -> dict[str, Any]:
    """Return an evaluation for `said_of` to read, with its faults, warnings and words."""
    contract = next((signals.speaker for signals in said.signals.values() if signals.speaker), kind)
    return {
        "symbols": {symbol: _brief(signals) for symbol, signals in said.signals.items()},
        "faults": {symbol: asdict(fault) for symbol, fault in said.faults.items()},
        "warnings": list(said.warnings),
        "printed": said.printed,
        "contract": contract,
        "claimed": said.claimed,
    }


def _brief(signals: Signals) -> dict[str, Any]:
    if signals.hits is None:
        moved = np.flatnonzero(np.diff(signals.actions, prepend=np.int8(0)))
        return {"moved": moved, "to": signals.actions[moved]}
    said = {str(row): [each.score, each.data] for row, each in sorted(signals.details.items())}
    return {"hits": np.flatnonzero(signals.hits), "details": said}


def joined(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the pieces of one evaluation as one; a symbol in several pieces (a batch contract's) has the hits of all of them."""
    symbols: dict[str, dict[str, Any]] = {}
    for part in parts:
        for symbol, own in part["symbols"].items():
            known = symbols.get(symbol)
            if known is None:
                symbols[symbol] = own
            else:
                known["hits"] = sorted({*known["hits"], *own["hits"]})
                known["details"] |= own["details"]
    faults = {symbol: fault for part in parts for symbol, fault in part["faults"].items() if symbol not in symbols}
    return {
        "symbols": dict(sorted(symbols.items())),
        "faults": dict(sorted(faults.items())),
        "warnings": list(dict.fromkeys(warning for part in parts for warning in part["warnings"])),
        "printed": next((part["printed"] for part in parts if part["printed"]), ""),
        "contract": next((part["contract"] for part in parts if part["contract"]), ""),
        "claimed": next((part["claimed"] for part in parts if part["claimed"]), None),
    }


def said_of(own: Mapping[str, Any], bars: int, *, position_mode: bool) -> Saying:
    """Return what was said of a symbol with so many bars. An instance is a hit; of signals every buy, of positions every entry."""
    scores = np.zeros(bars)
    actions: ActionArray = np.zeros(bars, np.int8)
    if "hits" in own:
        rows = np.array(own["hits"], np.int64)
        actions[rows] = 1
        details = {int(row): (score, data) for row, (score, data) in own["details"].items()}
        for row, (score, _) in details.items():
            scores[row] = score or 0.0
        return Saying(actions, rows, scores, details)
    moved = np.array([*own["moved"], bars], np.int64)
    if len(moved) > 1:
        actions[moved[0] :] = np.repeat(np.array(own["to"], np.int8), np.diff(moved))
    rows = np.flatnonzero(actions == 1)
    if position_mode:
        rows = rows[(rows == 0) | (actions[np.maximum(rows - 1, 0)] != 1)]
    return Saying(actions, rows, scores, {})
