"""What equity and buy and hold made in each calendar month (UTC)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Month:
    """One month: returns as fractions, None where there is nothing to compare with."""

    year: int
    month: int
    gain: float | None
    held: float | None


def months(
    times: Sequence[int], equity: Sequence[float], held: Sequence[float | None], initial: float
) -> tuple[Month, ...]:
    """Return each month the window touches, oldest first: last value in it over last value before it, minus 1.

    times: (T,) open times, epoch ms, T >= 1; equity, held: (T,) values. The first month starts from `initial`, so it and the last may be partial.
    """
    lasts: dict[tuple[int, int], int] = {}
    for place in _month_ends(times):
        at = _EPOCH + timedelta(milliseconds=times[place])
        lasts[at.year, at.month] = place
    found = []
    before: tuple[float | None, float | None] = (initial, initial)
    for (year, month), place in sorted(lasts.items()):
        now = equity[place], held[place]
        found.append(Month(year, month, _change(before[0], now[0]), _change(before[1], now[1])))
        before = now
    return tuple(found)


def compounded(gains: Sequence[float | None]) -> float | None:
    """Return several returns as one; None where one of them is unknown or they pass a number's range."""
    total = 1.0
    for gain in gains:
        if gain is None:
            return None
        total *= 1.0 + gain
    return total - 1.0 if math.isfinite(total) else None


def _month_ends(times: Sequence[int]) -> list[int]:
    """The last place of each month, found by leaping: a month has at least 28 days."""
    ends, place, count = [], 0, len(times)
    while place < count:
        at = _EPOCH + timedelta(milliseconds=times[place])
        year, month = (at.year + 1, 1) if at.month == 12 else (at.year, at.month + 1)
        following = int(datetime(year, month, 1, tzinfo=UTC).timestamp() * 1_000) if year < 10_000 else times[-1] + 1
        low, high = place, count
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if times[middle] < following else (low, middle)
        ends.append(low - 1)
        place = low
    return ends


def _change(before: float | None, now: float | None) -> float | None:
    """Return the relative change; None where it is undefined or beyond a number's range."""
    if before is None or now is None or before <= 0:
        return None
    change = now / before - 1.0
    return change if math.isfinite(change) else None
