"""The price frame a strategy gets: its own copy, which it may write into."""

import numpy as np
import pandas as pd

from libs.strategy.sandbox.guest.columns import NAMES, Columns


def times_of(bars: Columns) -> pd.DatetimeIndex:
    """Return the open times of the bars, UTC, in milliseconds, named `ts`."""
    return pd.DatetimeIndex(np.array(bars.ts).view("datetime64[ms]"), tz="UTC", name="ts")


def frame_of(bars: Columns, times: pd.DatetimeIndex) -> pd.DataFrame:
    """Return (T, 5) float64 columns open high low close volume, copied, indexed by `times`."""
    # One (T, 5) block instead of five columns: making the frame takes a fifth of the time.
    return pd.DataFrame(np.array(bars.prices).T, index=times, columns=list(NAMES), copy=False)
