"""The facts strategy_gen writes: what a strategy is and where it stands in its life."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, FiniteFloat

from libs.common.events.base import Event
from libs.common.values import (
    Fraction,
    Identifier,
    Stage,
    Symbol,
    Text,
    Timeframe,
    UtcTime,
    Verdict,
)


class Definition(Event):
    """What a strategy is, complete: carried by every fact that needs it, so nobody asks back.

    in_words: what its code does, restated; generation_id: the job that made it out of a sentence.
    """

    strategy_id: Identifier
    lineage_id: Identifier
    family_id: Identifier
    kind: Literal["rules.json", "python.signals", "python.classify", "python.batch", "model"]
    name: Annotated[str, Field(max_length=120)]
    rules: dict[str, Any] | None = None
    code: Annotated[str, Field(max_length=200_000)] | None = None
    code_hash: Identifier
    symbols: Annotated[tuple[Symbol, ...], Field(min_length=1, max_length=1_000)]
    timeframe: Timeframe
    parameters: dict[str, Any] = Field(default_factory=dict)
    signal_mode: Literal["action", "position"] = "action"
    allow_short: bool = False
    origin: Literal["user", "bus", "llm", "compiler", "model", "example"] = "user"
    submitted_by: Annotated[str, Field(max_length=64)] = ""
    in_words: Text = ""
    generation_id: Identifier | None = None


class StrategyProposed(Definition):
    """A strategy that may be judged."""

    subject: ClassVar[str] = "strategies.proposed.{strategy_id}"
    proposal: int = 1


class StrategyRejected(Event):
    """A submission that was refused before it became a strategy. diagnostics: every finding in its code."""

    subject: ClassVar[str] = "strategies.rejected.{submission_id}"
    submission_id: Identifier
    code: str
    detail: Text
    pointer: str | None = None
    hint: str | None = None
    diagnostics: tuple[dict[str, Any], ...] = ()


class StrategyPromoted(Definition):
    """A strategy that agents must run from now on.

    anchor: open time of the first bar agents evaluate from, so recursive indicators agree with the backtest.
    account: the paper account it trades in. fraction: its size as a share of that account's cash; null = Mother AI's.
    confidence, win_rate, closed_trades: the prior from its backtest, null without evidence.
    step: counts the steps of this strategy's life, so that a reader who hears of them out of order keeps the newest.
    """

    subject: ClassVar[str] = "strategies.promoted.{strategy_id}"
    stage: Stage
    anchor: UtcTime | None = None
    account: Identifier = "paper"
    fraction: Annotated[FiniteFloat, Field(gt=0, le=1)] | None = None
    confidence: Fraction | None = None
    win_rate: Fraction | None = None
    closed_trades: int = 0
    verdict: Verdict | None = None
    judged_by: str | None = None
    override_reason: Text | None = None
    promoted_by: Annotated[str, Field(max_length=64)] = ""
    step: int = 0


class StrategyRetired(Event):
    """A strategy that no longer runs; its history stays."""

    subject: ClassVar[str] = "strategies.retired.{strategy_id}"
    strategy_id: Identifier
    reason: Text = ""
    step: int = 0


class StrategyDeleted(Event):
    """A strategy a person removed."""

    subject: ClassVar[str] = "strategies.deleted.{strategy_id}"
    strategy_id: Identifier
    reason: Text = ""
    step: int = 0
