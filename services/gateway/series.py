"""Columns of a report's curve for a chart: a window of it, thinned so that no peak and no trough is lost."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from libs.report.thin import kept

COLUMNS = ("equity", "buy_and_hold", "drawdown", "exposure")


def window(
    report: dict[str, Any], columns: Sequence[str], start_ms: int | None, end_ms: int | None, most: int
) -> dict[str, Any]:
    """Return `ts` (epoch seconds) and the named columns for start <= open time < end, about `most` points.

    columns: of COLUMNS. points_in_range says how many there are, every_bars how many bars the report itself keeps one point of. An empty window has
    empty columns.
    """
    curve = report["curve"]
    times = curve["times"]
    first = 0 if start_ms is None else bisect_left(times, start_ms)
    last = len(times) if end_ms is None else bisect_left(times, end_ms)
    cut = {name: curve[name][first:last] for name in columns}
    places = kept(list(cut.values()), most)
    return {
        "ts": [times[first + place] // 1_000 for place in places],
        **{name: [values[place] for place in places] for name, values in cut.items()},
        "points_in_range": max(0, last - first),
        "every_bars": curve["every_bars"],
    }
