"""From a command to a training: which symbols, which bars, which family. Decides what is refused before anything is fitted.

The bars kept back from the family are not learnt from: where no boundary stands yet, it is fixed now, as by a first proposal.
"""

from dataclasses import dataclass
from datetime import timedelta

from libs.common.errors import BadInputError, BadTimeframeError
from libs.common.training import TrainModel
from libs.common.values import Timeframe, from_epoch_ms, parse_symbol, parse_timeframe
from libs.strategy.family import family_of
from libs.strategy.model_terms import MODEL
from libs.strategy.spec import Strategy
from services.backtest.bars import Bars
from services.backtest.core.engine import Terms
from services.backtest.core.evidence.holdout import Holdout
from services.backtest.core.job import Job
from services.backtest.core.window import before_boundary, choose, no_bars
from services.backtest.families import Family, UnderWay
from services.backtest.models.store import Training
from services.backtest.models.task import Labelling, TrainingTask

DEFAULT_DAYS = 730
"""Days of history that are learnt from where the command names no start: two years."""


@dataclass(frozen=True)
class Planned:
    """A training, and the boundary of its family, None where the bars are too few for one."""

    training: Training
    holdout: Holdout | None


def family_id_of(command: TrainModel) -> str:
    """Return the family of a model: that of the proposal it becomes. Raises BadInputError for what names no symbol or timeframe."""
    return family_of(command.asked_by or MODEL, symbols_of(command), timeframe_of(command))


def planned(command: TrainModel, bars: Bars, family: Family, under_way: UnderWay) -> Planned:
    """Return what a command asks for; reads which bars there are.

    Raises BadInputError for a command that contradicts itself, NotFoundError where there are no bars.
    """
    if command.sell_below > command.buy_above:
        raise BadInputError(
            "sell_below is above buy_above",
            code="model.thresholds",
            pointer="/sell_below",
            hint="between the two the model holds",
        )
    symbols, timeframe = symbols_of(command), timeframe_of(command)
    newest = Job(_strategy(command, symbols, timeframe), None, family.family_id, Terms())
    times = bars.worth_a_boundary(newest)
    holdout = under_way.standing(family) if times is None else under_way.boundary(family, times)
    stored = {symbol: bars.catalog.info(symbol, timeframe) for symbol in symbols}
    first = min(info.first_ms for info in stored.values())
    last = max(info.last_ms for info in stored.values())
    end = command.end if holdout is None else before_boundary(holdout.boundary_ms, command.start, command.end)
    until = end or from_epoch_ms(last + timeframe.seconds * 1_000)
    start = command.start or max(from_epoch_ms(first), until - timedelta(days=DEFAULT_DAYS))
    if start >= until:
        raise no_bars(timeframe, first, last)
    window = choose(timeframe, first, last, start, until)
    task = TrainingTask(
        symbols=symbols,
        timeframe=timeframe.value,
        start_ms=window.start_ms,
        end_ms=window.last_open_before(timeframe),
        estimator=command.estimator,
        options=command.options,
        label=_label(command),
        calibration=command.calibration,
        folds=command.folds,
        embargo=command.embargo,
    )
    simulated = any(info.simulated for info in stored.values())
    return Planned(Training(command, task, family.family_id, simulated), holdout)


def symbols_of(command: TrainModel) -> tuple[str, ...]:
    """Return the symbols of a command, canonical and sorted; raises BadInputError."""
    asked = [*command.symbols, *([command.symbol] if command.symbol is not None else [])]
    if not asked:
        raise BadInputError("there is no symbol", code="model.no_symbol", pointer="/symbol", hint='give "BTCUSDT"')
    return tuple(sorted({parse_symbol(text) for text in asked}))


def timeframe_of(command: TrainModel) -> Timeframe:
    """Return the timeframe of a command; raises BadTimeframeError."""
    try:
        return parse_timeframe(command.timeframe)
    except BadTimeframeError as error:
        error.pointer = "/timeframe"
        raise


def _label(command: TrainModel) -> Labelling:
    if command.label == "next_bar":
        return Labelling()
    return Labelling(command.label, command.horizon, command.take_profit, command.stop_loss)


def _strategy(command: TrainModel, symbols: tuple[str, ...], timeframe: Timeframe) -> Strategy:
    """Return the strategy the model will be, which has no model yet: only its symbols and timeframe are asked for."""
    return Strategy(MODEL, command.name, None, None, symbols, timeframe, {})
