"""From a command to a task: which strategy, which symbols, which bars.

Decides the defaults (a screen asks every stored symbol, a sweep its strategy's own) and what is refused. Reads the catalog, writes
nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from libs.common.errors import BadInputError, BadTimeframeError, NotFoundError
from libs.common.events import StrategyProposed
from libs.common.studies import (
    BacktestUniverse,
    HistoryCommand,
    RunAlert,
    RunScreen,
    StudyCommand,
    SweepCommand,
    SweepParameters,
    WalkForward,
)
from libs.common.values import Timeframe, from_epoch_ms, parse_symbol, parse_timeframe, to_epoch_ms
from libs.market.catalog import BarsInfo
from libs.market.universes import ALL
from libs.strategy.family import family_of
from libs.strategy.spec import Strategy, Submission, from_definition, parse, tuned
from services.backtest.core.engine import Terms
from services.backtest.core.requests import NAMELESS
from services.backtest.core.window import before_boundary, choose
from services.backtest.modes.market import Market, data_hash
from services.backtest.modes.moment import TAIL
from services.backtest.modes.task import Task

DEFAULT_DAYS = 730
"""Days of history of a job that names no start: two years."""

_DAY_MS = 86_400_000
_MODES: dict[type[StudyCommand], str] = {
    RunScreen: "screen",
    RunAlert: "alert",
    BacktestUniverse: "backtest_universe",
    SweepParameters: "sweep",
    WalkForward: "walk_forward",
}


def mode_of(command: StudyCommand) -> str:
    """Return the name of the mode that a command asks for."""
    return _MODES[type(command)]


@dataclass(frozen=True)
class Study:
    """A command understood: which strategy on which symbols, whose try it is. stored: the symbols that have bars, by name."""

    command: StudyCommand
    strategy: Strategy
    family_id: str
    universe: str | None
    version: str | None
    stored: Mapping[str, BarsInfo]


def study_of(command: StudyCommand, proposals: Mapping[str, StrategyProposed], market: Market) -> Study:
    """Return what a command asks for.

    Raises BadInputError, BadStrategyError, NotFoundError (unknown strategy, universe, symbols without bars).
    """
    proposal = _stored(command, proposals)
    timeframe = _timeframe(command, proposal)
    name, version, symbols = _symbols(command, market, timeframe, proposal)
    stored = market.stored(symbols, timeframe)
    names = tuple(stored)
    strategy = _strategy(command, proposal, names)
    return Study(command, strategy, _family(command, proposal, names, timeframe), name, version, stored)


def task_of(study: Study, boundary_ms: int | None, market: Market) -> Task:
    """Return the task of a study; boundary_ms: where the bars begin that are kept back from its family, which a sweep may not see.

    Raises NotFoundError where the window has no bars, BadInputError for one that contradicts itself.
    """
    command, strategy, stored = study.command, study.strategy, study.stored
    timeframe = strategy.timeframe
    if not isinstance(command, SweepCommand):
        boundary_ms = None
    start_ms, end_ms, tail = _window(command, timeframe, stored, boundary_ms)
    frames = market.read(tuple(stored), timeframe, start_ms, end_ms, tail)
    if not frames:
        raise NotFoundError(
            "none of the symbols has a closed bar in the window",
            code="job.no_bars",
            pointer="/end",
            hint=_range(stored),
        )
    task = Task(
        mode=mode_of(command),
        strategy=strategy,
        strategy_id=command.strategy_id,
        family_id=study.family_id,
        symbols=tuple(frames),
        universe=study.universe,
        version=study.version,
        start_ms=start_ms,
        end_ms=end_ms,
        as_of_ms=max(int(frame.ts[-1]) for frame in frames.values()) + timeframe.seconds * 1_000,
        tail=tail,
        fundamentals=market.figures_version(),
        data_hash=data_hash(frames),
        simulated=any(stored[symbol].simulated for symbol in frames),
        at_ms=to_epoch_ms(command.at),
        options=_options(command, boundary_ms),
    )
    market.hold(task, frames)
    return task


def _family(
    command: StudyCommand, proposal: StrategyProposed | None, symbols: tuple[str, ...], timeframe: Timeframe
) -> str:
    """Return the family of a try; other symbols or bars than a proposal's are another search by the same author."""
    if proposal is None:
        return family_of(command.asked_by or NAMELESS, symbols, timeframe)
    if (symbols, timeframe) == (proposal.symbols, proposal.timeframe):
        return proposal.family_id
    return family_of(proposal.submitted_by or proposal.origin, symbols, timeframe)


def _stored(command: StudyCommand, proposals: Mapping[str, StrategyProposed]) -> StrategyProposed | None:
    if command.strategy_id is None:
        return None
    if command.rules is not None or command.code is not None:
        raise BadInputError(
            "the command names a strategy and carries one",
            code="backtest.two_strategies",
            pointer="/strategy_id",
            hint="leave out either strategy_id or the definition",
        )
    proposal = proposals.get(command.strategy_id)
    if proposal is None:
        raise NotFoundError(
            f"no strategy {command.strategy_id} has been proposed",
            code="backtest.unknown_strategy",
            pointer="/strategy_id",
            hint="submit it first; a fresh submission is known within a second",
        )
    return proposal


