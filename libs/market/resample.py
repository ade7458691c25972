"""Bars of a longer timeframe made from shorter ones, and when each was known.

Decides that only closed bars count. Wart: it knows no sessions, so the last bucket of a trading day closes with the first bar
of the next session.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from libs.common.errors import BadInputError
from libs.market.frame import COLUMNS, FloatArray, Frame

IndexArray: TypeAlias = npt.NDArray[np.int64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Resampled:
    """Closed bars of a longer timeframe beside the T bars they were made from.

    frame: the B bars, opening at multiples of their length since the epoch. latest: (T,) the newest of them that was closed when
    each of the T bars closed; -1 before the first.
    """

    frame: Frame
    latest: IndexArray

    def stretched(self, column: FloatArray) -> FloatArray:
        """Return a (B,) column as each of the T bars sees it, NaN before the first closed bar."""
        return np.concatenate(([np.nan], column))[self.latest + 1]

    def held(self, flags: BoolArray) -> BoolArray:
        """Return (B,) truths as each of the T bars sees them, False before the first closed bar."""
        return np.concatenate(([False], flags))[self.latest + 1]


def resample(frame: Frame, step_ms: int, bucket_ms: int) -> Resampled:
    """Return the bars of `bucket_ms` in a frame of bars of `step_ms`; bucket_ms must be a multiple of step_ms.

    A bar belongs to the bucket in which it opens. A bucket counts from the first bar that closes at its end or later: its own last one,
    or where that is missing the next there is. The first bucket is left out unless the frame starts with it, a bucket without
    bars does not exist, and the one still open is left out. Appending bars changes nothing that was returned for the earlier
    ones. Raises BadInputError for lengths that do not fit.
    """
    if step_ms < 1 or bucket_ms <= step_ms or bucket_ms % step_ms:
        raise BadInputError(f"bars of {step_ms} ms do not make bars of {bucket_ms} ms", pointer="/timeframe")
    bars = len(frame)
    if bars == 0:
        return Resampled(frame, np.empty(0, np.int64))
    bucket = frame.ts // bucket_ms
    starts = np.concatenate(([0], np.flatnonzero(np.diff(bucket)) + 1))
    lasts = np.concatenate((starts[1:], [bars])) - 1
    ends = (bucket[starts] + 1) * bucket_ms
    closing = lasts + (frame.ts[lasts] + step_ms < ends)
    kept = closing < bars
    kept[0] = kept[0] and frame.ts[0] % bucket_ms == 0
    coarse = Frame(
        bucket[starts] * bucket_ms,
        frame.open[starts],
        np.maximum.reduceat(frame.high, starts),
        np.minimum.reduceat(frame.low, starts),
        frame.close[lasts],
        np.add.reduceat(frame.volume, starts),
    )
    latest = np.searchsorted(closing[kept], np.arange(bars), side="right") - 1
    return Resampled(_kept(coarse, kept), latest.astype(np.int64))


def _kept(frame: Frame, rows: npt.NDArray[np.bool_]) -> Frame:
    return Frame(frame.ts[rows], *(getattr(frame, name)[rows] for name in COLUMNS))
