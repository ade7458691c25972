"""Reads the state back from SQL at start: what the memory held at the last commit."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from typing import Any

from sqlalchemy import RowMapping, Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.events import DecisionMade
from libs.common.values import Side, Timeframe, from_units
from services.executor.core.books import holdings_value
from services.executor.core.money import CASH, ZERO
from services.executor.core.orders import group_of
from services.executor.core.stage import Bar, Group, Stage
from services.executor.core.state import Account, Closed, Holding, Order, State
from services.executor.risk import MINUTE, Sent
from services.executor.tables import (
    ACCOUNTS,
    BALANCES,
    BARS,
    CONTROL,
    DECISIONS,
    GROUPS,
    ORDERS,
    POSITIONS,
    ROUNDS,
)


async def load(connection: AsyncConnection) -> State:
    """Return the executor's state; an empty database gives the state before the first message."""
    groups = await _rows(connection, GROUPS)
    waiting = next((row for row in groups if row["awaiting"]), None)
    stage, closed = _series(await _rows(connection, BARS), groups)
    holdings = [_value(Holding, row) for row in await _rows(connection, POSITIONS)]
    return State(
        trading=await connection.scalar(select(CONTROL.c.state).where(CONTROL.c.name == "trading")) or "trading",
        stage=stage,
        closed=closed,
        awaiting=Group(waiting["closed_at"], Timeframe(waiting["timeframe"])) if waiting else None,
        rounds={Group(r["at"], Timeframe(r["timeframe"])): r["decisions"] for r in await _rows(connection, ROUNDS)},
        decisions=await _decisions(connection),
        accounts=await _accounts(connection, holdings),
        holdings={(holding.account, holding.symbol): holding for holding in holdings},
        pending=await _pending(connection),
        sent=await _sent(connection),
        simulated=bool(waiting and waiting["simulated"]),
    )


async def has_control(connection: AsyncConnection) -> bool:
    """Tell whether the trading state has ever been told."""
    return await connection.scalar(select(CONTROL.c.name).limit(1)) is not None


async def has_order_of(connection: AsyncConnection, decision_id: str) -> bool:
    """Tell whether a decision has already become an order."""
    found = await connection.scalar(select(ORDERS.c.order_id).where(ORDERS.c.decision_id == decision_id))
    return found is not None


def _series(rows: Sequence[RowMapping], groups: Sequence[RowMapping]) -> tuple[Stage, dict[Timeframe, Closed]]:
    closed_at = {Timeframe(row["timeframe"]): row["closed_at"] for row in groups}
    stage = Stage()
    last: dict[Timeframe, dict[str, Bar]] = {timeframe: {} for timeframe in closed_at}
    for bar in sorted((_value(Bar, row) for row in rows), key=lambda bar: bar.close_time):
        at = closed_at.get(bar.timeframe)
        if at is None or bar.close_time > at:
            stage = stage.add(bar)
            continue
        stage = stage.saw(bar)
        if bar.close_time == at:
            last[bar.timeframe][bar.symbol] = bar
    return stage, {timeframe: Closed(at, last[timeframe]) for timeframe, at in closed_at.items()}


async def _decisions(connection: AsyncConnection) -> dict[Group, tuple[DecisionMade, ...]]:
    found: dict[Group, tuple[DecisionMade, ...]] = {}
    for row in await _rows(connection, DECISIONS):
        decision = DecisionMade.model_validate_json(row["body"], strict=True)
        group = group_of(decision)
        found[group] = (*found.get(group, ()), decision)
    return found


async def _accounts(connection: AsyncConnection, holdings: Sequence[Holding]) -> dict[str, Account]:
    balances = await connection.execute(select(BALANCES).where(BALANCES.c.bucket == "cash", BALANCES.c.asset == CASH))
    cash = {row.account: from_units(row.units) for row in balances}
    values = holdings_value(holdings)
    found = {}
    for row in await _rows(connection, ACCOUNTS):
        kept = {**row, "day": date.fromordinal(row["day"])}
        name = kept.pop("account")
        equity = cash[name] + values.get(name, ZERO)
        found[name] = Account(name=name, cash=cash[name], equity=equity, **kept)
    return found


async def _pending(connection: AsyncConnection) -> tuple[Order, ...]:
    rows = await connection.execute(select(ORDERS).where(ORDERS.c.state == "intent").order_by(ORDERS.c.order_id))
    return tuple(_value(Order, row) for row in rows.mappings())


async def _sent(connection: AsyncConnection) -> tuple[Sent, ...]:
    newest = await connection.execute(select(func.max(ORDERS.c.at).label("at")))
    at = newest.scalar_one()
    if at is None:
        return ()
    chosen = ORDERS.c.state != "refused", ORDERS.c.at > at - MINUTE
    rows = await connection.execute(select(ORDERS).where(*chosen).order_by(ORDERS.c.order_id))
    return tuple(Sent(row.account, row.at, row.symbol, Side(row.side), row.requested) for row in rows)


async def _rows(connection: AsyncConnection, table: Table) -> Sequence[RowMapping]:
    return (await connection.execute(select(table).order_by(*table.primary_key))).mappings().all()


def _value(kind: type[Any], row: RowMapping) -> Any:
    values = {field.name: row[field.name] for field in fields(kind)}
    if "side" in values:
        values["side"] = Side(values["side"])
    return kind(**{**values, "timeframe": Timeframe(values["timeframe"])})
