"""The facts backtest writes: what a strategy is worth."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, FiniteFloat

from libs.common.events.base import Event, Part
from libs.common.values import (
    Identifier,
    Stage,
    Symbol,
    Text,
    Timeframe,
    UtcTime,
    Verdict,
)


class HoldoutTold(Part):
    """The bars kept back from a family: open time of the first, whether a person had seen them, and what a promotion check found.

    return_before, return_after: fractions, before and after the boundary; closed_after: trades closed after it; null before a check.
    """

    boundary: UtcTime
    seen: bool
    return_before: FiniteFloat | None = None
    return_after: FiniteFloat | None = None
    closed_after: int | None = None


class EvidenceTold(Part):
    """What the checks for luck and leaks found; the whole of it is in the report.

    level: `none` if they were left out. first_bad_bar: the first bar whose signal knew the future, in words. dsr, pbo, random_percentile: 0..1,
    null where undefined or not examined. tries: distinct signal series of the family, this one included. doubled_costs_return: fraction. lookback:
    bars, null if none was found.
    """

    level: Literal["full", "none"]
    look_ahead_passed: bool | None = None
    first_bad_bar: Text | None = None
    reproducible: bool | None = None
    lookback: int | None = None
    tries: int | None = None
    psr: FiniteFloat | None = None
    dsr: FiniteFloat | None = None
    pbo: FiniteFloat | None = None
    random_percentile: FiniteFloat | None = None
    doubled_costs_return: FiniteFloat | None = None
    doubled_costs_verdict: Verdict | None = None
    walk_forward_return: FiniteFloat | None = None
    walk_forward_efficiency: FiniteFloat | None = None
    holdout: HoldoutTold | None = None


class GateReason(Part):
    """One condition of a stage in words with its value, such as `live: DSR 0.41 < 0.95 after 37 tries`. check: what it is about."""

    stage: Stage
    check: Literal["look_ahead", "verdict", "obstacle", "trades", "dsr", "pbo", "holdout"]
    met: bool
    words: Text


class StrategyJudged(Event):
    """What a strategy is worth on a window; percentages of `metrics` are fractions.

    gate: the stages that are open; reasons: every condition of every stage. purpose: `judge`, or `promotion` for a check that
    looked past the holdout's boundary.
    """

    subject: ClassVar[str] = "strategies.judged.{strategy_id}"
    strategy_id: Identifier
    backtest_id: Identifier
    verdict: Verdict
    deciding_rule: Text
    metrics: dict[str, FiniteFloat | int | None]
    closed_trades: int
    winning_trades: int
    window_start: UtcTime
    window_end: UtcTime
    bars: int
    gate: tuple[Stage, ...]
    reasons: tuple[GateReason, ...] = ()
    evidence: EvidenceTold | None = None
    purpose: Literal["judge", "promotion"] = "judge"
    data_hash: str
    report_key: str
    simulated: bool = False


class BacktestCompleted(Event):
    """A backtest's summary; the whole report lies under `report_key`.

    duplicate_of: the first backtest with the same signals on the same bars, if its code is another. gate, reasons, evidence: as in StrategyJudged.
    """

    subject: ClassVar[str] = "backtests.completed.{backtest_id}"
    backtest_id: Identifier
    strategy_id: Identifier | None
    name: Annotated[str, Field(max_length=120)]
    kind: str
    code_hash: str
    symbols: tuple[Symbol, ...]
    timeframe: Timeframe
    window_start: UtcTime
    window_end: UtcTime
    bars: int
    initial_capital: FiniteFloat
    final_equity: FiniteFloat
    metrics: dict[str, FiniteFloat | int | None]
    verdict: Verdict
    deciding_rule: Text
    duplicate: bool = False
    duplicate_of: str | None = None
    gate: tuple[Stage, ...] = ()
    reasons: tuple[GateReason, ...] = ()
    evidence: EvidenceTold | None = None
    purpose: Literal["look", "judge", "promotion"] = "look"
    data_hash: str
    report_key: str
    simulated: bool = False


class BacktestFailed(Event):
    """A backtest that could not be run, and why."""

    subject: ClassVar[str] = "backtests.failed.{backtest_id}"
    backtest_id: Identifier
    strategy_id: Identifier | None
    code: str
    detail: Text
    pointer: str | None = None
    hint: str | None = None


class VerdictSet(Event):
    """A person's verdict on a backtest, beside the computed one. set_by: who asked."""

    subject: ClassVar[str] = "backtests.verdict.{backtest_id}"
    backtest_id: Identifier
    strategy_id: Identifier | None
    code_hash: str
    verdict: Verdict
    computed: Verdict
    reason: Text
    set_by: Annotated[str, Field(max_length=64)] = ""
