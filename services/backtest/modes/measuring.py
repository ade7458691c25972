"""A curve measured and judged as every backtest's is, and remembered as a try of its family."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from libs.common.values import from_epoch_ms
from libs.strategy.spec import code_hash
from services.backtest.core.curve import Curve
from services.backtest.core.engine import EXIT_REASONS, Terms
from services.backtest.core.evidence.trials import Identity, Trial, trial_of
from services.backtest.core.metrics import measure
from services.backtest.core.periods import Market as Hours
from services.backtest.core.periods import market_of
from services.backtest.core.returns_metrics import drawdowns, returns_of
from services.backtest.core.values import Metrics
from services.backtest.core.verdict import judge
from services.backtest.modes.task import Task

MAX_POINTS = 2_000
"""Points of a curve that a result lists."""

MOST_TRADES = 20_000


def hours_of(task: Task) -> Hours:
    """Return the market whose year the metrics are scaled by: crypto where any symbol is."""
    return "crypto" if "crypto" in map(market_of, task.symbols) else "stocks"


def metrics_of(curve: Curve, task: Task) -> Metrics:
    """Return all metrics of a curve."""
    return measure(curve, task.strategy.timeframe, hours_of(task))


def measured(curve: Curve, task: Task) -> dict[str, Any]:
    """Return the curve, its metrics, its trades and the verdict on it, as they stand in a result."""
    metrics = metrics_of(curve, task)
    judgement = judge(metrics)
    return {
        "metrics": dict(metrics.values),
        "undefined": dict(metrics.reasons),
        "verdict": {
            "verdict": judgement.verdict,
            "deciding_rule": judgement.deciding_rule,
            "checks": [asdict(check) for check in judgement.checks],
        },
        "curve": _points(curve),
        "trades": _trades(curve),
    }


def tried(task: Task, curve: Curve, actions: Mapping[str, npt.NDArray[np.int8]], terms: Terms) -> Trial:
    """Return what is remembered of a run."""
    identity = Identity(
        task.family_id, code_hash(task.strategy), signals_hash(task, actions), terms, from_epoch_ms(task.at_ms)
    )
    return trial_of(identity, curve.times, returns_of(curve.equity, curve.initial))


def signals_hash(task: Task, actions: Mapping[str, npt.NDArray[np.int8]]) -> str:
    """Return the SHA-256 (hex) of all actions together with the bars they were given on."""
    digest = hashlib.sha256(task.data_hash.encode())
    for symbol in sorted(actions):
        digest.update(f"|{symbol}|{len(actions[symbol])}|".encode() + actions[symbol].tobytes())
    return digest.hexdigest()


def _points(curve: Curve) -> dict[str, Any]:
    count = len(curve.times)
    step = -(-count // MAX_POINTS)
    kept = np.unique(np.append(np.arange(0, count, step), count - 1))
    return {
        "every_bars": step,
        "times": curve.times[kept],
        "equity": curve.equity[kept],
        "buy_and_hold": curve.benchmark[kept],
        "drawdown": drawdowns(curve.equity, curve.initial)[kept],
        "exposure": curve.exposure[kept],
    }


def _trades(curve: Curve) -> list[dict[str, Any]]:
    trades = curve.trades
    return [
        {
            "symbol": trades.symbols[trades.symbol_index[n]],
            "side": "long" if trades.side[n] > 0 else "short",
            "open": bool(trades.exit_time[n] < 0),
            "entry_time": int(trades.entry_time[n]),
            "entry_price": float(trades.entry_price[n]),
            "exit_time": None if trades.exit_time[n] < 0 else int(trades.exit_time[n]),
            "exit_price": float(trades.exit_price[n]),
            "exit_reason": EXIT_REASONS[trades.exit_reason[n]],
            "quantity": float(trades.quantity[n]),
            "pnl": float(trades.pnl[n]),
            "gain": float(trades.gain[n]),
            "bars": int(trades.bars[n]),
        }
        for n in range(min(len(trades), MOST_TRADES))
    ]
