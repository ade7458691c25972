"""All facts on the bus. One file per writing service; readers import from here."""

from libs.common.events.agents import AlertRaised, SignalRaised
from libs.common.events.backtest import (
    BacktestCompleted,
    BacktestFailed,
    StrategyJudged,
)
from libs.common.events.base import Event
from libs.common.events.executor import (
    ControlChanged,
    OrderChanged,
    OrderFilled,
    PortfolioChanged,
    Position,
)
from libs.common.events.ingest import (
    BarClosed,
    BarsImported,
    FeedChanged,
    FundamentalsImported,
    GapFound,
    UniverseChanged,
)
from libs.common.events.mother_ai import (
    MAX_CANDIDATES,
    Candidate,
    DecisionMade,
    RoundDecided,
)
from libs.common.events.strategy_gen import (
    Definition,
    StrategyDeleted,
    StrategyPromoted,
    StrategyProposed,
    StrategyRejected,
    StrategyRetired,
)
from libs.common.events.system import CommandDone, CommandRefused, JobProgressed, ServiceBeat

FACTS: tuple[type[Event], ...] = (
    BarClosed,
    GapFound,
    BarsImported,
    FeedChanged,
    FundamentalsImported,
    UniverseChanged,
    StrategyProposed,
    StrategyRejected,
    StrategyJudged,
    StrategyPromoted,
    StrategyRetired,
    StrategyDeleted,
    BacktestCompleted,
    BacktestFailed,
    SignalRaised,
    AlertRaised,
    DecisionMade,
    RoundDecided,
    OrderChanged,
    OrderFilled,
    PortfolioChanged,
    ControlChanged,
    ServiceBeat,
    JobProgressed,
    CommandDone,
    CommandRefused,
)
"""Every fact there is, for documentation, contracts and the bus's own checks."""

__all__ = [
    "FACTS",
    "MAX_CANDIDATES",
    "AlertRaised",
    "BacktestCompleted",
    "BacktestFailed",
    "BarClosed",
    "BarsImported",
    "Candidate",
    "CommandDone",
    "CommandRefused",
    "ControlChanged",
    "DecisionMade",
    "Definition",
    "Event",
    "FeedChanged",
    "FundamentalsImported",
    "GapFound",
    "JobProgressed",
    "OrderChanged",
    "OrderFilled",
    "PortfolioChanged",
    "Position",
    "RoundDecided",
    "ServiceBeat",
    "SignalRaised",
    "StrategyDeleted",
    "StrategyJudged",
    "StrategyPromoted",
    "StrategyProposed",
    "StrategyRejected",
    "StrategyRetired",
    "UniverseChanged",
]
