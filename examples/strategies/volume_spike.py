"""Follows bars that many took part in.

A bar trades more than twice its usual volume (the median of the bars before it) and closes in its upper fifth: buy. In its lower
fifth: sell. The median ignores earlier spikes, which an average would not.
"""

import numpy as np
import pandas as pd


def generate_signals(df: pd.DataFrame, memory: int = 48, times: float = 2.0) -> pd.Series:
    """Return 1 after heavy buying, -1 after heavy selling, else 0."""
    usual = df["volume"].rolling(memory).median().shift(1)
    heavy = df["volume"] > times * usual
    span = (df["high"] - df["low"]).replace(0, np.nan)
    place = (df["close"] - df["low"]) / span
    return (heavy & (place > 0.8)).astype(int) - (heavy & (place < 0.2)).astype(int)
