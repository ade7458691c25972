"""Trades hours in the direction of finished days.

The trend is the five-day average of daily closes. A day counts only once it is over: its bar is moved on by one (`shift(1)`), so
no hour sees the close of its own day. Within an uptrend the strategy buys hours that dip below the average of the last day.
"""

import pandas as pd


def generate_signals(df: pd.DataFrame, days: int = 5, hours: int = 24) -> pd.Series:
    """Return 1 on a dip while finished days rise, -1 as soon as they fall, else 0."""
    closes = df["close"].resample("1D").last()
    trend = closes.rolling(days).mean().diff().shift(1)
    hourly = trend.reindex(df.index, method="ffill")
    dip = df["close"] < df["close"].rolling(hours).mean()
    return ((hourly > 0) & dip).astype(int) - (hourly < 0).astype(int)
