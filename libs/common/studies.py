"""The commands that ask backtest for a job: heavy work over many symbols, many bars or many parameters."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, FiniteFloat

from libs.common.command import Command, Spelled
from libs.common.values import Identifier, UtcTime


class StudyCommand(Command):
    """What every job of the backtest service is asked with: a stored strategy (`strategy_id`) or a definition given here.

    universe: the name of a list of symbols. symbols: a list of their own, instead. Without either a stored strategy runs on its own.
    """

    strategy_id: Identifier | None = None
    kind: Annotated[str, Field(max_length=32)] | None = None
    name: Annotated[str, Field(max_length=120)] = ""
    rules: dict[str, Any] | None = None
    code: Annotated[str, Field(max_length=200_000)] | None = None
    universe: Spelled | None = None
    symbols: Annotated[list[Spelled], Field(max_length=5_000, default_factory=list)]
    timeframe: Spelled | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    signal_mode: Literal["action", "position"] | None = None


class RunScreen(StudyCommand):
    """Rank the symbols of a universe by what a strategy says of them at a moment, by default the newest stored bar.

    limit: rows of the ranking at most. end: the moment; a bar counts once it has closed.
    """

    subject: ClassVar[str] = "cmd.backtest.screen"
    limit: Annotated[int, Field(ge=1, le=1_000)] = 50
    end: UtcTime | None = None


class RunAlert(StudyCommand):
    """Ask a strategy once, of every symbol of a universe, whether it says something now."""

    subject: ClassVar[str] = "cmd.backtest.alert"
    end: UtcTime | None = None


class HistoryCommand(StudyCommand):
    """A job over history: its window and its costs."""

    start: UtcTime | None = None
    end: UtcTime | None = None
    initial_capital: Annotated[FiniteFloat, Field(gt=0, le=1e12)] = 10_000.0
    fraction: Annotated[FiniteFloat, Field(gt=0, le=1)] = 1.0
    fee: Annotated[FiniteFloat, Field(ge=0, lt=0.1)] = 0.001
    slippage: Annotated[FiniteFloat, Field(ge=0, lt=0.1)] = 0.0002


class BacktestUniverse(HistoryCommand):
    """Backtest a strategy on every symbol of a universe with one purse, by default over the newest two years of stored bars."""

    subject: ClassVar[str] = "cmd.backtest.backtest_universe"
    max_positions: Annotated[int, Field(ge=1, le=1_000)] = 20


class SweepCommand(HistoryCommand):
    """A job that tries parameters. space: values of a declared parameter, or {"low", "high"} and perhaps "step", by its name.

    method: `grid` tries every combination, `random` as many as `count`, drawn by the hash of what is asked.
    """

    space: Annotated[dict[str, Any], Field(min_length=1, max_length=16)]
    method: Literal["grid", "random"] = "grid"
    count: Annotated[int, Field(ge=1, le=10_000)] = 100


class SweepParameters(SweepCommand):
    """Backtest a strategy with many values of its parameters and rank them; every try counts as a trial."""

    subject: ClassVar[str] = "cmd.backtest.sweep"


class WalkForward(SweepCommand):
    """Choose parameters on the past and test them on the bars that came next, fold by fold.

    anchored: every training starts at the first bar, instead of rolling. gap: bars left out between training and test; by default as many as
    the strategy looks back and a trade reaches ahead.
    """

    subject: ClassVar[str] = "cmd.backtest.walk_forward"
    folds: Annotated[int, Field(ge=2, le=50)] = 5
    anchored: bool = False
    gap: Annotated[int, Field(ge=0, le=100_000)] | None = None


class CancelJob(Command):
    """Stop a job at its next shard; nothing of it is kept."""

    subject: ClassVar[str] = "cmd.backtest.cancel"
    job_id: Identifier
