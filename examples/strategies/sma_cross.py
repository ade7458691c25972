"""Trend by two moving averages of the close.

Buys on the bar where the fast average rises above the slow one, sells where it falls below. Earns in long trends, loses small
amounts again and again while prices go sideways.
"""

import pandas as pd


def generate_signals(df: pd.DataFrame, fast: int = 12, slow: int = 48) -> pd.Series:
    """Return 1 where the fast average crosses above, -1 where it crosses below, else 0."""
    quick = df["close"].rolling(fast).mean()
    calm = df["close"].rolling(slow).mean()
    above = quick > calm
    before = quick.shift(1) > calm.shift(1)
    warm = calm.shift(1).notna()
    return (above & ~before & warm).astype(int) - (~above & before & warm).astype(int)
