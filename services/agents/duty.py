"""Which bars an agent still has to speak on, and what it may see at each. Decides the anchor; evaluates nothing."""

from dataclasses import dataclass, replace

from libs.common.errors import TransientError
from libs.common.events import BarClosed
from libs.common.values import from_epoch_ms, to_epoch_ms
from libs.market.catalog import Catalog
from libs.market.frame import Frame
from services.agents.core import Agent, bar_of
from services.agents.roster import Voice

KEPT_BARS = 5_000
"""From how many bars back an agent evaluates when its history has become too long, or when it was given no anchor."""

MOST_BARS = 2 * KEPT_BARS
"""Longest history an agent evaluates on a bar; see ADR 5."""


@dataclass(frozen=True, eq=False)
class Duty:
    """One bar an agent has to speak on. bars: from its anchor to that bar, which is the last."""

    agent: Agent
    bar: BarClosed
    bars: Frame

    @property
    def voice(self) -> Voice:
        """Return the strategy and the symbol."""
        return (self.agent.promoted.strategy_id, self.bar.symbol)

    @property
    def open_ms(self) -> int:
        """Return the open time of the bar."""
        return int(self.bars.ts[-1])

    @property
    def key(self) -> tuple[str, str, int, int]:
        """Return what tells this duty from any other: voice, first and last bar."""
        return (*self.voice, int(self.bars.ts[0]), self.open_ms)


class Duties:
    """Finds duties in the bar catalog."""

    def __init__(self, catalog: Catalog):
        """Read bars from `catalog`."""
        self.catalog = catalog

    def of(self, agent: Agent, bar: BarClosed, spoken_ms: int | None) -> tuple[Agent, list[Duty]]:
        """Return what `agent` owes when `bar` has closed, and the agent with the anchor it has from then on.

        spoken_ms: open time of the last bar it spoke on. Raises TransientError while the catalog does not have the bar.
        """
        open_ms = to_epoch_ms(bar.open_time)
        if spoken_ms is not None and open_ms <= spoken_ms:
            return agent, []
        if agent.anchor_ms is not None and open_ms < agent.anchor_ms:
            return agent, []
        bars = self._bars(agent, bar, open_ms)
        first = len(bars) - 1 if spoken_ms is None else int(bars.ts.searchsorted(spoken_ms, side="right"))
        return _anchored(agent, bars), [_duty(agent, bar, bars, position) for position in range(first, len(bars))]

    def _bars(self, agent: Agent, bar: BarClosed, open_ms: int) -> Frame:
        bars = self.catalog.read(bar.symbol, bar.timeframe, agent.anchor_ms, open_ms + 1)
        if len(bars) == 0 or int(bars.ts[-1]) != open_ms:
            raise TransientError(
                f"the catalog does not have the bar of {bar.symbol} that opened at {bar.open_time.isoformat()} yet",
                code="data.behind",
                hint="is the catalog folder the one ingest writes?",
            )
        return bars


def _duty(agent: Agent, bar: BarClosed, bars: Frame, position: int) -> Duty:
    if position == len(bars) - 1:
        return Duty(agent, bar, bars)
    moment = int(bars.ts[position])
    return Duty(agent, bar_of(bar, bars, position, from_epoch_ms(moment)), bars.until(moment))


def _anchored(agent: Agent, bars: Frame) -> Agent:
    """Return the agent with an anchor that is not too far back, moved in large steps so that values rarely start anew."""
    if agent.anchor_ms is not None and len(bars) <= MOST_BARS:
        return agent
    return replace(agent, anchor_ms=int(bars.ts[max(0, len(bars) - KEPT_BARS)]))
