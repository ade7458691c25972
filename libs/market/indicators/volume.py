"""Indicators that weigh prices by traded volume."""

import numpy as np

from libs.market.frame import FloatArray
from libs.market.indicators.windows import check_period, ratio, window_sum


def obv(close: FloatArray, volume: FloatArray) -> FloatArray:
    """Return on-balance volume, (T,) in units of the volume, warm from the first bar.

    Starts at the first bar's volume; a higher close adds a bar's volume, a lower one takes it away. Its level depends on where the
    series starts, its changes do not. Source: Granville, New Key to Stock Market Profits (1963); TA-Lib TA_OBV.
    """
    steps = np.array(volume, np.float64)
    steps[1:] *= np.sign(close[1:] - close[:-1])
    return np.cumsum(steps)


def vwap(high: FloatArray, low: FloatArray, close: FloatArray, volume: FloatArray, period: int = 20) -> FloatArray:
    """Return the volume-weighted average of (high + low + close) / 3 over the last `period` bars, this bar's included.

    Rolling, not restarted each session: round-the-clock markets have no session, a daily bar is one, and a window depends on its
    own bars alone. NaN for the first period - 1 and where nothing was traded in the window. period >= 1. Source: Berkowitz, Logue,
    Noser, The Total Cost of Transactions on the NYSE, Journal of Finance 43 (1988), for the average; the window is ours.
    """
    check_period(period, 1)
    traded = window_sum(volume, period)
    spent = window_sum((high + low + close) / 3.0 * volume, period)
    return ratio(spent, traded)
