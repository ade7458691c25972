"""Fewer points that still tell the truth: a thinned line keeps its extremes, a merged candle its high and low."""

from collections.abc import Sequence

from libs.report.reading import Candles

Column = Sequence[float | None]


def kept(columns: Sequence[Column], most: int) -> list[int]:
    """Return the places of about `most` points that keep every column's shape: all of them if there are no more.

    columns: (C,) of equal length T. The places are cut into equal stretches; of each the first and every column's lowest and highest stay, and of all
    the very last, so each point kept is one that was.
    """
    length = len(columns[0]) if columns else 0
    if length <= most:
        return list(range(length))
    stretch = -(-length * (1 + 2 * len(columns)) // max(most, 1))
    found = {length - 1}
    for start in range(0, length, stretch):
        found.add(start)
        for column in columns:
            values = column[start : start + stretch]
            valued = [value for value in values if value is not None]
            if valued:
                found |= {start + values.index(min(valued)), start + values.index(max(valued))}
    return sorted(found)


def merged(candles: Candles, most: int) -> Candles:
    """Return at most `most` candles, each of so many neighbours as that takes; an opening time stays that of the first bar."""
    length = len(candles.times)
    step = -(-length // max(most, 1))
    if step <= 1:
        return candles
    starts = range(0, length, step)
    return Candles(
        every_bars=candles.every_bars * step,
        times=candles.times[::step],
        open=candles.open[::step],
        high=[max(candles.high[start : start + step]) for start in starts],
        low=[min(candles.low[start : start + step]) for start in starts],
        close=[candles.close[min(start + step, length) - 1] for start in starts],
    )
