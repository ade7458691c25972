"""The orders a person or a program may give a service, one frozen class each, named verb + noun.

A command may be refused. Whatever becomes of it is answered once on `answers.<service>.<command_id>`, in the same
transaction as its effects. A body without an envelope is fine: the adapter fills it in.
"""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, FiniteFloat

from libs.common.command import Command, Spelled
from libs.common.generation import (
    AddDocument,
    CancelGeneration,
    GenerateStrategy,
    IndexKnowledge,
    RemoveDocument,
    SearchKnowledge,
)
from libs.common.studies import BacktestUniverse, CancelJob, RunAlert, RunScreen, SweepParameters, WalkForward
from libs.common.training import TrainModel
from libs.common.values import Identifier, Stage, Text, UtcTime, Verdict


class SubmitStrategy(Command):
    """Propose a strategy: `rules`, or Python `code`; `kind` and `signal_mode` are read from those where they are null."""

    subject: ClassVar[str] = "cmd.strategy_gen.submit"
    kind: Annotated[str, Field(max_length=32)] | None = None
    name: Annotated[str, Field(max_length=120)] = ""
    rules: dict[str, Any] | None = None
    code: Annotated[str, Field(max_length=200_000)] | None = None
    symbols: Annotated[list[Spelled], Field(max_length=1_000, default_factory=list)]
    timeframe: Spelled = "1h"
    parameters: dict[str, Any] = Field(default_factory=dict)
    signal_mode: Literal["action", "position"] | None = None
    allow_short: bool = False
    origin: Literal["user", "bus", "llm", "compiler", "model", "example"] = "bus"


class PromoteStrategy(Command):
    """Run a strategy live at a stage. `override_reason` opens the gate for paper only, and is kept."""

    subject: ClassVar[str] = "cmd.strategy_gen.promote"
    strategy_id: Identifier
    stage: Stage = Stage.PAPER
    account: Identifier = "paper"
    fraction: Annotated[FiniteFloat, Field(gt=0, le=1)] | None = None
    anchor: UtcTime | None = None
    override_reason: Text | None = None


class RetireStrategy(Command):
    """Stop running a strategy; its history stays."""

    subject: ClassVar[str] = "cmd.strategy_gen.retire"
    strategy_id: Identifier
    reason: Text = ""


class DeleteStrategy(Command):
    """Remove a strategy that is not running."""

    subject: ClassVar[str] = "cmd.strategy_gen.delete"
    strategy_id: Identifier
    reason: Text = ""


class RunBacktest(Command):
    """Backtest a stored strategy (`strategy_id`) or a definition given here, on a window of stored bars.

    stop_loss, take_profit, trailing_stop: fractions of the entry price; volume_cap: share of a bar's volume; 0 is off. evidence: `none` leaves out
    the checks for luck and leaks, and opens no stage. purpose: `look` sees all bars asked for, the family's holdout too; `judge` sees
    those before it; `promotion` judges and then looks past it, for a stored strategy. known_by: what makes an earlier result the answer, the same
    `data`, or the same `definition` whatever the window's end; `force` runs again.
    """

    subject: ClassVar[str] = "cmd.backtest.run"
    strategy_id: Identifier | None = None
    kind: Annotated[str, Field(max_length=32)] | None = None
    name: Annotated[str, Field(max_length=120)] = ""
    rules: dict[str, Any] | None = None
    code: Annotated[str, Field(max_length=200_000)] | None = None
    symbol: Spelled | None = None
    symbols: Annotated[list[Spelled], Field(max_length=1_000, default_factory=list)]
    timeframe: Spelled | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    start: UtcTime | None = None
    end: UtcTime | None = None
    initial_capital: Annotated[FiniteFloat, Field(gt=0, le=1e12)] = 10_000.0
    fraction: Annotated[FiniteFloat, Field(gt=0, le=1)] = 1.0
    fee: Annotated[FiniteFloat, Field(ge=0, lt=0.1)] = 0.001
    slippage: Annotated[FiniteFloat, Field(ge=0, lt=0.1)] = 0.0002
    stop_loss: Annotated[FiniteFloat, Field(ge=0, lt=1)] = 0.0
    take_profit: Annotated[FiniteFloat, Field(ge=0, le=100)] = 0.0
    trailing_stop: Annotated[FiniteFloat, Field(ge=0, lt=1)] = 0.0
    volume_cap: Annotated[FiniteFloat, Field(ge=0, le=1)] = 0.0
    signal_mode: Literal["action", "position"] | None = None
    allow_short: bool | None = None
    evidence: Literal["full", "none"] = "full"
    purpose: Literal["look", "judge", "promotion"] = "look"
    known_by: Literal["data", "definition"] = "data"
    force: bool = False


