"""What a feed is: a source of closed bars that can be asked again.

The promises below are checked for every feed by `tests/contract/test_feeds.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from libs.common.values import Timeframe
from libs.market.frame import Frame


@dataclass(frozen=True)
class Batch:
    """Whole groups of bars: every bar the feed has of the asked symbols with from_ms <= open time < next_ms.

    frames: one per asked symbol, possibly empty. next_ms: where to go on. ended: the feed has nothing at or
    after next_ms and never will, whatever bound was asked for.
    """

    frames: Mapping[str, Frame]
    next_ms: int
    ended: bool


class Feed(Protocol):
    """A source of closed bars.

    Promises: `take` gives whole groups (a group is all bars of one close time) in time order, at least one group unless
    there is none, and no more groups than fit in `limit` bars (one group may be larger). Asking again from the same time
    gives the same bars; asking in other portions gives the same bars; a bar never depends on later ones.
    Bars start at whole multiples of the timeframe since the epoch, UTC. Calls may block; one is made at a time.
    """

    @property
    def name(self) -> str:
        """Return the source as it is written on bars."""
        ...

    @property
    def simulated(self) -> bool:
        """Tell whether the prices are made up."""
        ...

    @property
    def identity(self) -> str:
        """Return what tells feeds apart that would give other bars, such as a seed."""
        ...

    def symbols(self, timeframe: Timeframe) -> Sequence[str]:
        """Return the symbols it has bars of, sorted."""
        ...

    def first_ms(self, symbols: Sequence[str], timeframe: Timeframe) -> int:
        """Return the open time of the earliest bar it can give of `symbols`."""
        ...

    def start_ms(self, symbols: Sequence[str], timeframe: Timeframe) -> int:
        """Return the open time a watch begins with when nobody names one."""
        ...

    def pace_s(self, timeframe: Timeframe) -> float:
        """Return wall-clock seconds between two groups; 0 = as fast as consumers go."""
        ...

    def take(
        self, symbols: Sequence[str], timeframe: Timeframe, from_ms: int, until_ms: int | None, limit: int
    ) -> Batch:
        """Return the next groups with from_ms <= open time < until_ms (None = unbounded), about `limit` bars."""
        ...
