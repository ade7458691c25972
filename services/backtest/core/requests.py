"""From a proposal or a command to a job. Decides which requests are contradictory, and which family a try belongs to."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from libs.common.commands import RunBacktest
from libs.common.errors import BadInputError, NotFoundError
from libs.common.events import StrategyProposed
from libs.common.values import parse_symbol, parse_timeframe
from libs.strategy.family import family_of
from libs.strategy.spec import Strategy, Submission, from_definition, parse, tuned
from services.backtest.core.engine import Terms
from services.backtest.core.job import Job

NAMELESS = "bus"
"""Who asks where nobody is named: the default origin of a submission, so that both count as one search."""


def job_of_proposal(proposal: StrategyProposed) -> Job:
    """Return the judging of a proposal: the default window and terms. Raises BadStrategyError if it cannot run."""
    strategy = from_definition(proposal)
    return Job(strategy, proposal.strategy_id, proposal.family_id, Terms(), purpose="judge", fixes_holdout=True)


def job_of_command(command: RunBacktest, proposals: Mapping[str, StrategyProposed]) -> Job:
    """Return what a command asks for; proposals: known ones by strategy id.

    Raises NotFoundError for an unknown id, BadInputError for a command that contradicts itself, BadStrategyError for a
    definition that cannot run, BadSymbolError, BadTimeframeError.
    """
    if command.strategy_id is None:
        strategy = _given(command)
        family = family_of(command.asked_by or NAMELESS, strategy.symbols, strategy.timeframe)
    else:
        proposal = _stored(command, command.strategy_id, proposals)
        strategy = from_definition(proposal)
        if asked := _symbols(command):
            strategy = _moved(strategy, asked)
        if command.parameters:
            strategy = tuned(strategy, command.parameters)
        if command.timeframe is not None:
            strategy = replace(strategy, timeframe=parse_timeframe(command.timeframe))
        family = _family_of_moved(proposal, strategy)
    if command.purpose == "promotion":
        _check_promotion(command)
    return Job(
        strategy,
        command.strategy_id,
        family,
        _terms(command),
        command.start,
        command.end,
        command.purpose,
        evidence=command.evidence == "full",
    )


def _family_of_moved(proposal: StrategyProposed, strategy: Strategy) -> str:
    """Other parameters are a try of the same search; other symbols or bars are another one by the same author."""
    if (strategy.symbols, strategy.timeframe) == (proposal.symbols, proposal.timeframe):
        return proposal.family_id
    return family_of(proposal.submitted_by or proposal.origin, strategy.symbols, strategy.timeframe)


def _terms(command: RunBacktest) -> Terms:
    return Terms(
        initial_capital=command.initial_capital,
        fraction=command.fraction,
        fee=command.fee,
        slippage=command.slippage,
        stop_loss=command.stop_loss,
        take_profit=command.take_profit,
        trailing_stop=command.trailing_stop,
        volume_cap=command.volume_cap,
    )


def _given(command: RunBacktest) -> Strategy:
    submission = Submission(
        kind=command.kind,
        name=command.name,
        rules=command.rules,
        code=command.code,
        symbols=_symbols(command),
        parameters=command.parameters,
        signal_mode=command.signal_mode,
        allow_short=bool(command.allow_short),
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
    if command.allow_short not in (None, proposal.allow_short):
        raise BadInputError(
            f"the strategy's allow_short is {str(proposal.allow_short).lower()}",
            code="backtest.allow_short",
            pointer="/allow_short",
            hint="another allow_short is another strategy: submit it as one",
        )
    return proposal


def _check_promotion(command: RunBacktest) -> None:
    """A promotion check is of the strategy as it was proposed and judged, or it would check another."""
    if command.strategy_id is None:
        raise BadInputError(
            "a promotion check is of a stored strategy",
            code="backtest.promotion",
            pointer="/strategy_id",
            hint="submit the definition and name its strategy_id",
        )
    fixed: tuple[str, ...] = (
        "symbol",
        "symbols",
        "timeframe",
        "parameters",
        "start",
        "end",
        "fee",
        "slippage",
        "fraction",
    )
    fixed += ("initial_capital", "stop_loss", "take_profit", "trailing_stop", "volume_cap", "evidence")
    changed = [name for name in fixed if getattr(command, name) != _default(name)]
    if changed:
        raise BadInputError(
            f"a promotion check takes no {changed[0]}",
            code="backtest.promotion",
            pointer=f"/{changed[0]}",
            hint="it repeats the judging of the proposal and adds what came after",
        )


def _default(name: str) -> Any:
    return RunBacktest.model_fields[name].get_default(call_default_factory=True)