def _timeframe(command: StudyCommand, proposal: StrategyProposed | None) -> Timeframe:
    if command.timeframe is not None:
        try:
            return parse_timeframe(command.timeframe)
        except BadTimeframeError as error:
            error.pointer = "/timeframe"
            raise
    return proposal.timeframe if proposal else Timeframe.H1


def _symbols(
    command: StudyCommand, market: Market, timeframe: Timeframe, proposal: StrategyProposed | None
) -> tuple[str | None, str | None, Sequence[str]]:
    """Return the universe's name and version, if there is one, and the symbols asked about."""
    if command.symbols:
        if command.universe is not None:
            raise BadInputError(
                "the command names a universe and symbols",
                code="job.two_universes",
                pointer="/symbols",
                hint="give one",
            )
        return None, None, sorted({parse_symbol(text) for text in command.symbols})
    if command.universe is None and isinstance(command, SweepCommand):
        return None, None, _own(command, proposal)
    universe, symbols = market.universe(command.universe or ALL, timeframe)
    return universe.name, universe.version, symbols


def _own(command: StudyCommand, proposal: StrategyProposed | None) -> Sequence[str]:
    if proposal is not None:
        return proposal.symbols
    own = (command.rules or {}).get("symbol")
    if not isinstance(own, str):
        raise BadInputError("there is no symbol", code="job.no_symbol", pointer="/symbols", hint='give ["BTCUSDT"]')
    return (parse_symbol(own),)


def _strategy(command: StudyCommand, proposal: StrategyProposed | None, symbols: tuple[str, ...]) -> Strategy:
    """Return the strategy with the symbols it is asked about instead of its own."""
    if proposal is not None:
        known = from_definition(proposal)
        strategy = tuned(known, command.parameters) if command.parameters else known
        if command.signal_mode not in (None, strategy.signal_mode):
            raise BadInputError(
                f"the strategy's signal_mode is {strategy.signal_mode}",
                code="backtest.signal_mode",
                pointer="/signal_mode",
                hint="another signal_mode is another strategy: submit it as one",
            )
        strategy = replace(strategy, timeframe=_timeframe(command, proposal))
    else:
        strategy = parse(**_submission(command, symbols[0]))
    rules = strategy.rules
    if rules is not None:
        rules = {name: value for name, value in rules.items() if name != "symbol"}
    return replace(strategy, symbols=symbols, rules=rules)


def _submission(command: StudyCommand, symbol: str) -> Submission:
    rules = command.rules
    if rules is not None:
        rules = {name: value for name, value in rules.items() if name != "symbol"}
    return Submission(
        kind=command.kind,
        name=command.name,
        rules=rules,
        code=command.code,
        symbols=(symbol,),
        timeframe=_timeframe(command, None).value,
        parameters=command.parameters,
        signal_mode=command.signal_mode,
    )


def _window(
    command: StudyCommand, timeframe: Timeframe, stored: Mapping[str, BarsInfo], boundary_ms: int | None
) -> tuple[int, int, int | None]:
    """Return the bounds of the open times, start <= t < end, and how many of the newest bars are read, None for all."""
    length_ms = timeframe.seconds * 1_000
    first_ms, last_ms = min(info.first_ms for info in stored.values()), max(info.last_ms for info in stored.values())
    if isinstance(command, SweepCommand):
        end = command.end if boundary_ms is None else before_boundary(boundary_ms, command.start, command.end)
        window = choose(timeframe, first_ms, last_ms, command.start, end)
        return window.start_ms, window.last_open_before(timeframe), None
    if isinstance(command, HistoryCommand):
        end_ms = last_ms + length_ms if command.end is None else to_epoch_ms(command.end)
        start = from_epoch_ms(max(0, end_ms - DEFAULT_DAYS * _DAY_MS)) if command.start is None else command.start
        window = choose(timeframe, first_ms, last_ms, start, command.end)
        return window.start_ms, window.last_open_before(timeframe), None
    end_at = command.end if isinstance(command, RunScreen | RunAlert) else None
    return 0, last_ms + 1 if end_at is None else to_epoch_ms(end_at) - length_ms + 1, TAIL


def _options(command: StudyCommand, boundary_ms: int | None) -> dict[str, Any]:
    if isinstance(command, RunScreen):
        return {"limit": command.limit}
    if not isinstance(command, HistoryCommand):
        return {}
    names = ("initial_capital", "fraction", "fee", "slippage")
    options: dict[str, Any] = {"terms": asdict(Terms(**{name: getattr(command, name) for name in names}))}
    if isinstance(command, BacktestUniverse):
        options["max_positions"] = command.max_positions
    if isinstance(command, SweepCommand):
        options |= {"space": command.space, "method": command.method, "count": command.count}
        options["holdout_from"] = None if boundary_ms is None else from_epoch_ms(boundary_ms).isoformat()
    if isinstance(command, WalkForward):
        options |= {"folds": command.folds, "anchored": command.anchored, "gap": command.gap}
    return options


def _range(stored: Mapping[str, BarsInfo]) -> str:
    first, last = min(info.first_ms for info in stored.values()), max(info.last_ms for info in stored.values())
    return f"stored bars open from {from_epoch_ms(first).isoformat()} to {from_epoch_ms(last).isoformat()}"
