"""Indicators as columns, with TA-Lib's definitions and seeding.

Decides the formulas. Promises for all: the value of a bar depends on no later bar, to the last bit; entries are NaN until
the indicator is warm, and a series too short to warm up gives only NaN; compiled and plain runs agree bit for bit. Input:
(T,) finite prices, oldest first. Refuses periods that are not whole numbers in range, by BadInputError.
"""

import math

import numpy as np

from libs.common.errors import BadInputError
from libs.market.frame import FloatArray
from libs.market.jit import jit, operand


def sma(values: FloatArray, period: int) -> FloatArray:
    """Return the simple moving average: mean of the last `period` values, NaN for the first period - 1.

    Every window is summed afresh, oldest first, so it carries no error on from earlier bars and does not depend on where the
    series starts. period >= 1. Source: TA-Lib TA_SMA (whose running sum agrees to rounding).
    """
    _check_period(period, 1)
    result = np.full(len(values), np.nan)
    if len(values) >= period:
        count = len(values) - period + 1
        total = np.array(values[:count], np.float64)
        for offset in range(1, period):
            total += values[offset : offset + count]
        result[period - 1 :] = total / period
    return result


def ema(values: FloatArray, period: int) -> FloatArray:
    """Return the exponential moving average with k = 2 / (period + 1), NaN for the first period - 1.

    The first value is the simple mean of the first `period` values. period >= 1. Source: TA-Lib TA_EMA.
    """
    _check_period(period, 1)
    return _smoothed(values, 0, period)


def rsi(close: FloatArray, period: int = 14) -> FloatArray:
    """Return Wilder's relative strength index, (T,) in [0, 100]; the first `period` entries are NaN.

    Averages of gains and of losses start as means of the first `period` changes, then avg = (avg (period - 1) + now) / period.
    NaN as long as no price has ever moved: gain / (gain + loss) is 0 / 0 then (TA-Lib says 0, which would read as
    oversold). period >= 2. Source: Wilder, New Concepts in Technical Trading Systems (1978), ch. 6; TA-Lib TA_RSI.
    """
    _check_period(period, 2)
    result = operand(np.full(len(close), np.nan))
    if len(close) > period:
        change = np.diff(close)
        _rsi(operand(np.maximum(change, 0.0)), operand(np.maximum(-change, 0.0)), period, result)
    return np.asarray(result, np.float64)


def macd(
    close: FloatArray, fast: int = 12, slow: int = 26, signal: int = 9
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the MACD line, its signal line and their difference, the histogram.

    line = EMA(fast) - EMA(slow), NaN for the first slow - 1; signal = EMA(signal) of the line, NaN for signal - 1 more. As in
    TA-Lib both averages start together: the fast one is seeded with the mean of the `fast` closes that end at bar slow - 1.
    1 <= fast < slow, signal >= 1. Source: TA-Lib TA_MACD.
    """
    for period in (fast, slow, signal):
        _check_period(period, 1)
    if fast >= slow:
        raise BadInputError(f"fast {fast} is not below slow {slow}", pointer="/fast")
    line = _smoothed(close, slow - fast, fast) - _smoothed(close, 0, slow)
    signal_line = _smoothed(line, slow - 1, signal)
    return line, signal_line, line - signal_line


def atr(high: FloatArray, low: FloatArray, close: FloatArray, period: int = 14) -> FloatArray:
    """Return Wilder's average true range in price units, > = 0; the first `period` entries are NaN.

    True range = max(high - low, |high - close before|, |low - close before|), so the first bar has none. Starts as the mean of the
    first `period` true ranges, then avg = (avg (period - 1) + now) / period. period >= 1.
    Source: Wilder (1978), ch. 3; TA-Lib TA_ATR.
    """
    _check_period(period, 1)
    result = operand(np.full(len(close), np.nan))
    if len(close) > period:
        before = close[:-1]
        reach = np.maximum(np.abs(high[1:] - before), np.abs(low[1:] - before))
        _wilder(operand(np.maximum(high[1:] - low[1:], reach)), period, result)
    return np.asarray(result, np.float64)


def _check_period(period: int, least: int) -> None:
    if isinstance(period, bool) or not isinstance(period, int) or period < least:
        raise BadInputError(f"{str(period)[:40]} is not a period", pointer="/period", hint=f"a whole number >= {least}")


def _smoothed(values: FloatArray, start: int, period: int) -> FloatArray:
    result = operand(np.full(len(values), np.nan))
    if len(values) >= start + period:
        _ema(operand(values), start, period, result)
    return np.asarray(result, np.float64)


@jit
def _ema(values: FloatArray, start: int, period: int, result: FloatArray) -> None:
    total = 0.0
    for i in range(start, start + period):
        total += values[i]
    average = total / period
    result[start + period - 1] = average
    k = 2.0 / (period + 1)
    for i in range(start + period, len(values)):
        average = (values[i] - average) * k + average
        result[i] = average


@jit
def _wilder(ranges: FloatArray, period: int, result: FloatArray) -> None:
    total = 0.0
    for i in range(period):
        total += ranges[i]
    average = total / period
    result[period] = average
    for i in range(period, len(ranges)):
        average = (average * (period - 1) + ranges[i]) / period
        result[i + 1] = average


@jit
def _rsi(gains: FloatArray, losses: FloatArray, period: int, result: FloatArray) -> None:
    gain = 0.0
    loss = 0.0
    for i in range(period):
        gain += gains[i]
        loss += losses[i]
    gain /= period
    loss /= period
    moved = gain + loss
    result[period] = 100.0 * (gain / moved) if moved > 0.0 else math.nan
    for i in range(period, len(gains)):
        gain = (gain * (period - 1) + gains[i]) / period
        loss = (loss * (period - 1) + losses[i]) / period
        moved = gain + loss
        result[i + 1] = 100.0 * (gain / moved) if moved > 0.0 else math.nan
