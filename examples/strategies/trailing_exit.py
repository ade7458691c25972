"""A loop with a memory: in on strength, out when the price falls three average ranges below its best.

Rules that depend on what was done before are easiest to read as a loop over plain arrays. The copy is needed: the values pandas
hands out are read-only.
"""

import numpy as np
import pandas as pd


def average_range(df: pd.DataFrame, period: int) -> np.ndarray:
    """Return the average true range of each bar, NaN while warming up."""
    before = df["close"].shift(1)
    parts = [df["high"] - df["low"], (df["high"] - before).abs(), (df["low"] - before).abs()]
    return pd.concat(parts, axis=1).max(axis=1).rolling(period).mean().to_numpy(copy=True)


def generate_signals(df: pd.DataFrame, rise: int = 24, period: int = 14, ranges: float = 3.0) -> np.ndarray:
    """Return 1 to enter, -1 to leave, 0 to wait, one for each bar."""
    close = df["close"].to_numpy(copy=True)
    wide = average_range(df, period)
    out = np.zeros(len(close), dtype=np.int8)
    best = 0.0
    for bar in range(max(rise, period), len(close)):
        if best == 0.0 and close[bar] > close[bar - rise : bar].max():
            out[bar], best = 1, close[bar]
        elif best > 0.0:
            best = max(best, close[bar])
            if close[bar] < best - ranges * wide[bar]:
                out[bar], best = -1, 0.0
    return out
