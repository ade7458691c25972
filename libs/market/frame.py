"""The price frame: the bars of one symbol and timeframe as columns.

Decides what valid bars are and how they are sliced. Knows no file, no symbol and no source.
"""

import hashlib
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from libs.common.errors import BadBarsError

if TYPE_CHECKING:
    import pandas as pd

FloatArray: TypeAlias = npt.NDArray[np.float64]
TimeArray: TypeAlias = npt.NDArray[np.int64]

COLUMNS = ("open", "high", "low", "close", "volume")
"""The float columns, in the order they are stored and hashed."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """T bars, oldest first; slices share memory with the frame they come from, so nobody writes into a column.

    ts: (T,) open times, epoch milliseconds, strictly increasing. open, high, low, close: (T,) prices in the quote asset,
    finite, > 0, low <= open, close <= high. volume: (T,) base asset, finite, >= 0. The constructor trusts its caller
    (`Catalog` and slices use it); data from anywhere else comes through `Frame.of`.
    """

    ts: TimeArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray

    def __len__(self) -> int:
        """Return the number of bars."""
        return len(self.ts)

    @classmethod
    def of(
        cls,
        ts: npt.ArrayLike,
        open: npt.ArrayLike,
        high: npt.ArrayLike,
        low: npt.ArrayLike,
        close: npt.ArrayLike,
        volume: npt.ArrayLike,
    ) -> "Frame":
        """Return a frame of own, checked columns.

        Raises BadBarsError whose pointer is `/<column>/<row>` of the first bad row: not a number, NaN or infinite, times
        out of order or twice, price <= 0, volume < 0, or low <= open, close <= high broken.
        """
        times = _times(ts)
        given = (open, high, low, close, volume)
        frame = cls(times, *(_floats(name, column) for name, column in zip(COLUMNS, given, strict=True)))
        _check_lengths(frame)
        _check_rows(frame)
        return frame

    @classmethod
    def empty(cls) -> "Frame":
        """Return a frame without bars."""
        return cls(np.empty(0, np.int64), *(np.empty(0, np.float64) for _ in COLUMNS))

    def until(self, open_ms: int) -> "Frame":
        """Return the bars that open at or before `open_ms`."""
        return self._slice(0, bisect_right(self.ts, open_ms))

    def between(self, start_ms: int | None, end_ms: int | None) -> "Frame":
        """Return the bars with start_ms <= open time < end_ms; None leaves that side open."""
        first = 0 if start_ms is None else bisect_left(self.ts, start_ms)
        stop = len(self) if end_ms is None else bisect_left(self.ts, end_ms)
        return self._slice(first, max(first, stop))

    def tail(self, count: int) -> "Frame":
        """Return the newest `count` bars, or all when there are fewer."""
        return self._slice(max(0, len(self) - max(0, count)), len(self))

    def to_pandas(self) -> "pd.DataFrame":
        """Return an own copy as a DataFrame: index `ts` (UTC open times), float64 columns open high low close volume."""
        import pandas as pd  # noqa: PLC0415  heavy, and only services that run Python strategies may pay for it

        index = pd.DatetimeIndex(np.array(self.ts).astype("datetime64[ms]"), name="ts", tz="UTC")
        return pd.DataFrame({name: np.array(getattr(self, name)) for name in COLUMNS}, index=index)

    def data_hash(self) -> str:
        """Return the SHA-256 (hex) of the six columns, little endian, in order: equal bars hash equal on every machine."""
        digest = hashlib.sha256(np.ascontiguousarray(self.ts, "<i8").data)
        for name in COLUMNS:
            digest.update(np.ascontiguousarray(getattr(self, name), "<f8").data)
        return digest.hexdigest()

    def _slice(self, first: int, stop: int) -> "Frame":
        return Frame(
            self.ts[first:stop],
            self.open[first:stop],
            self.high[first:stop],
            self.low[first:stop],
            self.close[first:stop],
            self.volume[first:stop],
        )


def _times(values: npt.ArrayLike) -> TimeArray:
    given = np.asarray(values)
    if given.size == 0 and given.ndim == 1:
        return np.empty(0, np.int64)
    if given.ndim != 1 or given.dtype.kind not in "iu":
        raise BadBarsError("ts is not a list of whole milliseconds", pointer="/ts", hint="give UTC epoch milliseconds")
    return np.array(given, np.int64)


def _floats(name: str, values: npt.ArrayLike) -> FloatArray:
    given = np.asarray(values)
    if given.ndim == 1 and given.dtype.kind == "O":
        for row, value in enumerate(given):
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise BadBarsError(f"row {row}: {name} {str(value)[:40]!r} is not a number", pointer=f"/{name}/{row}")
    elif given.ndim != 1 or (given.size and given.dtype.kind not in "iuf"):
        raise BadBarsError(f"{name} is not a list of numbers", pointer=f"/{name}")
    try:
        return np.array(given, np.float64)
    except OverflowError:
        raise BadBarsError(f"{name} holds a number beyond float64", pointer=f"/{name}") from None


def _check_lengths(frame: Frame) -> None:
    for name in COLUMNS:
        if len(getattr(frame, name)) != len(frame):
            raise BadBarsError(f"{name} has {len(getattr(frame, name))} rows, ts has {len(frame)}", pointer=f"/{name}")


def _check_rows(frame: Frame) -> None:
    faults = [
        ("ts", "is not later than the row before", np.concatenate(([False], frame.ts[1:] <= frame.ts[:-1]))),
        *((name, "is not a finite number", ~np.isfinite(getattr(frame, name))) for name in COLUMNS),
        *((name, "is not above zero", getattr(frame, name) <= 0) for name in COLUMNS[:4]),
        ("volume", "is below zero", frame.volume < 0),
        ("high", "is below the open or the close", frame.high < np.maximum(frame.open, frame.close)),
        ("low", "is above the open or the close", frame.low > np.minimum(frame.open, frame.close)),
    ]
    found = [(int(np.argmax(bad)), order) for order, (_, _, bad) in enumerate(faults) if bad.any()]
    if found:
        row, order = min(found)
        name, what, _ = faults[order]
        value = getattr(frame, name)[row]
        raise BadBarsError(f"row {row}: {name} {value} {what}", pointer=f"/{name}/{row}")
