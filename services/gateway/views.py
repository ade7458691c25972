"""Folds facts into the read model. Every handler may see a fact twice or before its cause; the result is the same.

Decides which facts are kept and which is current. Answers nothing: that is `queries`.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import TextClause

from libs.common.bus.table import Tx
from libs.common.events import (
    AlertRaised,
    AttemptMade,
    BacktestCompleted,
    BacktestFailed,
    BarsImported,
    ControlChanged,
    DecisionMade,
    DocumentIndexed,
    Event,
    FeedChanged,
    GapFound,
    GenerationDone,
    GenerationFailed,
    GenerationStarted,
    JobDone,
    JobFailed,
    JobStarted,
    KnowledgeIndexed,
    ModelTrained,
    OrderChanged,
    OrderFilled,
    PortfolioChanged,
    SignalRaised,
    StrategyDeleted,
    StrategyJudged,
    StrategyPromoted,
    StrategyProposed,
    StrategyRetired,
    VerdictSet,
)
from services.gateway.documents import fold_document
from services.gateway.job_views import fold_generation, fold_index, fold_job
from services.gateway.merging import merge
from services.gateway.tables import BACKTESTS, EQUITY, FACTS, LATEST, ORDERS, STRATEGIES

Fold = Callable[[Tx, Any], None]

RANKS = {"intent": 0, "submitting": 1, "unknown": 2, "acked": 3, "partial": 4}
"""Order states by how far they are in an order's life; the others end it."""

ENDED = 9

_REFS = ("order_id", "backtest_id", "job_id")
_TAGS = ("action", "verdict", "state", "side")


_FACT = ("event_id", "kind", "at", "symbol", "strategy_id", "account", "ref", "tag", "caused_by", "body")
_ORDER = tuple(column.name for column in ORDERS.columns)
_FURTHER = (
    f"orders.rank < {ENDED} AND (excluded.at > orders.at OR (excluded.at = orders.at AND excluded.rank >= orders.rank))"
)
_SAVE_FACT = merge(FACTS, _FACT, ["event_id"])
_SAVE_ORDER = merge(ORDERS, _ORDER, ["order_id"], _FURTHER)
_BACKTEST = tuple(column.name for column in BACKTESTS.columns)
_SAVE_BACKTEST = merge(BACKTESTS, _BACKTEST, ["backtest_id"], "excluded.at >= backtests.at")
_SAVE_FIRST_BACKTEST = merge(BACKTESTS, _BACKTEST, ["backtest_id"])
_SAVE_LATEST = merge(LATEST, ("kind", "name", "at", "body"), ["kind", "name"], "excluded.at >= latest.at")
_SAVE_EQUITY = merge(EQUITY, ("account", "at", "timeframe", "equity", "cash"), ["account", "at", "timeframe"])


async def keep(event: Event, tx: Tx) -> Sequence[Event]:
    """Store one fact and make it current where it is newer; a fact already stored changes nothing."""
    if type(event) not in _ONLY_NEWEST:
        _save_fact(tx, event)
    fold = _FOLDS.get(type(event))
    if fold is not None:
        fold(tx, event)
    return ()


def _save_fact(tx: Tx, event: Event) -> None:
    tx.later(
        _SAVE_FACT,
        event_id=event.event_id,
        kind=type(event).__name__,
        at=event.at,
        symbol=getattr(event, "symbol", None),
        strategy_id=getattr(event, "strategy_id", None),
        account=getattr(event, "account", None),
        ref=_first(event, _REFS),
        tag=_first(event, _TAGS),
        caused_by=event.caused_by,
        body=event.model_dump_json(),
    )


def _first(event: Event, names: tuple[str, ...]) -> str | None:
    return next((str(value) for name in names if (value := getattr(event, name, None)) is not None), None)


def _order(tx: Tx, event: OrderChanged) -> None:
    rank = RANKS.get(event.state, ENDED)
    values = {name: getattr(event, name) for name in _ORDER if name != "rank"}
    tx.later(_SAVE_ORDER, **values, rank=rank)


