"""The trades of a run as a reader wants them: when, at what price, with which profit, and why each began and ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from libs.market.frame import Frame
from libs.strategy.signals import Signals
from services.backtest.core.curve import Curve
from services.backtest.core.engine import EXIT_REASONS, Result


@dataclass(frozen=True)
class Leg:
    """One symbol of a run: its bars, what the strategy said of them, and what came of it."""

    symbol: str
    frame: Frame
    signals: Signals
    result: Result


def trade_log(curve: Curve, legs: Mapping[str, Leg]) -> list[dict[str, Any]]:
    """Return one JSON object a trade, in the order of the curve; times epoch ms, fractions, quote units."""
    trades = curve.trades
    log = []
    for n in range(len(trades)):
        leg = legs[trades.symbols[trades.symbol_index[n]]]
        is_open = bool(trades.exit_index[n] < 0)
        decided = int(trades.entry_index[n]) - 1
        ended_by = EXIT_REASONS[int(trades.exit_reason[n])]
        log.append(
            {
                "symbol": leg.symbol,
                "open": is_open,
                "side": "long" if trades.side[n] > 0 else "short",
                "entry_time": int(trades.entry_time[n]),
                "entry_price": float(trades.entry_price[n]),
                "entry_cost": float(trades.entry_cost[n]),
                "entry_fee": float(trades.entry_fee[n]),
                "entry_reason": leg.signals.reason(decided),
                "entry_values": leg.signals.values_at(decided),
                "exit_time": None if is_open else int(trades.exit_time[n]),
                "exit_price": float(trades.exit_price[n]),
                "exit_proceeds": float(trades.exit_proceeds[n]),
                "exit_fee": float(trades.exit_fee[n]),
                "exit_by": None if is_open else ended_by,
                "exit_reason": None if is_open else _why_left(leg, ended_by, int(trades.exit_index[n])),
                "quantity": float(trades.quantity[n]),
                "pnl": float(trades.pnl[n]),
                "gain": float(trades.gain[n]),
                "bars": int(trades.bars[n]),
                "mae": float(trades.mae[n]),
                "mfe": float(trades.mfe[n]),
            }
        )
    return log


def _why_left(leg: Leg, ended_by: str, bar: int) -> str:
    """Return why a trade ended at `bar`: the words of the signal before it, or the rule that needs no signal."""
    return leg.signals.reason(bar - 1) if ended_by == "signal" else ended_by.replace("_", " ")
