"""The bars of one symbol as a strategy's data functions serve them: equal-length plain lists cut from shared columns.

Decides how lists are cut quickly, and which bars make a closed bar of a coarser timeframe. Which bars may be seen, `asof.py` decides.
"""

from bisect import bisect_right
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from libs.strategy.sandbox.layout import Block

FloatArray: TypeAlias = npt.NDArray[np.float64]
TimeArray: TypeAlias = npt.NDArray[np.int64]
Bars: TypeAlias = dict[str, list[int] | list[float]]

NAMES = ("open", "high", "low", "close", "volume")


class Memory:
    """A stretch of 8-byte values, read as whole numbers and as floats without a copy."""

    __slots__ = ("floats", "whole")

    def __init__(self, view: memoryview):
        """Read `view`, the values of whose columns begin at multiples of 8 bytes."""
        cut = view.cast("B")[: view.nbytes // 8 * 8]
        self.whole: memoryview[int] = cut.cast("q")
        self.floats: memoryview[float] = cut.cast("d")


class Columns:
    """T bars of one symbol and timeframe, oldest first: ts (open times, epoch ms), open, high, low, close, volume, in this order.

    delay_ms: a bar may be seen once a stored bar that opened this long after it may be; 0 for stored bars.
    """

    __slots__ = ("_lists", "_memory", "_start", "delay_ms", "rows")

    def __init__(self, memory: Memory, start: int, rows: int, delay_ms: int = 0):
        """Look at the six columns of `rows` values each that begin at value `start` of `memory`."""
        self._memory = memory
        self._start = start
        self._lists: tuple[list[int], list[float], list[float], list[float], list[float], list[float]] | None = None
        self.rows = rows
        self.delay_ms = delay_ms

    @classmethod
    def of(cls, memory: Memory, block: Block) -> "Columns":
        """Return the bars of a block of the market."""
        return cls(memory, block.at // 8, block.rows)

    @property
    def ts(self) -> TimeArray:
        """(T,) open times; shared memory."""
        return np.frombuffer(self._memory.whole, np.int64, self.rows, 8 * self._start)

    @property
    def prices(self) -> FloatArray:
        """(5, T) open high low close volume; shared memory."""
        values = np.frombuffer(self._memory.whole, np.float64, 5 * self.rows, 8 * (self._start + self.rows))
        return values.reshape(5, self.rows)

    @property
    def is_listed(self) -> bool:
        """Whether the bars are held as lists."""
        return self._lists is not None

    def as_lists(self) -> None:
        """Hold the bars as lists too: about 200 bytes a bar, and cuts become three times as fast."""
        if self._lists is None:
            self._lists = (self.ts.tolist(), *self.prices.tolist())

    def opened(self, row: int) -> int:
        """Return the open time of a bar."""
        return self._memory.whole[self._start + row]

    def visible(self, last: int) -> int:
        """Return how many bars may be seen when the newest visible stored bar opened at or before `last` (epoch ms)."""
        start = self._start
        return bisect_right(self._memory.whole, last - self.delay_ms, start, start + self.rows) - start

    def cut(self, start: int, stop: int) -> Bars:
        """Return bars [start, stop) as fresh lists."""
        if self._lists is not None:
            ts, opens, highs, lows, closes, volumes = self._lists
            span = slice(start, stop)
            return {
                "timestamps": ts[span],
                "open": opens[span],
                "high": highs[span],
                "low": lows[span],
                "close": closes[span],
                "volume": volumes[span],
            }
        rows, floats = self.rows, self._memory.floats
        at, end = self._start + start, self._start + stop
        return {
            "timestamps": self._memory.whole[at:end].tolist(),
            "open": floats[at + rows : end + rows].tolist(),
            "high": floats[at + 2 * rows : end + 2 * rows].tolist(),
            "low": floats[at + 3 * rows : end + 3 * rows].tolist(),
            "close": floats[at + 4 * rows : end + 4 * rows].tolist(),
            "volume": floats[at + 5 * rows : end + 5 * rows].tolist(),
        }


def no_bars() -> Bars:
    """Return six empty lists."""
    return {"timestamps": [], **{name: [] for name in NAMES}}


def resample(bars: Columns, own_ms: int, wanted_ms: int) -> Columns:
    """Return bars of `wanted_ms`, a multiple of `own_ms`, in buckets aligned at the epoch.

    A bucket is known once its last possible stored bar may be seen, so only closed buckets show. The first bucket counts only if
    the first stored bar is its first. Bars missing inside a bucket stay missing. Source: ours; open, max, min, close, sum.
    """
    if not bars.rows:
        return bars
    ts, (opens, highs, lows, closes, volumes) = bars.ts, bars.prices
    phase = int(ts[0]) % own_ms
    buckets = ts // wanted_ms
    starts = np.concatenate(([0], np.flatnonzero(np.diff(buckets)) + 1))
    if int(ts[0]) - phase != int(buckets[0]) * wanted_ms:
        starts = starts[1:]
    count = len(starts)
    if not count:
        return Columns(Memory(memoryview(bytes(8))), 0, 0)
    made = np.empty((6, count), np.float64)
    made[0] = (buckets[starts] * wanted_ms).view(np.float64)
    # Straight into place: what is computed here is not known yet at most bars, and code can read what freed memory holds.
    np.take(opens, starts, out=made[1], mode="clip")
    np.maximum.reduceat(highs, starts, out=made[2])
    np.minimum.reduceat(lows, starts, out=made[3])
    np.take(closes, np.append(starts[1:], bars.rows) - 1, out=made[4], mode="clip")
    np.add.reduceat(volumes, starts, out=made[5])
    return Columns(Memory(made.data), 0, count, wanted_ms - own_ms + phase)
