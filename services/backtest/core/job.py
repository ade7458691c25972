"""What a backtest is asked to do, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from libs.common.errors import PermanentError
from libs.common.values import Stage, Verdict
from libs.strategy.spec import Strategy
from services.backtest.core.engine import Terms

Purpose = Literal["look", "judge", "promotion"]
"""look: all bars asked for. judge: those before the holdout's boundary. promotion: judged, then looked at beyond it."""


@dataclass(frozen=True)
class Job:
    """A strategy on a window at terms. `strategy_id` is None for a definition that was only handed in to be tested.

    fixes_holdout: it is a proposal's, whose family gets its boundary now if it has none. evidence: whether the checks are made.
    """

    strategy: Strategy
    strategy_id: str | None
    family_id: str
    terms: Terms
    start: datetime | None = None
    end: datetime | None = None
    purpose: Purpose = "look"
    fixes_holdout: bool = False
    evidence: bool = True


@dataclass(frozen=True)
class Summary:
    """What is kept of a backtest beside its report; fractions, quote units, UTC times.

    definition_hash: names what was asked for, whatever the bars. reasons, evidence: `GateReason`s and `EvidenceTold` as JSON values.
    preview: the first ten signals of the first symbol. duplicate_of: the first backtest with the same signals, if its code is another.
    """

    backtest_id: str
    strategy_id: str | None
    family_id: str
    name: str
    kind: str
    code_hash: str
    signal_hash: str
    data_hash: str
    symbols: tuple[str, ...]
    timeframe: str
    window_start: datetime
    window_end: datetime
    bars: int
    initial_capital: float
    final_equity: float
    metrics: Mapping[str, float | int | None]
    verdict: Verdict
    deciding_rule: str
    gate: tuple[Stage, ...]
    report_key: str
    simulated: bool
    definition_hash: str = ""
    purpose: Purpose = "look"
    reasons: tuple[Mapping[str, Any], ...] = ()
    evidence: Mapping[str, Any] = field(default_factory=dict)
    preview: tuple[int, ...] = ()
    duplicate_of: str | None = None


@dataclass(frozen=True)
class Failed:
    """A backtest that cannot be run, however often it is tried."""

    error: PermanentError
