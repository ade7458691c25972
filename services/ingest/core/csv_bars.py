"""What must hold of imported bars: plausible values, one bar per time, one grid, no lone spikes. Pure array work."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from libs.common.values import Timeframe
from libs.market.frame import FloatArray, Frame, TimeArray
from services.ingest.core.csv_types import BadCsvError, Faults, Spike, SymbolBars

MAX_PRICE = 1e12
"""Highest price taken for one; no asset is quoted above it."""

MAX_VOLUME = 1e18
"""Largest volume of one bar."""

SPIKE_FACTOR = 20.0
"""A bar this many times above or below both neighbours is left out and reported."""


@dataclass(frozen=True)
class Rows:
    """All rows of a file as columns. series: (N,) number of the symbol; ts: (N,) UTC epoch ms; line: (N,) line number."""

    line: npt.NDArray[np.int64]
    series: npt.NDArray[np.int32]
    ts: TimeArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray

    def take(self, rows: npt.NDArray[np.int64] | npt.NDArray[np.bool_] | slice) -> "Rows":
        """Return the chosen rows, in the order chosen."""
        return Rows(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def check_values(rows: Rows, now_ms: int, faults: Faults) -> None:
    """Note every line whose prices, volume or time cannot be those of a bar."""
    for name in ("open", "high", "low", "close"):
        column = getattr(rows, name)
        _note(faults, rows, column <= 0, f"{name} is not above 0")
        _note(faults, rows, column > MAX_PRICE, f"{name} is above {MAX_PRICE:.0e}")
    _note(faults, rows, rows.volume < 0, "volume is below 0")
    _note(faults, rows, rows.volume > MAX_VOLUME, f"volume is above {MAX_VOLUME:.0e}")
    _note(faults, rows, rows.high < rows.low, "high is below low")
    _note(faults, rows, np.maximum(rows.open, rows.close) > rows.high, "open or close is above high")
    _note(faults, rows, np.minimum(rows.open, rows.close) < rows.low, "open or close is below low")
    _note(faults, rows, rows.ts <= 0, "the time is before 1970-01-02")
    _note(faults, rows, rows.ts > now_ms, "the time is in the future")


def in_order(rows: Rows, faults: Faults) -> tuple[Rows, npt.NDArray[np.int32]]:
    """Return the rows by symbol and time without identical repeats, and the symbol number of every repeat dropped.

    Notes lines that repeat a time with other values.
    """
    ordered = rows.take(np.lexsort((rows.line, rows.ts, rows.series)))
    repeats = np.zeros(len(ordered.ts), np.bool_)
    repeats[1:] = (ordered.ts[1:] == ordered.ts[:-1]) & (ordered.series[1:] == ordered.series[:-1])
    differs = np.zeros(len(ordered.ts), np.bool_)
    for name in ("open", "high", "low", "close", "volume"):
        column = getattr(ordered, name)
        differs[1:] |= column[1:] != column[:-1]
    _note(faults, ordered, repeats & differs, "the same time came before with other values")
    return ordered.take(~repeats), ordered.series[repeats]


def find_timeframe(ordered: Rows, declared: Timeframe | None) -> Timeframe:
    """Return the bar length: the declared one if the steps allow it, else the commonest step.

    Raises BadCsvError when no two rows are one bar apart, or the commonest step is no known bar length.
    """
    steps = np.diff(ordered.ts)[np.diff(ordered.series) == 0]
    if declared is not None:
        if len(steps) > 1 and not (steps == declared.seconds * 1_000).any():
            told = f"no two rows are {declared} apart; the smallest step is {int(steps.min()) // 1_000:,} s"
            raise BadCsvError(told, pointer="/timeframe", hint="name the length of the bars in the file")
        return declared
    if not len(steps):
        raise BadCsvError("one row has no step to tell the bar length", pointer="/timeframe", hint="name the timeframe")
    lengths, counts = np.unique(steps, return_counts=True)
    commonest = int(lengths[np.argmax(counts)])
    found = next((t for t in Timeframe if t.seconds * 1_000 == commonest), None)
    if found is None:
        known = ", ".join(t.value for t in Timeframe)
        raise BadCsvError(f"the commonest step is {commonest / 1_000:,.3f} s", hint=f"bars are {known} long")
    return found


def check_grid(ordered: Rows, timeframe: Timeframe, faults: Faults) -> None:
    """Note every line whose open time is not a whole number of bar lengths after the epoch."""
    off = ordered.ts % (timeframe.seconds * 1_000) != 0
    _note(faults, ordered, off, f"the open time is not on the {timeframe} grid (UTC)")


def split(ordered: Rows, names: list[str], dropped: npt.NDArray[np.int32]) -> tuple[list[SymbolBars], list[Spike]]:
    """Return the bars of each symbol, by name, and the spikes left out. names: symbol by series number."""
    found: list[SymbolBars] = []
    spikes: list[Spike] = []
    bounds = np.searchsorted(ordered.series, np.arange(len(names) + 1))
    repeats = np.bincount(dropped, minlength=len(names))
    for series in sorted(range(len(names)), key=names.__getitem__):
        name = names[series]
        mine = ordered.take(slice(int(bounds[series]), int(bounds[series + 1])))
        lone = _spikes(mine)
        spikes += [
            Spike(name, int(mine.ts[row]), int(mine.line[row]), float(mine.low[row]), float(mine.high[row]))
            for row in np.flatnonzero(lone)
        ]
        kept = mine.take(~lone)
        frame = Frame.of(kept.ts, kept.open, kept.high, kept.low, kept.close, kept.volume)
        again = int(repeats[series])
        found.append(SymbolBars(name, frame, len(mine.ts) + again, again, int(lone.sum())))
    return found, spikes


def _spikes(mine: Rows) -> npt.NDArray[np.bool_]:
    lone = np.zeros(len(mine.ts), np.bool_)
    above = mine.high[1:-1] > SPIKE_FACTOR * np.maximum(mine.high[:-2], mine.high[2:])
    below = mine.low[1:-1] * SPIKE_FACTOR < np.minimum(mine.low[:-2], mine.low[2:])
    lone[1:-1] = above | below
    return lone


def _note(faults: Faults, rows: Rows, bad: npt.NDArray[np.bool_], reason: str) -> None:
    for row in np.flatnonzero(bad):
        faults.add(int(rows.line[row]), reason)
