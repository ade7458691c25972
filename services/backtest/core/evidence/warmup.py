"""How much history a strategy needs before its signals no longer depend on where the history starts.

Decides the `lookback`: the fewest bars, the judged one included, with which every signal looked at equalled the one given with all bars. It is
found by starting later, and proved again on short stretches spread over the bars. Observed, not derived: a need that shows on no stretch stays
unseen, and a strategy that remembers for ever (a running sum, a count since the first bar) has no lookback.
"""

from dataclasses import dataclass

import numpy as np

from libs.market.frame import Frame
from services.backtest.core.evidence.probe import (
    Actions,
    Answer,
    Change,
    Mapped,
    SignalsOf,
    asked,
    one_by_one,
)

STARTS = 6
STRETCHES = 10
ROUNDS = 4


@dataclass(frozen=True)
class Lookback:
    """What starting later showed.

    bars: the shortest history with stable signals, or None if none was found. change: the signal that needed most history (None if none needed
    any, or the strategy refused); its `cut` is where the rerun's bars began. reruns: how often the strategy was asked.
    """

    bars: int | None
    change: Change | None
    reruns: int


def lookback(signals_of: SignalsOf, frame: Frame, signals: Actions, *, mapped: Mapped = one_by_one) -> Lookback:
    """Return how many bars of history `signals_of` needs; signals: (T,) what it gave on the whole `frame`.

    Six later starts in the first half find a length L, at most half of the bars. Then
    rounds of ten stretches of 2 L bars, in which no signal with L bars or more before it may differ; where one does L grows, for at most
    four rounds. Stretches begin such that a fresh signal has exactly L bars, if there is one near.
    """
    count = len(frame)
    starts = sorted({count * n // (2 * STARTS) for n in range(1, STARTS + 1)} - {0})
    search = _Search(signals_of, frame, signals, mapped)
    if not search.look([(start, count) for start in starts]):
        return search.found(None)
    for attempt in range(ROUNDS):
        length = 2 * search.needed
        if length > count:
            break
        room = count - length
        even = [room * (ROUNDS * n + attempt) // (ROUNDS * STRETCHES) for n in range(STRETCHES)]
        before, begins = search.needed, sorted({_snapped(signals, begin, search.needed, room) for begin in even})
        if not search.look([(begin, begin + length) for begin in begins]):
            break
        if search.needed == before:
            return search.found(before)
    return search.found(None)


def _snapped(signals: Actions, begin: int, needed: int, room: int) -> int:
    """Move a stretch on to where the signal of its `needed`-th bar is fresh: a history one bar short shows there first."""
    fresh = np.flatnonzero((np.diff(signals, prepend=np.int8(0)) != 0) & (signals != 0))
    later = fresh[np.searchsorted(fresh, begin + needed - 1) :]
    moved = int(later[0]) - needed + 1 if len(later) else begin
    return moved if moved <= room else begin


class _Search:
    """What is known so far: the history needed, the change that showed it, and the reruns it took."""

    def __init__(self, signals_of: SignalsOf, frame: Frame, signals: Actions, mapped: Mapped):
        self.signals_of, self.frame, self.signals, self.mapped = signals_of, frame, signals, mapped
        self.needed, self.reruns = 1, 0
        self.change: Change | None = None

    def look(self, stretches: list[tuple[int, int]]) -> bool:
        """Ask on stretches of bars; False if one is refused."""
        shown = [self.frame.until(int(self.frame.ts[stop - 1])).tail(stop - first) for first, stop in stretches]
        answers = asked(self.signals_of, shown, self.mapped)
        self.reruns += len(answers)
        return all([self._take(*at, answer) for at, answer in zip(stretches, answers, strict=True)])

    def found(self, bars: int | None) -> Lookback:
        return Lookback(bars, self.change, self.reruns)

    def _take(self, first: int, stop: int, answer: Answer) -> bool:
        if isinstance(answer, Exception):
            return False
        differs = np.flatnonzero(self.signals[first:stop] != answer)
        if not len(differs):
            return True
        last = int(differs[-1])
        if last + 2 > self.needed:
            bar, began = first + last, int(self.frame.ts[first])
            self.change = Change(int(self.frame.ts[bar]), int(self.signals[bar]), int(answer[last]), began)
            self.needed = last + 2
        return True
