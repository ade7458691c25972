"""The bars a report carries, so that a page made from it alone can draw candles.

Decides how many: a report on long or many series keeps candles of several bars, which lose neither a high nor a low.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from libs.market.frame import Frame

MAX_BARS = 100_000
"""Most candles of a report, all symbols together."""


def bars_of(frames: Mapping[str, Frame], most: int = MAX_BARS) -> dict[str, dict[str, Any]]:
    """Return the bars of each symbol as columns: `every_bars`, `times` (open, epoch ms), `open`, `high`, `low`, `close`.

    Each symbol gets an equal share of `most`, at least one candle. A candle of k bars opens with the first, closes with the last of them.
    """
    share = max(1, most // max(1, len(frames)))
    return {symbol: _columns(frame, max(1, -(-len(frame) // share))) for symbol, frame in sorted(frames.items())}


def _columns(frame: Frame, step: int) -> dict[str, Any]:
    starts = np.arange(0, len(frame), step)
    lasts = np.minimum(starts + step, len(frame)) - 1
    return {
        "every_bars": step,
        "times": np.ascontiguousarray(frame.ts[starts]),
        "open": np.ascontiguousarray(frame.open[starts]),
        "high": np.maximum.reduceat(frame.high, starts) if len(frame) else frame.high,
        "low": np.minimum.reduceat(frame.low, starts) if len(frame) else frame.low,
        "close": np.ascontiguousarray(frame.close[lasts]),
    }
