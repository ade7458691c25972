"""Who is at work on which bars, and how far each has come: the agents' in-memory state."""

from dataclasses import dataclass, field, replace

from libs.common.values import Action
from services.agents.core import Agent

Voice = tuple[str, str]
"""One strategy on one symbol."""


@dataclass(frozen=True)
class Progress:
    """The last bar (open time, epoch ms) a voice has spoken on, and what it said."""

    open_ms: int
    action: Action


@dataclass
class Roster:
    """Agents by strategy, the newest known step of each strategy's life, and progress. Change it only through a fork of it."""

    agents: dict[str, Agent] = field(default_factory=dict)
    steps: dict[str, int] = field(default_factory=dict)
    progress: dict[Voice, Progress] = field(default_factory=dict)

    def fork(self) -> "Roster":
        """Return a copy whose top level may be changed."""
        return replace(self, agents=dict(self.agents), steps=dict(self.steps), progress=dict(self.progress))

    def is_news(self, strategy_id: str, step: int) -> bool:
        """Note a step of a strategy's life; False when a later one is known."""
        if step < self.steps.get(strategy_id, 0):
            return False
        self.steps[strategy_id] = step
        return True

    def on(self, symbol: str, timeframe: str) -> list[Agent]:
        """Return the agents that listen to a symbol's bars, in name order."""
        found = (a for a in self.agents.values() if a.strategy.timeframe == timeframe and symbol in a.strategy.symbols)
        return sorted(found, key=lambda agent: agent.promoted.strategy_id)
