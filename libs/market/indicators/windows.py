"""The two ways an indicator walks over a column: windows of fixed length, and averages that carry on from bar to bar.

Windows are combined from blocks of 1, 2, 4, ... values, oldest first: a window of n values costs about 2 log2(n) passes, carries no
error on from earlier bars, and depends on its own values alone, wherever the series starts.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from libs.common.errors import BadInputError
from libs.market.frame import FloatArray
from libs.market.jit import jit, operand

Parts: TypeAlias = tuple[FloatArray, ...]
"""What is known of every block of one length: one or more columns, entry i for the block that starts at value i."""
Join: TypeAlias = Callable[[Parts, Parts, int, int], Parts]
"""Combines the parts of older blocks with those of the blocks right behind them; the numbers are their lengths."""
Kernel: TypeAlias = Callable[[FloatArray, int, int, int, FloatArray], None]
"""A loop over values[start:stop] that fills a result from start + period - 1 on."""


def check_period(period: int, least: int) -> None:
    """Raise BadInputError unless `period` is a whole number of at least `least` bars."""
    if isinstance(period, bool) or not isinstance(period, int) or period < least:
        raise BadInputError(f"{str(period)[:40]} is not a period", pointer="/period", hint=f"a whole number >= {least}")


def folded(parts: Parts, period: int, join: Join) -> Parts:
    """Return the parts of every full window of `period` values, (T - period + 1,); empty if there is none.

    parts: those of single values. period >= 1.
    """
    if len(parts[0]) < period:
        return tuple(part[:0] for part in parts)
    block, size, covered = parts, 1, 0
    found: Parts = ()
    while True:
        if period & size:
            found = join(_first(found, size), _from(block, covered), covered, size) if found else block
            covered += size
        if covered == period:
            return found
        block = join(_first(block, size), _from(block, size), size, size)
        size *= 2


def window_sum(values: FloatArray, period: int) -> FloatArray:
    """Return the (T,) sums of the last `period` values; NaN for the first period - 1 and where the window holds a NaN."""
    return aligned(folded((values,), period, _added)[0], len(values))


def aligned(found: FloatArray, bars: int) -> FloatArray:
    """Return a column of full windows as (bars,) values, each at the last bar of its window, NaN before."""
    result = np.full(bars, np.nan)
    if len(found):
        result[bars - len(found) :] = found
    return result


def carried(kernel: Kernel, values: FloatArray, period: int, skip: int = 0) -> FloatArray:
    """Return what `kernel` makes of each run of values without NaN, (T,); NaN elsewhere and until a run is warm.

    skip: how many values of a run are left out before it starts.
    """
    result = operand(np.full(len(values), np.nan))
    source = operand(values)
    for start, stop in _runs(values):
        if stop - start >= skip + period:
            kernel(source, start + skip, stop, period, result)
    return np.asarray(result, np.float64)


def ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Return part / whole, NaN where `whole` is 0."""
    result = np.full(len(part), np.nan)
    np.divide(part, whole, out=result, where=whole != 0.0)
    return result


@jit
def wilder(values: FloatArray, start: int, stop: int, period: int, result: FloatArray) -> None:
    """Fill in Wilder's average: the mean of the first `period` values, then (average (period - 1) + value) / period."""
    total = 0.0
    for i in range(start, start + period):
        total += values[i]
    average = total / period
    result[start + period - 1] = average
    for i in range(start + period, stop):
        average = (average * (period - 1) + values[i]) / period
        result[i] = average


def _runs(values: FloatArray) -> list[tuple[int, int]]:
    edges = np.concatenate(([-1], np.flatnonzero(np.isnan(values)), [len(values)]))
    return [(int(edges[i]) + 1, int(edges[i + 1])) for i in np.flatnonzero(np.diff(edges) > 1)]


def _added(older: Parts, newer: Parts, _older_size: int, _newer_size: int) -> Parts:
    return (older[0] + newer[0],)


def _first(parts: Parts, dropped: int) -> Parts:
    return tuple(part[: len(part) - dropped] for part in parts)


def _from(parts: Parts, start: int) -> Parts:
    return tuple(part[start:] for part in parts)