def _completed(tx: Tx, event: BacktestCompleted) -> None:
    save = _SAVE_FIRST_BACKTEST if event.duplicate else _SAVE_BACKTEST
    _backtest(tx, save, event, event.symbols[0] if event.symbols else None, event.verdict.value)


def _failed(tx: Tx, event: BacktestFailed) -> None:
    _backtest(tx, _SAVE_BACKTEST, event, None, None)


def _backtest(
    tx: Tx, save: TextClause, event: BacktestCompleted | BacktestFailed, symbol: str | None, verdict: str | None
) -> None:
    names = {"backtest_id": event.backtest_id, "strategy_id": event.strategy_id, "event_id": event.event_id}
    tx.later(save, **names, at=event.at, symbol=symbol, verdict=verdict)


def _life(step: str, **extra: str) -> Fold:
    """Return the fold that keeps the newest fact of one step of a strategy's life; extra: column -> field of the fact."""
    columns = ("strategy_id", f"{step}_id", f"{step}_at", *extra)
    newer = f"strategies.{step}_at IS NULL OR excluded.{step}_at >= strategies.{step}_at"
    save = merge(STRATEGIES, columns, ["strategy_id"], newer)

    def fold(tx: Tx, event: Any) -> None:
        values = {column: getattr(event, field) for column, field in extra.items()}
        known = {"strategy_id": event.strategy_id, f"{step}_id": event.event_id, f"{step}_at": event.at}
        tx.later(save, **known, **values)

    return fold


def _newest(name: str) -> Fold:
    """Return the fold that keeps only the newest fact of a kind for each value of the field `name`."""

    def fold(tx: Tx, event: Any) -> None:
        kind = type(event).__name__
        tx.later(_SAVE_LATEST, kind=kind, name=getattr(event, name), at=event.at, body=event.model_dump_json())

    return fold


_BOOKS = _newest("account")


def _portfolio(tx: Tx, event: PortfolioChanged) -> None:
    _BOOKS(tx, event)
    point = {"equity": str(event.equity), "cash": str(event.cash)}
    tx.later(_SAVE_EQUITY, account=event.account, at=event.at, timeframe=event.timeframe.value, **point)


_FOLDS: dict[type[Event], Fold] = {
    StrategyProposed: _life("proposed"),
    StrategyJudged: _life("judged", verdict="verdict"),
    StrategyPromoted: _life("promoted", stage="stage"),
    StrategyRetired: _life("retired"),
    StrategyDeleted: _life("deleted"),
    BacktestCompleted: _completed,
    BacktestFailed: _failed,
    OrderChanged: _order,
    PortfolioChanged: _portfolio,
    ControlChanged: _newest("name"),
    FeedChanged: _newest("watch_id"),
    VerdictSet: _newest("backtest_id"),
    JobStarted: fold_job,
    JobDone: fold_job,
    JobFailed: fold_job,
    ModelTrained: _newest("model_id"),
    GenerationStarted: fold_generation,
    GenerationDone: fold_generation,
    GenerationFailed: fold_generation,
    KnowledgeIndexed: fold_index,
    DocumentIndexed: fold_document,
}

_ONLY_NEWEST = (
    PortfolioChanged,
    FeedChanged,
    JobStarted,
    JobDone,
    JobFailed,
    ModelTrained,
    KnowledgeIndexed,
    DocumentIndexed,
)

KEPT: tuple[type[Event], ...] = (
    StrategyProposed,
    StrategyJudged,
    StrategyPromoted,
    StrategyRetired,
    StrategyDeleted,
    BacktestCompleted,
    BacktestFailed,
    VerdictSet,
    SignalRaised,
    AlertRaised,
    DecisionMade,
    OrderChanged,
    OrderFilled,
    PortfolioChanged,
    ControlChanged,
    BarsImported,
    FeedChanged,
    GapFound,
    JobStarted,
    JobDone,
    JobFailed,
    ModelTrained,
    GenerationStarted,
    AttemptMade,
    GenerationDone,
    GenerationFailed,
    KnowledgeIndexed,
    DocumentIndexed,
)
"""The facts the read model is made of."""
