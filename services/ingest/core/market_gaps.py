"""Which missing bars are worth telling: `find_gaps`, minus the weekends of a daily series that never trades on one."""

import numpy as np

from libs.common.values import Timeframe
from libs.market.frame import TimeArray
from libs.market.gaps import Gap, find_gaps

_DAY_MS = 86_400_000


def market_gaps(ts: TimeArray, timeframe: Timeframe) -> list[Gap]:
    """Return the gaps in open times `ts` (strictly increasing, epoch ms), oldest first.

    A daily series without a single bar on a Saturday or Sunday is taken to rest then. Holidays, and the nights of
    exchanges that close, still count: no calendar is known here.
    """
    found = find_gaps(ts, timeframe.seconds * 1_000)
    if timeframe is not Timeframe.D1 or _trades_weekends(ts):
        return found
    weekdays = (_weekdays_only(gap) for gap in found)
    return [gap for gap in weekdays if gap is not None]


def _trades_weekends(ts: TimeArray) -> bool:
    days = ts // _DAY_MS
    return bool(((days + 3) % 7 >= 5).any())


def _weekdays_only(gap: Gap) -> Gap | None:
    days = np.arange(gap.first_missing_ms, gap.last_missing_ms + 1, _DAY_MS) // _DAY_MS
    open_days = days[(days + 3) % 7 < 5]
    if not len(open_days):
        return None
    return Gap(int(open_days[0]) * _DAY_MS, int(open_days[-1]) * _DAY_MS, len(open_days))
