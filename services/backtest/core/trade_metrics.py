"""What closed trades are worth one by one. Open trades are counted and otherwise left out.

A trade wins when its profit after both fees is above 0; one that ends at exactly 0 neither wins nor loses.
"""

import math

import numpy as np

from services.backtest.core.curve import Trades
from services.backtest.core.returns_metrics import longest_run
from services.backtest.core.values import Floats, Undefined, Value, finite, spread

_NO_TRADE = Undefined("no closed trade")
_NO_LOSS = Undefined("no closed trade lost")
_NO_WIN = Undefined("no closed trade won")


def profit_metrics(pnl: Floats) -> dict[str, Value]:
    """Return win rate, profit factor, expectancy, payoff ratio, SQN and streaks of (n,) profits, in order of closing.

    profit factor: sum won / sum lost (quantstats `profit_factor`). expectancy: mean profit. payoff: mean win / mean loss
    (quantstats `payoff_ratio`). SQN: sqrt(n) x mean / standard deviation, ddof 1 (Tharp 2008; backtesting.py `SQN`).
    """
    count = len(pnl)
    won, lost = pnl > 0, pnl < 0
    wins, losses = int(np.count_nonzero(won)), int(np.count_nonzero(lost))
    gained, given = float(pnl[won].sum()), -float(pnl[lost].sum())
    factor: Value = finite(gained / given) if losses else _NO_LOSS
    payoff: Value = finite((gained / wins) / (given / losses)) if wins and losses else _NO_LOSS if wins else _NO_WIN
    return {
        "closed_trades": count,
        "winning_trades": wins,
        "win_rate": wins / count if count else _NO_TRADE,
        "profit_factor": factor if count else _NO_TRADE,
        "expectancy": finite(float(pnl.mean())) if count else _NO_TRADE,
        "payoff_ratio": payoff if count else _NO_TRADE,
        "sqn": _quality(pnl),
        "max_consecutive_wins": longest_run(won),
        "max_consecutive_losses": longest_run(lost),
    }


def _quality(pnl: Floats) -> Value:
    deviation = spread(pnl)
    if deviation is None:
        return Undefined("fewer than two closed trades" if len(pnl) < 2 else "all closed trades made the same profit")
    return finite(math.sqrt(len(pnl)) * float(pnl.mean()) / deviation)


def trade_metrics(trades: Trades) -> dict[str, Value]:
    """Return every metric of closed trades by name; gains, mae and mfe are fractions of the entry."""
    closed = trades.closed
    return {
        **profit_metrics(trades.pnl[:closed]),
        "open_trades": len(trades) - closed,
        **_gains(trades.gain[:closed]),
        **_holding(trades, closed),
        "fees_paid": float(trades.entry_fee.sum() + trades.exit_fee.sum()),
    }


def _gains(gain: Floats) -> dict[str, Value]:
    if not len(gain):
        return dict.fromkeys(("average_trade", "median_trade", "best_trade", "worst_trade"), _NO_TRADE)
    ordered, middle = np.sort(gain), len(gain) // 2
    median = ordered[middle] if len(gain) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    return {
        "average_trade": float(gain.mean()),
        "median_trade": float(median),
        "best_trade": float(ordered[-1]),
        "worst_trade": float(ordered[0]),
    }


def _holding(trades: Trades, closed: int) -> dict[str, Value]:
    if not closed:
        return dict.fromkeys(("average_bars_held", "average_mae", "average_mfe"), _NO_TRADE)
    return {
        "average_bars_held": float(trades.bars[:closed].mean()),
        "average_mae": float(trades.mae[:closed].mean()),
        "average_mfe": float(trades.mfe[:closed].mean()),
    }
