"""The facts backtest writes: what a strategy is worth."""

from typing import Annotated, ClassVar

from pydantic import Field, FiniteFloat

from libs.common.events.base import Event
from libs.common.values import (
    Identifier,
    Stage,
    Symbol,
    Text,
    Timeframe,
    UtcTime,
    Verdict,
)


class StrategyJudged(Event):
    """What a strategy is worth on a window; percentages of `metrics` are fractions."""

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
    data_hash: str
    report_key: str
    simulated: bool = False


class BacktestCompleted(Event):
    """A backtest's summary; the whole report lies under `report_key`."""

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