class SetVerdict(Command):
    """Set a person's verdict beside the computed one of a backtest, named by its id or as the newest of a code hash; it is kept, with the reason.

    It may open the gate to paper, never to live, and never for a strategy that knows the future.
    """

    subject: ClassVar[str] = "cmd.backtest.set_verdict"
    backtest_id: Identifier | None = None
    code_hash: Identifier | None = None
    verdict: Verdict
    reason: Annotated[str, Field(min_length=1, max_length=400)]


class ImportBars(Command):
    """Store the bars of a CSV file (plain or .gz) that the ingest service can read, all or nothing.

    symbol: the one symbol all rows must be of. by_column: the header of the column that names each row's symbol; a column
    `symbol` is found without it. universe: name under which the file's symbols are kept as a list.
    """

    subject: ClassVar[str] = "cmd.ingest.import_bars"
    path: Annotated[str, Field(min_length=1, max_length=4_096)]
    symbol: Spelled | None = None
    by_column: Spelled | None = None
    universe: Spelled | None = None
    timeframe: Spelled | None = None
    zone: Annotated[str, Field(max_length=64)] = "UTC"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    source: Annotated[str, Field(max_length=64)] = "csv"


class ImportFundamentals(Command):
    """Store company figures from a CSV file (plain or .gz) that the ingest service can read, all or nothing.

    Rows with dates join those stored; without dates they replace their symbols'. by_column: header of the column with the symbols, where it is not
    `symbol` or `ticker`. percent: fields that the file gives in percent although they are kept as ratios. replace: forget
    everything stored before.
    """

    subject: ClassVar[str] = "cmd.ingest.import_fundamentals"
    path: Annotated[str, Field(min_length=1, max_length=4_096)]
    by_column: Spelled | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    percent: Annotated[list[Spelled], Field(max_length=32, default_factory=list)]
    replace: bool = False
    source: Annotated[str, Field(max_length=64)] = "csv"


class DefineUniverse(Command):
    """Name a list of symbols, or give a name another list; they need not be stored yet."""

    subject: ClassVar[str] = "cmd.ingest.define_universe"
    name: Spelled
    symbols: Annotated[list[Spelled], Field(min_length=1, max_length=5_000)]


class RemoveUniverse(Command):
    """Forget a named list of symbols; its bars stay."""

    subject: ClassVar[str] = "cmd.ingest.remove_universe"
    name: Spelled


class WatchSymbols(Command):
    """Publish closed bars of symbols as the feed delivers them; start and end bound a feed that plays history."""

    subject: ClassVar[str] = "cmd.ingest.watch"
    symbols: Annotated[list[Spelled], Field(min_length=1, max_length=1_000)]
    timeframe: Spelled = "1h"
    start: UtcTime | None = None
    end: UtcTime | None = None


class UnwatchSymbols(Command):
    """Stop a watch."""

    subject: ClassVar[str] = "cmd.ingest.unwatch"
    watch_id: Identifier


class HaltTrading(Command):
    """Let nothing leave any more."""

    subject: ClassVar[str] = "cmd.executor.halt"
    reason: Annotated[str, Field(min_length=1, max_length=400)]


class ReduceTrading(Command):
    """Let only exits leave."""

    subject: ClassVar[str] = "cmd.executor.reduce"
    reason: Annotated[str, Field(min_length=1, max_length=400)]


class ResumeTrading(Command):
    """Trade again; needs a reason."""

    subject: ClassVar[str] = "cmd.executor.resume"
    reason: Annotated[str, Field(min_length=1, max_length=400)]


COMMANDS: tuple[type[Command], ...] = (
    SubmitStrategy,
    PromoteStrategy,
    RetireStrategy,
    DeleteStrategy,
    GenerateStrategy,
    CancelGeneration,
    IndexKnowledge,
    AddDocument,
    RemoveDocument,
    SearchKnowledge,
    RunBacktest,
    SetVerdict,
    RunScreen,
    RunAlert,
    BacktestUniverse,
    SweepParameters,
    WalkForward,
    TrainModel,
    CancelJob,
    ImportBars,
    ImportFundamentals,
    DefineUniverse,
    RemoveUniverse,
    WatchSymbols,
    UnwatchSymbols,
    HaltTrading,
    ReduceTrading,
    ResumeTrading,
)
"""Every command there is."""

__all__ = [
    "COMMANDS",
    "AddDocument",
    "BacktestUniverse",
    "CancelGeneration",
    "CancelJob",
    "Command",
    "DefineUniverse",
    "DeleteStrategy",
    "GenerateStrategy",
    "HaltTrading",
    "ImportBars",
    "ImportFundamentals",
    "IndexKnowledge",
    "PromoteStrategy",
    "ReduceTrading",
    "RemoveDocument",
    "RemoveUniverse",
    "ResumeTrading",
    "RetireStrategy",
    "RunAlert",
    "RunBacktest",
    "RunScreen",
    "SearchKnowledge",
    "Spelled",
    "SubmitStrategy",
    "SweepParameters",
    "TrainModel",
    "UnwatchSymbols",
    "WalkForward",
    "WatchSymbols",
]
