"""The turtles' rule: buy a new 20-bar high, leave on a new 10-bar low.

The bar itself is left out of the channel (`shift(1)`), otherwise a bar could never be above its own high.
"""

import pandas as pd


def generate_signals(df: pd.DataFrame, enter: int = 20, leave: int = 10) -> pd.Series:
    """Return 1 on a close above the highest high of `enter` bars, -1 on one below the lowest low of `leave`, else 0."""
    top = df["high"].rolling(enter).max().shift(1)
    bottom = df["low"].rolling(leave).min().shift(1)
    return (df["close"] > top).astype(int) - (df["close"] < bottom).astype(int)
