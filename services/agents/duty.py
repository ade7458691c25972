"""Which bars an agent still has to speak on, and what it may see at each. Decides where its history begins; evaluates nothing."""

from dataclasses import dataclass

from libs.common.errors import TransientError
from libs.common.events import BarClosed
from libs.common.values import from_epoch_ms, to_epoch_ms
from libs.market.catalog import Catalog
from libs.market.frame import Frame
from services.agents.core import Agent, bar_of
from services.agents.roster import Voice

KEPT_BARS = 5_000
"""By how many bars the start of a history that has become too long moves up."""

MOST_BARS = 2 * KEPT_BARS
"""Longest history an agent evaluates on a bar; see ADR 5."""

DutyKey = tuple[str, str, int | None, int]


@dataclass(frozen=True, eq=False)
class Duty:
    """One bar an agent has to speak on.

    bars: those it may see of the symbol, that bar being the last. start_ms: no symbol's earlier bars may be seen, None is no bound.
    """

    agent: Agent
    bar: BarClosed
    bars: Frame
    start_ms: int | None

    @property
    def voice(self) -> Voice:
        """Return the strategy and the symbol."""
        return (self.agent.promoted.strategy_id, self.bar.symbol)

    @property
    def open_ms(self) -> int:
        """Return the open time of the bar."""
        return int(self.bars.ts[-1])

    @property
    def key(self) -> DutyKey:
        """Return what tells this duty from any other."""
        return (*self.voice, self.start_ms, self.open_ms)


class Duties:
    """Finds duties in the bar catalog."""

    def __init__(self, catalog: Catalog):
        """Read bars from `catalog`."""
        self.catalog = catalog

    def of(self, agent: Agent, bar: BarClosed, spoken_ms: int | None) -> list[Duty]:
        """Return what `agent` owes when `bar` has closed, oldest first.

        spoken_ms: open time of the last bar it spoke on, None if there is none: then it owes this bar alone. Depends on the stored bars
        of the symbol and on nothing that other symbols do. Raises TransientError while the catalog does not have the bar.
        """
        open_ms = to_epoch_ms(bar.open_time)
        if spoken_ms is not None and open_ms <= spoken_ms:
            return []
        if agent.anchor_ms is not None and open_ms < agent.anchor_ms:
            return []
        bars = self.catalog.read(bar.symbol, bar.timeframe, agent.anchor_ms, open_ms + 1)
        if len(bars) == 0 or int(bars.ts[-1]) != open_ms:
            raise TransientError(
                f"the catalog does not have the bar of {bar.symbol} that opened at {bar.open_time.isoformat()} yet",
                code="data.behind",
                hint="is the catalog folder the one ingest writes?",
            )
        first = len(bars) - 1 if spoken_ms is None else int(bars.ts.searchsorted(spoken_ms, side="right"))
        return [_duty(agent, bar, bars, position) for position in range(first, len(bars))]


def history_start(bars: int) -> int:
    """Return the position of the first bar that an agent sees of a history of so many: 0, or a multiple of 5,000 (ADR 5)."""
    return max(0, -(-(bars - MOST_BARS) // KEPT_BARS)) * KEPT_BARS


def _duty(agent: Agent, bar: BarClosed, bars: Frame, position: int) -> Duty:
    start = history_start(position + 1)
    moment = int(bars.ts[position])
    start_ms = int(bars.ts[start]) if start else agent.anchor_ms
    announced = bar if position == len(bars) - 1 else bar_of(bar, bars, position, from_epoch_ms(moment))
    return Duty(agent, announced, bars.between(start_ms, moment + 1), start_ms)
