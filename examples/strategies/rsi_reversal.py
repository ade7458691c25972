"""Buys what has fallen too fast, once it stops falling.

Wilder's RSI leaves the cheap zone upwards: buy. It leaves the dear zone downwards: sell. Waiting for the return into the middle
avoids buying all the way down; in a steady fall it still loses.
"""

import pandas as pd


def rsi(close: pd.Series, period: int) -> pd.Series:
    """Return the relative strength index, 0 to 100; NaN while warming up. Source: Wilder (1978), chapter 6."""
    change = close.diff()
    gain = change.clip(lower=0).ewm(alpha=1 / period, adjust=False, min_periods=period).mean()
    loss = (-change).clip(lower=0).ewm(alpha=1 / period, adjust=False, min_periods=period).mean()
    return 100 * gain / (gain + loss)


def generate_signals(df: pd.DataFrame, period: int = 14, cheap: float = 30.0, dear: float = 70.0) -> pd.Series:
    """Return 1 where the RSI rises out of the cheap zone, -1 where it falls out of the dear one, else 0."""
    value = rsi(df["close"], period)
    before = value.shift(1)
    buy = (value >= cheap) & (before < cheap)
    sell = (value <= dear) & (before > dear)
    return buy.astype(int) - sell.astype(int)
