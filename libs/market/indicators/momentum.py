"""How fast and how far a price has moved: change, rate of change, RSI, stochastic."""

import numpy as np

from libs.market.frame import FloatArray
from libs.market.indicators.averages import sma
from libs.market.indicators.ranges import highest, lowest
from libs.market.indicators.windows import carried, check_period, ratio, wilder


def change(values: FloatArray, period: int = 1) -> FloatArray:
    """Return each value minus the one `period` bars before, NaN for the first `period`. period >= 1. Source: TA-Lib TA_MOM."""
    check_period(period, 1)
    result = np.full(len(values), np.nan)
    result[period:] = values[period:] - values[:-period]
    return result


def roc(values: FloatArray, period: int = 10) -> FloatArray:
    """Return the change over `period` bars in percent, 100 (now / before - 1), NaN for the first `period`.

    NaN also where the value before is 0 (TA-Lib says 0 there). period >= 1. Source: TA-Lib TA_ROC.
    """
    check_period(period, 1)
    result = np.full(len(values), np.nan)
    result[period:] = (ratio(values[period:], values[:-period]) - 1.0) * 100.0
    return result


def rsi(values: FloatArray, period: int = 14) -> FloatArray:
    """Return Wilder's relative strength index, (T,) in [0, 100]; the first `period` entries are NaN.

    100 gain / (gain + loss), with Wilder's averages of the gains and of the losses, both counted as positive. NaN as long as no
    price has ever moved: 0 / 0 (TA-Lib says 0, which would read as oversold). period >= 2. Source: Wilder, New Concepts in
    Technical Trading Systems (1978), ch. 6; TA-Lib TA_RSI.
    """
    check_period(period, 2)
    moves = change(values)
    gain = carried(wilder, np.maximum(moves, 0.0), period)
    loss = carried(wilder, np.maximum(-moves, 0.0), period)
    return 100.0 * ratio(gain, gain + loss)


def stochastic(
    high: FloatArray, low: FloatArray, close: FloatArray, period: int = 14, slowing: int = 3, smoothing: int = 3
) -> tuple[FloatArray, FloatArray]:
    """Return the slow stochastic %K and %D, each (T,) in [0, 100].

    fast %K = 100 (close - lowest low) / (highest high - lowest low) of the last `period` bars, NaN where that range is 0 (TA-Lib says
    0, which would read as oversold); %K = SMA(slowing) of it, NaN for the first period + slowing - 2; %D = SMA(smoothing) of %K,
    NaN for smoothing - 1 more. All >= 1; slowing 1 gives the fast stochastic. Source: TA-Lib TA_STOCH with simple averages.
    """
    top, bottom = highest(high, period), lowest(low, period)
    fast = 100.0 * ratio(close - bottom, top - bottom)
    slow = sma(fast, slowing)
    return slow, sma(slow, smoothing)
