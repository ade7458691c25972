"""Moving averages, and the MACD that is made of them."""

from libs.common.errors import BadInputError
from libs.market.frame import FloatArray
from libs.market.indicators.windows import Parts, aligned, carried, check_period, folded, window_sum
from libs.market.jit import jit


def sma(values: FloatArray, period: int) -> FloatArray:
    """Return the simple moving average: mean of the last `period` values, NaN for the first period - 1.

    Every window is summed afresh (`windows`), so it carries no error on from earlier bars and does not depend on where the
    series starts. period >= 1. Source: TA-Lib TA_SMA (whose running sum agrees to rounding).
    """
    check_period(period, 1)
    return window_sum(values, period) / period


def wma(values: FloatArray, period: int) -> FloatArray:
    """Return the linearly weighted average: weights 1, 2, ..., `period` from the oldest value to the newest.

    NaN for the first period - 1; every window afresh, as in `sma`. period >= 1. Source: TA-Lib TA_WMA.
    """
    check_period(period, 1)
    weighted, _ = folded((values, values), period, _joined_weights)
    return aligned(weighted, len(values)) / (period * (period + 1) / 2)


def ema(values: FloatArray, period: int) -> FloatArray:
    """Return the exponential moving average with k = 2 / (period + 1), NaN for the first period - 1.

    The first value is the simple mean of the first `period` values. period >= 1. Source: TA-Lib TA_EMA.
    """
    check_period(period, 1)
    return carried(_ema, values, period)


def macd(
    values: FloatArray, fast: int = 12, slow: int = 26, signal: int = 9
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the MACD line, its signal line and their difference, the histogram.

    line = EMA(fast) - EMA(slow), NaN for the first slow - 1; signal = EMA(signal) of the line, NaN for signal - 1 more. As in
    TA-Lib both averages start together: the fast one is seeded with the mean of the `fast` values that end at bar slow - 1.
    1 <= fast < slow, signal >= 1. Source: TA-Lib TA_MACD.
    """
    for period in (fast, slow, signal):
        check_period(period, 1)
    if fast >= slow:
        raise BadInputError(f"fast {fast} is not below slow {slow}", pointer="/fast")
    line = carried(_ema, values, fast, slow - fast) - carried(_ema, values, slow)
    signal_line = carried(_ema, line, signal)
    return line, signal_line, line - signal_line


def _joined_weights(older: Parts, newer: Parts, older_size: int, _newer_size: int) -> Parts:
    # The newer block's weights start at 1 again: each of its values lacks `older_size`.
    return older[0] + newer[0] + older_size * newer[1], older[1] + newer[1]


@jit
def _ema(values: FloatArray, start: int, stop: int, period: int, result: FloatArray) -> None:
    total = 0.0
    for i in range(start, start + period):
        total += values[i]
    average = total / period
    result[start + period - 1] = average
    k = 2.0 / (period + 1)
    for i in range(start + period, stop):
        average = (values[i] - average) * k + average
        result[i] = average
