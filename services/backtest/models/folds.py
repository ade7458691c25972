"""Which rows train and which test, so that no label of a training row reaches into what is tested.

Times are counted in bars: the places of the different open times, so that nights and weekends are no gap. Source: Lopez de Prado, Advances
in Financial Machine Learning (2018), ch. 7.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from services.backtest.models.samples import Samples

Places = npt.NDArray[np.intp]

EMBARGO_SHARE = 0.01


@dataclass(frozen=True, eq=False)
class Fold:
    """Places of the rows that train and of those that test, both ascending."""

    train: Places
    test: Places


class Calendar:
    """The rows of a training on a ruler of bars."""

    def __init__(self, samples: Samples):
        """Number the different open times of the rows."""
        known = np.unique(samples.times)
        self.bars = len(known)
        self._starts = np.searchsorted(known, samples.times)
        self._ends = np.searchsorted(known, samples.ends)

    def embargo(self, asked: int | None, horizon: int) -> int:
        """Return the bars to leave out: as asked, or the larger of the horizon and 1 % of all bars."""
        return max(horizon, math.ceil(EMBARGO_SHARE * self.bars)) if asked is None else asked

    def split(self, share: float, gap: int) -> Fold:
        """Return the first `share` of the bars as training and the rest as test, purged, `gap` bars apart."""
        return self._after(round(share * self.bars), self.bars, gap)

    def walk_forward(self, folds: int, gap: int) -> Iterator[Fold]:
        """Yield folds that train on all that came before and test on the next part; the first part only trains."""
        edges = _edges(self.bars, folds + 1)
        for first, stop in pairwise(edges[1:]):
            yield self._after(first, stop, gap)

    def purged(self, folds: int, gap: int) -> Iterator[Fold]:
        """Yield folds that test on each part in turn and train on both sides of it: purged before, purged and embargoed after."""
        edges = _edges(self.bars, folds)
        for first, stop in pairwise(edges):
            test = self._between(first, stop)
            reach = int(self._ends[test].max()) if len(test) else stop - 1
            train = (self._ends < first) | (self._starts > reach + gap)
            yield Fold(np.flatnonzero(train), test)

    def _after(self, first: int, stop: int, gap: int) -> Fold:
        return Fold(np.flatnonzero(self._ends < first - gap), self._between(first, stop))

    def _between(self, first: int, stop: int) -> Places:
        return np.flatnonzero((self._starts >= first) & (self._starts < stop))


def _edges(bars: int, parts: int) -> list[int]:
    return [round(bars * part / parts) for part in range(parts + 1)]
