"""Agents on the bus: closed bars in, one signal per strategy and bar out, each bar once."""

from collections.abc import Sequence
from dataclasses import replace

from libs.common.bus import On, Service, Tx
from libs.common.errors import TransientError
from libs.common.events import BarClosed, Event, StrategyDeleted, StrategyPromoted, StrategyRetired
from libs.common.values import from_epoch_ms, to_epoch_ms
from libs.market.catalog import Catalog
from libs.market.frame import Frame
from services.agents import core, store
from services.agents.core import Agent
from services.agents.roster import Progress, Roster
from services.agents.settings import Settings

KEPT_BARS = 5_000
"""From how many bars back an agent evaluates when its history has become too long, or when it was given no anchor."""

MOST_BARS = 2 * KEPT_BARS
"""Longest history an agent evaluates on a bar; see ADR 5."""


class Agents:
    """A thin coat on `core`: reads the catalog, cut at the bar being decided."""

    def __init__(self, catalog: Catalog):
        """Evaluate on the bars of `catalog`."""
        self.catalog = catalog

    async def on_bar(self, bar: BarClosed, tx: Tx) -> Sequence[Event]:
        """Let every agent of the symbol speak on the bars it has not spoken on, up to this one."""
        roster: Roster = tx.state
        events: list[Event] = []
        for agent in roster.on(bar.symbol, bar.timeframe):
            events += self._speak(agent, bar, tx)
        return events

    async def on_promoted(self, promoted: StrategyPromoted, tx: Tx) -> Sequence[Event]:
        """Put a strategy to work from the next bar on; a promotion to another stage keeps its place."""
        roster: Roster = tx.draft()
        if not roster.is_news(promoted.strategy_id, promoted.step):
            return []
        agent = Agent.of(promoted, to_epoch_ms(promoted.anchor) if promoted.anchor else None)
        roster.agents[promoted.strategy_id] = agent
        store.save_agent(tx, agent)
        return []

    async def on_gone(self, event: StrategyRetired | StrategyDeleted, tx: Tx) -> Sequence[Event]:
        """Let a strategy rest."""
        roster: Roster = tx.draft()
        if not roster.is_news(event.strategy_id, event.step):
            return []
        roster.agents.pop(event.strategy_id, None)
        for voice in [v for v in roster.progress if v[0] == event.strategy_id]:
            del roster.progress[voice]
        store.drop_agent(tx, event.strategy_id, event.step)
        return []

    def _speak(self, agent: Agent, bar: BarClosed, tx: Tx) -> list[Event]:
        voice = (agent.promoted.strategy_id, bar.symbol)
        open_ms = to_epoch_ms(bar.open_time)
        before = tx.state.progress.get(voice)
        if before is not None and open_ms <= before.open_ms:
            return []
        if agent.anchor_ms is not None and open_ms < agent.anchor_ms:
            return []
        bars = self._bars(agent, bar, open_ms)
        agent = self._anchored(agent, bars, tx)
        first = int(bars.ts.searchsorted(before.open_ms, side="right")) if before else len(bars) - 1
        events: list[Event] = []
        for position in range(first, len(bars)):
            moment = int(bars.ts[position])
            closed = bar if moment == open_ms else core.bar_of(bar, bars, position, from_epoch_ms(moment))
            events += self._say(agent, closed, bars.until(moment), tx)
        return events

    def _say(self, agent: Agent, bar: BarClosed, bars: Frame, tx: Tx) -> list[Event]:
        voice = (agent.promoted.strategy_id, bar.symbol)
        signal = core.speak(agent, bar, bars)
        roster: Roster = tx.draft()
        before = roster.progress.get(voice)
        roster.progress[voice] = progress = Progress(int(bars.ts[-1]), signal.action)
        store.save_progress(tx, voice, progress)
        if not core.is_alert(agent):
            return [signal]
        raised = core.alert(signal, before.action if before else None)
        return [raised] if raised else []

    def _bars(self, agent: Agent, bar: BarClosed, open_ms: int) -> Frame:
        bars = self.catalog.read(bar.symbol, bar.timeframe, agent.anchor_ms, open_ms + 1)
        if len(bars) == 0 or int(bars.ts[-1]) != open_ms:
            raise TransientError(
                f"the catalog does not have the bar of {bar.symbol} that opened at {bar.open_time.isoformat()} yet",
                code="data.behind",
                hint="is the catalog folder the one ingest writes?",
            )
        return bars

    def _anchored(self, agent: Agent, bars: Frame, tx: Tx) -> Agent:
        """Return the agent with an anchor that is not too far back, moved in large steps so that values rarely start anew."""
        if agent.anchor_ms is not None and len(bars) <= MOST_BARS:
            return agent
        roster: Roster = tx.draft()
        agent = replace(agent, anchor_ms=int(bars.ts[max(0, len(bars) - KEPT_BARS)]))
        roster.agents[agent.promoted.strategy_id] = agent
        store.save_agent(tx, agent)
        return agent


def build(settings: Settings) -> Service:
    """Return the agents ready to run."""
    return Service("agents", table(Agents(Catalog(settings.catalog_dir))), store.MIGRATIONS, store.load)


def table(app: Agents) -> list[On]:
    """Return the whole service on one screen."""
    return [
        On(BarClosed, app.on_bar, key="symbol", remember=False),
        On(StrategyPromoted, app.on_promoted),
        On(StrategyRetired, app.on_gone),
        On(StrategyDeleted, app.on_gone),
    ]
