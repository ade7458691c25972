"""Waits for calm, then follows the first move out of it.

The Bollinger bands are narrower than they were in four of five of the last hundred bars, and the close leaves them: the strategy
follows that side and stays until the close is back at the middle.
"""

import pandas as pd

SIGNAL_MODE = "position"


def generate_signals(df: pd.DataFrame, period: int = 20, width: float = 2.0, memory: int = 100) -> pd.Series:
    """Return the wanted position after each bar: 1 long, -1 short, 0 flat."""
    middle = df["close"].rolling(period).mean()
    spread = df["close"].rolling(period).std(ddof=0)
    relative = spread / middle
    calm = (relative <= relative.rolling(memory).quantile(0.2)).shift(1, fill_value=False)
    side = pd.Series(float("nan"), index=df.index)
    side[calm & (df["close"] > middle + width * spread)] = 1
    side[calm & (df["close"] < middle - width * spread)] = -1
    back = (df["close"] - middle) * (df["close"].shift(1) - middle.shift(1)) <= 0
    side[back & side.isna()] = 0
    return side.ffill().fillna(0).astype(int)
