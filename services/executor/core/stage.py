"""Bars that wait for their group, and what has been seen of every series.

Decides which group is next and whether a bar may still come. Changing it makes a new one that shares nearly everything with
the old: groups lie on shelves of 64 lengths, so taking in a bar copies a shelf, not the whole stage.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import NamedTuple

from libs.common.errors import BadInputError
from libs.common.events import BarClosed
from libs.common.values import Timeframe

ASLEEP = 8
"""A series or a timeframe without a bar for this many lengths is no longer waited for."""

PATIENCE = 2
"""A bar is missing once another of the timeframe has closed this many lengths after it."""

_SHELF = 64

_FIRST, _LAST = datetime(1000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


class Group(NamedTuple):
    """All bars of one timeframe that closed at one time; the step in which paper time moves."""

    at: datetime
    timeframe: Timeframe

    @property
    def order(self) -> tuple[datetime, int]:
        """Sort key: earlier first, then the shorter timeframe."""
        return self.at, self.timeframe.seconds


@dataclass(frozen=True, slots=True)
class Bar:
    """What a paper account needs of a closed bar."""

    symbol: str
    timeframe: Timeframe
    open_time: datetime
    close_time: datetime
    open: float
    close: float
    simulated: bool

    @classmethod
    def of(cls, bar: BarClosed) -> "Bar":
        """Return the part of the event that counts here; raises BadInputError for a time at the edge of what dates can say."""
        if not _FIRST <= bar.open_time < bar.close_time <= _LAST:
            raise BadInputError(
                f"a bar of {bar.close_time.isoformat()} cannot be traded on",
                code="bar.time",
                pointer="/close_time",
                hint=f"times from the year {_FIRST.year} to {_LAST.year} can",
            )
        return cls(bar.symbol, bar.timeframe, bar.open_time, bar.close_time, bar.open, bar.close, bar.simulated)

    @property
    def group(self) -> Group:
        """The group this bar belongs to."""
        return Group(self.close_time, self.timeframe)


_Shelf = Mapping[Group, Mapping[str, Bar]]


@dataclass(frozen=True, slots=True)
class Stage:
    """latest: close time of the newest bar of each series. newest: the same over all symbols of a timeframe."""

    shelves: Mapping[Timeframe, Mapping[int, _Shelf]] = field(default_factory=dict)
    latest: Mapping[Timeframe, Mapping[str, datetime]] = field(default_factory=dict)
    newest: Mapping[Timeframe, datetime] = field(default_factory=dict)

    def has_passed(self, bar: Bar) -> bool:
        """Tell whether the bar, or a later one of its series, is already known."""
        seen = self.latest.get(bar.timeframe, {}).get(bar.symbol)
        return seen is not None and bar.close_time <= seen

    def saw(self, bar: Bar) -> "Stage":
        """Return the stage that knows the bar has come, without keeping it."""
        series = self.latest.get(bar.timeframe, {})
        at = max(bar.close_time, self.newest.get(bar.timeframe, bar.close_time))
        return replace(
            self,
            latest={**self.latest, bar.timeframe: {**series, bar.symbol: bar.close_time}},
            newest={**self.newest, bar.timeframe: at},
        )

    def add(self, bar: Bar) -> "Stage":
        """Return the stage that keeps the bar until its group closes."""
        shelves = self.shelves.get(bar.timeframe, {})
        number = shelf_of(*bar.group)
        shelf = shelves.get(number, {})
        group = {**shelf.get(bar.group, {}), bar.symbol: bar}
        kept = {**shelves, number: {**shelf, bar.group: group}}
        return replace(self.saw(bar), shelves={**self.shelves, bar.timeframe: kept})

    def first(self) -> Group | None:
        """Return the earliest group that waits."""
        firsts = [min(shelves[min(shelves)], key=_order) for shelves in self.shelves.values()]
        return min(firsts, key=_order, default=None)

    def bars(self, group: Group) -> Mapping[str, Bar]:
        """Return the bars of `group` that wait, by symbol."""
        return self.shelves.get(group.timeframe, {}).get(shelf_of(*group), {}).get(group, {})

    def without(self, group: Group) -> "Stage":
        """Return the stage after `group` was taken away."""
        number = shelf_of(*group)
        shelves = dict(self.shelves[group.timeframe])
        shelf = {g: bars for g, bars in shelves.pop(number).items() if g != group}
        if shelf:
            shelves[number] = shelf
        rest = {t: s for t, s in self.shelves.items() if t != group.timeframe}
        if shelves:
            rest[group.timeframe] = shelves
        return replace(self, shelves=rest)

    def is_known(self, symbol: str, group: Group) -> bool:
        """Tell whether the symbol's bar of `group` has come, or is known to be missing."""
        seen = self.latest.get(group.timeframe, {}).get(symbol)
        return (seen is not None and seen >= group.at) or self._is_overtaken(group.timeframe, group.at)

    def may_be_preceded(self, group: Group, closed: Mapping[Timeframe, datetime]) -> bool:
        """Tell whether `group`, the first that waits, may turn out not to be the next.

        closed: last closed time of each timeframe. An earlier group of which nothing has come may still come while a series
        of its timeframe that is awake has not reached it, and no bar of its or the group's timeframe has overtaken it.
        """
        return any(
            self._may_come(earlier, group)
            for earlier in self._just_before(group)
            if earlier.timeframe not in closed or earlier.at > closed[earlier.timeframe]
        )

    def _just_before(self, group: Group) -> Iterator[Group]:
        for timeframe, newest in self.newest.items():
            last = newest + (group.at - newest) // timeframe.length * timeframe.length
            for back in range(PATIENCE):
                earlier = Group(last - back * timeframe.length, timeframe)
                if earlier.order < group.order:
                    yield earlier

    def _may_come(self, earlier: Group, group: Group) -> bool:
        if self._is_overtaken(earlier.timeframe, earlier.at) or self._is_overtaken(group.timeframe, earlier.at):
            return False
        awake = earlier.at - ASLEEP * earlier.timeframe.length
        return any(awake <= seen < earlier.at for seen in self.latest[earlier.timeframe].values())

    def _is_overtaken(self, timeframe: Timeframe, at: datetime) -> bool:
        newest = self.newest.get(timeframe)
        return newest is not None and newest >= at + PATIENCE * timeframe.length


def shelf_of(at: datetime, timeframe: Timeframe) -> int:
    """Return the number of the shelf on which groups of about that time lie."""
    return int(at.timestamp()) // (_SHELF * timeframe.seconds)


def _order(group: Group) -> tuple[datetime, int]:
    return group.order
