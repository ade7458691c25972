"""Agents on the bus: closed bars in, one signal per strategy and bar out, each bar once."""

from collections.abc import Sequence

from libs.common.bus import On, Service, Tx
from libs.common.events import BarClosed, Event, StrategyDeleted, StrategyPromoted, StrategyRetired
from libs.market.catalog import Catalog
from libs.strategy.figures import Figures
from libs.strategy.sandbox.host.availability import switches_for
from libs.strategy.sandbox.host.models import ModelPool
from services.agents import core, store
from services.agents.core import Agent
from services.agents.duty import Duties, Duty
from services.agents.roster import Progress, Roster
from services.agents.settings import Settings
from services.agents.thinking import Thinking, Thoughts


class Agents:
    """A thin coat on `core`: each bar once, in order, with what was thought of it before the transaction."""

    def __init__(self, duties: Duties):
        """Evaluate on the bars that `duties` finds."""
        self._duties = duties

    async def on_bar(self, bar: BarClosed, tx: Tx, thoughts: Thoughts) -> Sequence[Event]:
        """Let every agent of the symbol speak on the bars it has not spoken on, up to this one."""
        events: list[Event] = []
        for agent in tx.state.on(bar.symbol, bar.timeframe):
            before = tx.state.progress.get((agent.promoted.strategy_id, bar.symbol))
            for duty in self._duties.of(agent, bar, before.open_ms if before else None):
                events += self._say(duty, thoughts.of(duty), tx)
        return events

    async def on_promoted(self, promoted: StrategyPromoted, tx: Tx) -> Sequence[Event]:
        """Put a strategy to work from the next bar on; a promotion to another stage keeps its place."""
        roster: Roster = tx.draft()
        if not roster.is_news(promoted.strategy_id, promoted.step):
            return []
        agent = Agent.of(promoted)
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

    def _say(self, duty: Duty, thought: core.Thought, tx: Tx) -> list[Event]:
        signal = core.speak(duty.agent, duty.bar, duty.bars, thought)
        roster: Roster = tx.draft()
        before = roster.progress.get(duty.voice)
        roster.progress[duty.voice] = progress = Progress(duty.open_ms, signal.action)
        store.save_progress(tx, duty.voice, progress)
        if not core.is_alert(duty.agent):
            return [signal]
        raised = core.alert(signal, thought, before.action if before else None)
        return [raised] if raised else []


def build(settings: Settings) -> Service:
    """Return the agents ready to run; their sandbox starts with the first agent that needs it."""
    duties = Duties(Catalog(settings.catalog_dir))
    sandbox = ModelPool(settings.models_dir, settings.agents_processes, switches_for(settings.sandbox))
    return Service(
        "agents",
        table(Agents(duties), Thinking(duties, sandbox, Figures(settings.fundamentals_dir))),
        store.MIGRATIONS,
        store.load,
        details=sandbox.capabilities,
        close=sandbox.close,
    )


def table(app: Agents, thinking: Thinking) -> list[On]:
    """Return the whole service on one screen."""
    return [
        On(BarClosed, app.on_bar, key="symbol", remember=False, prepare=thinking.think),
        On(StrategyPromoted, app.on_promoted),
        On(StrategyRetired, app.on_gone),
        On(StrategyDeleted, app.on_gone),
    ]
