"""Which stored bars a backtest runs on. Decides the default and what is refused; reads nothing itself."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from libs.common.errors import BadInputError, NotFoundError
from libs.common.values import Timeframe, from_epoch_ms, to_epoch_ms

DEFAULT_DAYS = 90
LEAST_BARS = 1_000
"""The shortest default window in bars: 90 daily bars would not even warm up a 200-day average."""

DEFAULT_BARS = 5_000
"""The longest default window in bars; agents evaluate from its start, so it bounds what they read at every bar."""

MAX_BARS = 5 * 366 * 24 * 60
"""Five years of minutes, the longest window of one run."""

_DAY_MS = 86_400_000


@dataclass(frozen=True)
class Window:
    """Bars that open at or after `start_ms` and close at or before `end_ms` (epoch ms)."""

    start_ms: int
    end_ms: int

    def last_open_before(self, timeframe: Timeframe) -> int:
        """Return the exclusive bound on open times: a bar that opens before it has closed by `end_ms`."""
        return self.end_ms - timeframe.seconds * 1_000 + 1


def choose(timeframe: Timeframe, first_ms: int, last_ms: int, start: datetime | None, end: datetime | None) -> Window:
    """Return the window asked for, or the newest 90 days of stored bars: the time of 1,000 bars at least and 5,000 at most.

    first_ms, last_ms: open times of the first and last stored bar. A missing `end` is the last bar's close, a missing `start` lies that
    long before the end. Raises BadInputError for a window that is empty by its own words or longer than five
    years of minutes, NotFoundError for one that lies outside the stored bars.
    """
    length_ms = timeframe.seconds * 1_000
    end_ms = last_ms + length_ms if end is None else to_epoch_ms(end)
    start_ms = end_ms - _default_ms(timeframe) if start is None else to_epoch_ms(start)
    if start_ms >= end_ms and start is not None and end is not None:
        raise BadInputError(
            f"the window starts at {start.isoformat()} and ends at {end.isoformat()}",
            code="backtest.window_empty",
            pointer="/start",
            hint="start must be before end",
        )
    if (end_ms - start_ms) // length_ms > MAX_BARS:
        raise BadInputError(
            f"the window has up to {(end_ms - start_ms) // length_ms} bars, {MAX_BARS} are allowed",
            code="backtest.window_too_long",
            pointer="/start",
            hint="take a shorter window or a longer timeframe",
        )
    if start_ms > last_ms or end_ms < first_ms + length_ms:
        raise no_bars(timeframe, first_ms, last_ms)
    return Window(start_ms, end_ms)


def no_bars(timeframe: Timeframe, first_ms: int, last_ms: int) -> NotFoundError:
    """Return the error for a window without at least two closed bars, naming what is stored."""
    stored = f"{from_epoch_ms(first_ms).isoformat()} to {from_epoch_ms(last_ms).isoformat()}"
    return NotFoundError(
        f"the window has fewer than two closed {timeframe} bars",
        code="backtest.no_bars",
        pointer="/start",
        hint=f"stored bars open from {stored}",
    )


def before_boundary(boundary_ms: int, start: datetime | None, end: datetime | None) -> datetime:
    """Return the end of an automatic run whose family keeps back the bars from `boundary_ms` on; raises BadInputError for a start beyond it."""
    boundary = from_epoch_ms(boundary_ms)
    if start is not None and start >= boundary:
        raise BadInputError(
            f"the bars from {boundary.isoformat()} on are kept back from this family",
            code="backtest.holdout",
            pointer="/start",
            hint="start before, or look at them: that is recorded",
        )
    return boundary if end is None else min(boundary, end)


def is_worth_a_boundary(timeframe: Timeframe, times: NDArray[np.int64]) -> bool:
    """Tell whether bars with these open times, (T,), span half of the default window: of fewer, a fifth says nothing."""
    return int(times[-1] - times[0]) + timeframe.seconds * 1_000 >= _default_ms(timeframe) / 2


def _default_ms(timeframe: Timeframe) -> int:
    bar_ms = timeframe.seconds * 1_000
    return min(max(DEFAULT_DAYS * _DAY_MS, LEAST_BARS * bar_ms), DEFAULT_BARS * bar_ms)
