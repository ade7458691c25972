"""What a backtest is asked to do, and how it ended. Decides which requests are contradictory or unsupported."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from libs.common.commands import RunBacktest
from libs.common.errors import BadInputError, BadStrategyError, NotFoundError, PermanentError
from libs.common.events import StrategyProposed
from libs.common.values import Stage, Verdict, parse_symbol, parse_timeframe
from libs.strategy.family import family_of
from libs.strategy.spec import Strategy, Submission, from_definition, parse, tuned
from services.backtest.core.engine import Terms


@dataclass(frozen=True)
class Job:
    """A strategy on a window at terms. `strategy_id` is None for a definition that was only handed in to be tested."""

    strategy: Strategy
    strategy_id: str | None
    family_id: str
    terms: Terms
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True)
class Summary:
    """What is kept of a backtest beside its report; fractions, quote units, UTC times."""

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


@dataclass(frozen=True)
class Failed:
    """A backtest that cannot be run, however often it is tried."""

    error: PermanentError


Outcome = Summary | Failed


def job_of_proposal(proposal: StrategyProposed) -> Job:
    """Return the judging of a proposal: the default window and terms. Raises BadStrategyError if it cannot run."""
    return _checked(Job(from_definition(proposal), proposal.strategy_id, proposal.family_id, Terms()))


def job_of_command(command: RunBacktest, proposals: Mapping[str, StrategyProposed]) -> Job:
    """Return what a command asks for; proposals: known ones by strategy id.

    Raises NotFoundError for an unknown id, BadInputError for a command that names two strategies or none, BadStrategyError for a
    definition that cannot run, BadSymbolError, BadTimeframeError.
    """
    if command.strategy_id is None:
        strategy, family = _given(command), None
    else:
        proposal = _stored(command, command.strategy_id, proposals)
        strategy, family = from_definition(proposal), proposal.family_id
        if asked := _symbols(command):
            strategy = _moved(strategy, asked)
        if command.parameters:
            strategy = tuned(strategy, command.parameters)
        if command.timeframe is not None:
            strategy = replace(strategy, timeframe=parse_timeframe(command.timeframe))
    terms = Terms(command.initial_capital, command.fraction, command.fee, command.slippage)
    family = family or family_of(command.asked_by, strategy.symbols, strategy.timeframe)
    return _checked(Job(strategy, command.strategy_id, family, terms, command.start, command.end))


def _given(command: RunBacktest) -> Strategy:
    submission = Submission(
        kind=command.kind,
        name=command.name,
        rules=command.rules,
        code=command.code,
        symbols=_symbols(command),
        parameters=command.parameters,
        signal_mode=command.signal_mode,
    )
    if command.timeframe is not None:
        submission["timeframe"] = command.timeframe
    return parse(**submission)


def _symbols(command: RunBacktest) -> tuple[str, ...]:
    return tuple(command.symbols) + (() if command.symbol is None else (command.symbol,))


def _moved(strategy: Strategy, asked: Sequence[str]) -> Strategy:
    symbols = tuple(sorted({parse_symbol(text) for text in asked}))
    rules = strategy.rules
    if rules is not None and "symbol" in rules:
        rules = {name: value for name, value in rules.items() if name != "symbol"}
        rules |= {"symbol": symbols[0]} if len(symbols) == 1 else {}
    return replace(strategy, symbols=symbols, rules=rules)


def _stored(command: RunBacktest, strategy_id: str, proposals: Mapping[str, StrategyProposed]) -> StrategyProposed:
    if command.rules is not None or command.code is not None:
        raise BadInputError(
            "the command names a strategy and carries one",
            code="backtest.two_strategies",
            pointer="/strategy_id",
            hint="leave out either strategy_id or the definition",
        )
    proposal = proposals.get(strategy_id)
    if proposal is None:
        raise NotFoundError(
            f"no strategy {strategy_id} has been proposed",
            code="backtest.unknown_strategy",
            pointer="/strategy_id",
            hint="submit it first; a fresh submission is known within a second",
        )
    if command.signal_mode not in (None, proposal.signal_mode):
        raise BadInputError(
            f"the strategy's signal_mode is {proposal.signal_mode}",
            code="backtest.signal_mode",
            pointer="/signal_mode",
            hint="another signal_mode is another strategy: submit it as one",
        )
    return proposal


def _checked(job: Job) -> Job:
    if job.strategy.allow_short:
        raise BadStrategyError(
            "short positions are not simulated in this version",
            code="strategy.unsupported_short",
            pointer="/allow_short",
            hint="leave allow_short out; a sell then closes the long position",
        )
    return job
