"""From bars to rows with labels: what a classifier learns from. Decides which rows exist: whole features, and a label whose bars are all there."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from libs.market.features import Matrix, matrix, whole_rows
from libs.market.frame import Frame
from services.backtest.core.values import Times
from services.backtest.models.task import Labelling

Labels = npt.NDArray[np.int8]
NO_LABEL = -1


@dataclass(frozen=True, eq=False)
class Samples:
    """n rows, oldest first.

    rows: (n, F) finite. up: (n,) 0 or 1. times: (n,) open time of the bar decided on. ends: (n,) open time of the last bar its label read; both
    epoch ms, ends > times.
    """

    rows: Matrix
    up: Labels
    times: Times
    ends: Times

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.times)

    def take(self, chosen: npt.NDArray[np.intp]) -> "Samples":
        """Return the rows at the places `chosen`."""
        return Samples(self.rows[chosen], self.up[chosen], self.times[chosen], self.ends[chosen])


def samples_of(frames: Mapping[str, Frame], label: Labelling) -> Samples:
    """Return the rows of all symbols, by time and within one by symbol; bars without whole features or a label are left out."""
    parts = [_of(frames[symbol], label) for symbol in sorted(frames)]
    joined = Samples(
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.up for part in parts]),
        np.concatenate([part.times for part in parts]),
        np.concatenate([part.ends for part in parts]),
    )
    return joined.take(np.argsort(joined.times, kind="stable"))


def labels_of(frame: Frame, label: Labelling) -> tuple[Labels, npt.NDArray[np.intp]]:
    """Return for each bar its label (1 up, 0 not, -1 none), (T,) int8, and the place of the last bar that the label read, (T,).

    next_bar: the next close is above this one. triple_barrier: bought at the next open, the target is touched before the stop within `horizon`
    bars; a bar that touches both counts as the stop, and where neither is touched the last close decides. Source: Lopez de Prado, Advances in
    Financial Machine Learning (2018), ch. 3; entry and pessimistic order as in our engine.
    """
    return _next_bar(frame) if label.kind == "next_bar" else _triple_barrier(frame, label)


def _next_bar(frame: Frame) -> tuple[Labels, npt.NDArray[np.intp]]:
    bars = len(frame)
    up = np.full(bars, NO_LABEL, np.int8)
    up[:-1] = frame.close[1:] > frame.close[:-1]
    return up, np.arange(1, bars + 1)


def _triple_barrier(frame: Frame, label: Labelling) -> tuple[Labels, npt.NDArray[np.intp]]:
    bars, horizon = len(frame), label.horizon
    up = np.full(bars, NO_LABEL, np.int8)
    until = np.arange(bars) + horizon
    if bars <= 1:
        return up, until
    entry = np.append(frame.open[1:], np.nan)
    target, stop = entry * (1.0 + label.take_profit), entry * (1.0 - label.stop_loss)
    waiting = np.arange(bars - 1)
    for step in range(1, horizon + 1):
        waiting = waiting[waiting + step < bars]
        at = waiting + step
        stopped, reached = frame.low[at] <= stop[waiting], frame.high[at] >= target[waiting]
        up[waiting[stopped]] = 0
        up[waiting[reached & ~stopped]] = 1
        until[waiting[stopped | reached]] = at[stopped | reached]
        waiting = waiting[~(stopped | reached)]
    last = waiting + horizon
    up[waiting] = frame.close[last] > entry[waiting]
    return up, until


def _of(frame: Frame, label: Labelling) -> Samples:
    rows = matrix(frame)
    up, until = labels_of(frame, label)
    kept = np.flatnonzero(whole_rows(rows) & (up != NO_LABEL))
    return Samples(rows[kept], up[kept], frame.ts[kept], frame.ts[until[kept]])
