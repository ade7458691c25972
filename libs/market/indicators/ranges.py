"""How wide prices swing: extremes, channels, bands, true range, and the direction of the swings."""

import math

import numpy as np

from libs.common.errors import BadInputError
from libs.market.frame import FloatArray
from libs.market.indicators.windows import Parts, aligned, carried, check_period, folded, ratio, wilder
from libs.market.jit import jit, operand


def highest(values: FloatArray, period: int) -> FloatArray:
    """Return the greatest of the last `period` values, this bar's included; NaN for the first period - 1.

    period >= 1. Source: TA-Lib TA_MAX.
    """
    check_period(period, 1)
    # Adding zero turns -0.0 into 0.0: which of the two a maximum returns depends on where in the array they stand.
    return aligned(folded((values + 0.0,), period, _greater)[0], len(values))


def lowest(values: FloatArray, period: int) -> FloatArray:
    """Return the least of the last `period` values, this bar's included; NaN for the first period - 1.

    period >= 1. Source: TA-Lib TA_MIN.
    """
    check_period(period, 1)
    return aligned(folded((values + 0.0,), period, _less)[0], len(values))


def donchian(high: FloatArray, low: FloatArray, period: int = 20) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the Donchian channel: highest high, the middle, lowest low of the last `period` bars, this bar's included.

    A close is therefore never above the upper line; a breakout compares it with the line of the bar before. NaN for the first
    period - 1. period >= 1. Source: TA-Lib TA_MAX of the highs and TA_MIN of the lows.
    """
    upper, lower = highest(high, period), lowest(low, period)
    return upper, (upper + lower) / 2.0, lower


def bollinger(
    values: FloatArray, period: int = 20, deviations: float = 2.0
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the Bollinger bands: upper, middle, lower.

    middle = SMA(period); the others lie `deviations` population standard deviations away. NaN for the first period - 1.
    period >= 1, deviations > 0 and finite. Sources: TA-Lib TA_BBANDS with simple averages; variances of blocks are joined by Chan, Golub
    and LeVeque, Updating formulae and a pairwise algorithm for computing sample variances (1979), which does not cancel.
    """
    check_period(period, 1)
    if isinstance(deviations, bool) or not isinstance(deviations, int | float) or not 0 < deviations < math.inf:
        raise BadInputError(f"{str(deviations)[:40]} is not a number of deviations", pointer="/deviations", hint="> 0")
    middle, squares = folded((values + 0.0, values - values), period, _joined_variance)
    reach = deviations * np.sqrt(squares / period)
    upper, lower = middle + reach, middle - reach
    return aligned(upper, len(values)), aligned(middle, len(values)), aligned(lower, len(values))


def atr(high: FloatArray, low: FloatArray, close: FloatArray, period: int = 14) -> FloatArray:
    """Return Wilder's average true range in price units, >= 0; the first `period` entries are NaN.

    True range = max(high - low, |high - close before|, |low - close before|), so the first bar has none. Starts as the mean of the
    first `period` true ranges, then avg = (avg (period - 1) + now) / period. period >= 1.
    Source: Wilder (1978), ch. 3; TA-Lib TA_ATR.
    """
    check_period(period, 1)
    return carried(wilder, _true_range(high, low, close), period)


def adx(high: FloatArray, low: FloatArray, close: FloatArray, period: int = 14) -> FloatArray:
    """Return Wilder's average directional index, (T,) in [0, 100]; the first 2 period - 1 entries are NaN.

    The third column of `directional`.
    """
    return directional(high, low, close, period)[2]


def directional(
    high: FloatArray, low: FloatArray, close: FloatArray, period: int = 14
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return +DI, -DI and ADX, each (T,) in [0, 100].

    +DI and -DI are 100 times the smoothed upward and downward moves over the smoothed true range; `period` NaN, and NaN while
    that range is 0. ADX is Wilder's average of 100 |+DI - -DI| / (+DI + -DI), 2 period - 1 NaN; a bar without any direction adds
    nothing to its start and leaves it as it was later. period >= 2. Source: Wilder (1978), ch. 4; TA-Lib TA_PLUS_DI, TA_MINUS_DI, TA_ADX.
    """
    check_period(period, 2)
    bars = len(close)
    up, down = np.full(bars, np.nan), np.full(bars, np.nan)
    rise, fall = high[1:] - high[:-1], low[:-1] - low[1:]
    up[1:] = np.where((rise > fall) & (rise > 0), rise, 0.0)
    down[1:] = np.where((fall > rise) & (fall > 0), fall, 0.0)
    smooth_up, smooth_down = carried(_decaying_sum, up, period), carried(_decaying_sum, down, period)
    reach = carried(_decaying_sum, _true_range(high, low, close), period)
    plus, minus = 100.0 * ratio(smooth_up, reach), 100.0 * ratio(smooth_down, reach)
    index = operand(np.full(bars, np.nan))
    if bars >= 2 * period:
        _adx(operand(100.0 * ratio(np.abs(plus - minus), plus + minus)), period, index)
    return plus, minus, np.asarray(index, np.float64)


def _true_range(high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:
    result = np.full(len(close), np.nan)
    before = close[:-1]
    reach = np.maximum(np.abs(high[1:] - before), np.abs(low[1:] - before))
    result[1:] = np.maximum(high[1:] - low[1:], reach)
    return result


def _greater(older: Parts, newer: Parts, _older_size: int, _newer_size: int) -> Parts:
    return (np.maximum(older[0], newer[0]),)


def _less(older: Parts, newer: Parts, _older_size: int, _newer_size: int) -> Parts:
    return (np.minimum(older[0], newer[0]),)


def _joined_variance(older: Parts, newer: Parts, older_size: int, newer_size: int) -> Parts:
    """Join (mean, sum of squared distances from it) of two blocks."""
    size = older_size + newer_size
    apart = newer[0] - older[0]
    mean = older[0] + apart * (newer_size / size)
    return mean, older[1] + newer[1] + apart * apart * (older_size * newer_size / size)


@jit
def _decaying_sum(values: FloatArray, start: int, stop: int, period: int, result: FloatArray) -> None:
    total = 0.0
    for i in range(start, start + period - 1):
        total += values[i]
    for i in range(start + period - 1, stop):
        total = total - total / period + values[i]
        result[i] = total


@jit
def _adx(index: FloatArray, period: int, result: FloatArray) -> None:
    total = 0.0
    for i in range(period, 2 * period):
        if index[i] == index[i]:
            total += index[i]
    average = total / period
    result[2 * period - 1] = average
    for i in range(2 * period, len(index)):
        if index[i] == index[i]:
            average = (average * (period - 1) + index[i]) / period
        result[i] = average
