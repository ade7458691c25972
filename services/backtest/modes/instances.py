"""The documents' instances: every bar on which a strategy said yes, and what came of it.

Decides the words: bought at the next open, sold `horizon` bars later at the open, each at the costs of the run. What has not happened
yet is null. Source of the return: ours, the gain of `engine` without lots and rounding.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from libs.market.frame import Frame
from services.backtest.core.engine import Terms
from services.backtest.core.values import Floats
from services.backtest.modes.said import Saying

MOST = 20_000
"""Instances that a result lists; all of them are counted and measured."""

_NOTHING: tuple[float | None, dict[str, Any] | None] = (None, None)


def instances_of(symbol: str, frame: Frame, saying: Saying, horizon: int, terms: Terms) -> list[dict[str, Any]]:
    """Return the instances of one symbol, oldest first; timestamp: open time of the bar that decided, epoch ms."""
    rows = saying.rows
    earned, moved = returns_after(frame, saying, horizon, terms)
    entry = np.append(frame.open, np.nan)[np.minimum(rows + 1, len(frame))]
    columns = (rows.tolist(), frame.ts[rows].tolist(), _plain(entry), _plain(earned), _plain(moved))
    found = []
    for row, opened, price, gain, change in zip(*columns, strict=True):
        score, data = saying.details.get(row, _NOTHING)
        found.append(
            {
                "ticker": symbol,
                "timestamp": opened,
                "classification": True,
                "entry_price": price,
                "future_return": gain,
                "price_change": change,
                "score": score,
                "data": data or {},
            }
        )
    return found


def returns_after(frame: Frame, saying: Saying, horizon: int, terms: Terms) -> tuple[Floats, Floats]:
    """Return per instance the return after costs and the change of the price, NaN where the exit lies beyond the last bar."""
    opens = np.append(frame.open, np.nan)
    entry = opens[np.minimum(saying.rows + 1, len(frame))]
    leave = opens[np.minimum(saying.rows + 1 + horizon, len(frame))]
    moved = leave / entry
    costs = (1.0 - terms.slippage) * (1.0 - terms.fee) / ((1.0 + terms.slippage) * (1.0 + terms.fee))
    return moved * costs - 1.0, moved - 1.0


def figures(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the documents' figures of all instances whose exit is known; null without any.

    hit_rate: share whose price rose. positive_return_rate: share that earned after costs.
    """
    earned = np.array([each["future_return"] for each in found if each["future_return"] is not None])
    moved = np.array([each["price_change"] for each in found if each["price_change"] is not None])
    if not len(earned):
        names = ("average_return", "hit_rate", "max_return", "min_return", "median_return", "positive_return_rate")
        return dict.fromkeys(names)
    return {
        "average_return": float(earned.mean()),
        "hit_rate": float(np.count_nonzero(moved > 0) / len(moved)),
        "max_return": float(earned.max()),
        "min_return": float(earned.min()),
        "median_return": float(np.median(earned)),
        "positive_return_rate": float(np.count_nonzero(earned > 0) / len(earned)),
    }


def by_symbol(symbols: Mapping[str, Any], found: list[dict[str, Any]]) -> dict[str, int]:
    """Return how many instances each symbol has, those without left out."""
    counts = dict.fromkeys(symbols, 0)
    for each in found:
        counts[each["ticker"]] += 1
    return {symbol: count for symbol, count in counts.items() if count}


def _plain(values: Floats) -> list[float | None]:
    """Return numbers as a list, null where there is none."""
    return [None if math.isnan(value) else value for value in values.tolist()]
