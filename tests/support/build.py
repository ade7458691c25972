"""Builders with defaults: bars, signals, books and strategies for tests."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from libs.common.commands import PromoteStrategy, SubmitStrategy
from libs.common.events import BarClosed, PortfolioChanged, Position, SignalRaised, StrategyPromoted
from libs.common.values import Timeframe, to_epoch_ms
from libs.market.frame import Frame

START = datetime(2024, 1, 1, tzinfo=UTC)
RSI_EMA = {
    "symbol": "BTCUSDT",
    "indicators": {
        "rsi": {"period": 14, "buy_below": 30, "sell_above": 70},
        "ema": {"period": 20, "buy_crosses_above": True, "sell_crosses_below": True},
    },
}


def hour(n: float) -> datetime:
    return START + timedelta(hours=n)


def bar(n: int, symbol: str = "BTCUSDT", price: float = 100.0, **changes: Any) -> BarClosed:
    """The bar that opens `n` hours after the start."""
    fields = {
        "symbol": symbol,
        "timeframe": Timeframe.H1,
        "open_time": hour(n),
        "close_time": hour(n + 1),
        "open": price,
        "high": price * 1.01,
        "low": price * 0.99,
        "close": price,
        "volume": 10.0,
        "source": "test",
        **changes,
    }
    return BarClosed.first(
        key=BarClosed.key_of(symbol, fields["timeframe"], hour(n)), at=fields["close_time"], **fields
    )


def frame(closes: list[float] | np.ndarray) -> Frame:
    """Hourly bars from the start with these closes; each opens at the close before it."""
    close = np.asarray(closes, dtype=np.float64)
    opened = np.concatenate(([close[0]], close[:-1]))
    ts = to_epoch_ms(START) + 3_600_000 * np.arange(len(close), dtype=np.int64)
    high, low = np.maximum(opened, close) * 1.001, np.minimum(opened, close) * 0.999
    return Frame.of(ts, opened, high, low, close, np.full(len(close), 5.0))


def walk(count: int, seed: int = 7) -> Frame:
    """A seeded random walk of hourly bars."""
    steps = np.random.default_rng(seed).normal(0, 0.01, count)
    return frame(100 * np.exp(np.cumsum(steps)))


def promoted(strategy_id: str = "s1", **changes: Any) -> StrategyPromoted:
    fields = {
        "strategy_id": strategy_id,
        "lineage_id": strategy_id,
        "family_id": "fam-1",
        "kind": "rules.json",
        "name": strategy_id,
        "rules": {"indicators": {"rsi": {"period": 2}}},
        "code_hash": "hash",
        "symbols": ("BTCUSDT",),
        "timeframe": Timeframe.H1,
        "stage": "paper",
        "confidence": 0.6,
        "win_rate": 0.6,
        "closed_trades": 40,
        **changes,
    }
    return StrategyPromoted.first(key=f"promote {strategy_id}", at=START, **fields)


def signal(cause: BarClosed, action: str = "buy", strategy_id: str = "s1", **changes: Any) -> SignalRaised:
    fields = {
        "strategy_id": strategy_id,
        "symbol": cause.symbol,
        "timeframe": cause.timeframe,
        "stage": "paper",
        "account": "paper",
        "open_time": cause.open_time,
        "action": action,
        "confidence": 0.6,
        "price": cause.close,
        "reasoning": "because",
        **changes,
    }
    return SignalRaised.after(cause, key=strategy_id, **fields)


def portfolio(
    n: int, account: str = "paper", cash: str = "10000", held: tuple[str, ...] = (), **changes: Any
) -> PortfolioChanged:
    """The books after the bars that opened `n` hours after the start."""
    positions = tuple(
        Position(
            symbol=symbol,
            strategy_id="s1",
            timeframe=Timeframe.H1,
            quantity=Decimal(1),
            average_price=100.0,
            last_price=100.0,
            open_pnl=Decimal(0),
            opened_at=START,
        )
        for symbol in held
    )
    fields = {
        "account": account,
        "timeframe": Timeframe.H1,
        "cash": Decimal(cash),
        "equity": Decimal(cash),
        "positions": positions,
        "realized_pnl": Decimal(0),
        "open_pnl": Decimal(0),
        "fees_paid": Decimal(0),
        "fill_count": 0,
        "initial_cash": Decimal(10_000),
        **changes,
    }
    return PortfolioChanged.first(key=f"{account}|1h|{n}", at=hour(n + 1), **fields)


def submit(**changes: Any) -> SubmitStrategy:
    fields = {"rules": RSI_EMA, "name": "rsi and ema", "timeframe": "1h", **changes}
    return SubmitStrategy.first(key=str(sorted(changes.items(), key=str)), at=START, **fields)


def promote(strategy_id: str, **changes: Any) -> PromoteStrategy:
    key = f"{strategy_id}{sorted(changes.items(), key=str)}"
    return PromoteStrategy.first(key=key, at=START, strategy_id=strategy_id, **changes)
