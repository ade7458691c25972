"""Which missing bars are worth telling: `find_gaps`, minus the times at which a market rests."""

from collections.abc import Sequence

import numpy as np

from libs.common.values import Timeframe
from libs.market.frame import TimeArray
from libs.market.gaps import Gap, find_gaps

_DAY_MS = 86_400_000


def market_gaps(ts: TimeArray, timeframe: Timeframe, sessions: TimeArray | None = None) -> list[Gap]:
    """Return the gaps in open times `ts` (strictly increasing, epoch ms), oldest first.

    sessions: all times at which the market trades, when they are known (`file_sessions`): only those can be missing, and only
    between the first and the last of `ts`. Without them a daily series without a single bar on a Saturday or Sunday is
    taken to rest then, and holidays, and the nights of exchanges that close, still count.
    """
    if sessions is not None:
        return _session_gaps(ts, sessions)
    found = find_gaps(ts, timeframe.seconds * 1_000)
    if timeframe is not Timeframe.D1 or _is_weekend(ts).any():
        return found
    weekdays = (_weekdays_only(gap) for gap in found)
    return [gap for gap in weekdays if gap is not None]


def file_sessions(columns: Sequence[TimeArray]) -> TimeArray | None:
    """Return the times at which the symbols of one file traded, if they are of a market with sessions; None if not.

    columns: open times of each symbol. A market has sessions when several symbols passed a weekend and none traded on it; then
    what any symbol has is a time the market traded, and what none has is a holiday or a night. A market that never rests
    has no such calendar: there a time that all symbols lack is an outage.
    """
    if len(columns) < 2:
        return None
    times = np.unique(np.concatenate(columns))
    if _is_weekend(times).any() or not _is_weekend(np.arange(times[0], times[-1], _DAY_MS)).any():
        return None
    return times


def _session_gaps(ts: TimeArray, sessions: TimeArray) -> list[Gap]:
    place = np.searchsorted(sessions, ts)
    missing = np.diff(place) - 1
    return [
        Gap(int(sessions[place[row] + 1]), int(sessions[place[row + 1] - 1]), int(missing[row]))
        for row in np.flatnonzero(missing > 0)
    ]


def _is_weekend(ts: TimeArray) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    return (ts // _DAY_MS + 3) % 7 >= 5


def _weekdays_only(gap: Gap) -> Gap | None:
    days = np.arange(gap.first_missing_ms, gap.last_missing_ms + 1, _DAY_MS)
    open_days = days[~_is_weekend(days)]
    if not len(open_days):
        return None
    return Gap(int(open_days[0]), int(open_days[-1]), len(open_days))
