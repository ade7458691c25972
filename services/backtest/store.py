"""The backtest service's tables: backtests, proposals and the append-only trials. All of its SQL is here."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Float, Integer, MetaData, String, Table, Text, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.db import Migration, Time, create
from libs.common.events import StrategyProposed
from libs.common.values import Stage, Verdict
from services.backtest.core.job import Summary

METADATA = MetaData()

BACKTESTS = Table(
    "backtests",
    METADATA,
    Column("backtest_id", String(64), primary_key=True),
    Column("strategy_id", String(64), index=True),
    Column("family_id", String(64), nullable=False),
    Column("name", String(120), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("code_hash", String(64), nullable=False, index=True),
    Column("signal_hash", String(64), nullable=False),
    Column("data_hash", String(64), nullable=False),
    Column("symbols", JSON, nullable=False),
    Column("timeframe", String(8), nullable=False),
    Column("window_start", Time, nullable=False),
    Column("window_end", Time, nullable=False),
    Column("bars", Integer, nullable=False),
    Column("initial_capital", Float, nullable=False),
    Column("final_equity", Float, nullable=False),
    Column("metrics", JSON, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("deciding_rule", Text, nullable=False),
    Column("gate", JSON, nullable=False),
    Column("report_key", String(64), nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("at", Time, nullable=False),
)

PROPOSALS = Table(
    "proposals",
    METADATA,
    Column("strategy_id", String(64), primary_key=True),
    Column("body", Text, nullable=False),
    Column("at", Time, nullable=False),
)

TRIALS = Table(
    "trials",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("backtest_id", String(64), nullable=False),
    Column("strategy_id", String(64)),
    Column("family_id", String(64), nullable=False, index=True),
    Column("code_hash", String(64), nullable=False),
    Column("signal_hash", String(64), nullable=False, index=True),
    Column("data_hash", String(64), nullable=False),
    Column("at", Time, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("sharpe", Float),
)

MIGRATIONS: Sequence[Migration] = [create(METADATA)]

_OWN = tuple(field.name for field in fields(Summary))


async def find_backtest(connection: AsyncConnection, backtest_id: str) -> Summary | None:
    """Return the stored backtest, or None."""
    row = (await connection.execute(select(BACKTESTS).where(BACKTESTS.c.backtest_id == backtest_id))).first()
    if row is None:
        return None
    values = {name: getattr(row, name) for name in _OWN}
    values.update(symbols=tuple(row.symbols), verdict=Verdict(row.verdict), gate=tuple(map(Stage, row.gate)))
    return Summary(**values)


async def find_twin(connection: AsyncConnection, summary: Summary) -> str | None:
    """Return the id of the first backtest that gave the same signals on the same bars, if its code is another; or None."""
    same = TRIALS.c.signal_hash == summary.signal_hash
    query = select(TRIALS.c.backtest_id, TRIALS.c.code_hash).where(same).order_by(TRIALS.c.number).limit(1)
    first = (await connection.execute(query)).first()
    return None if first is None or first.code_hash == summary.code_hash else str(first.backtest_id)


async def save_backtest(connection: AsyncConnection, summary: Summary, at: datetime) -> None:
    """Store a backtest, over an earlier run of the same id."""
    row: dict[str, Any] = {name: getattr(summary, name) for name in _OWN}
    row.update(symbols=list(summary.symbols), metrics=dict(summary.metrics), gate=list(summary.gate), at=at)
    known = BACKTESTS.c.backtest_id == summary.backtest_id
    changed = await connection.execute(update(BACKTESTS).where(known).values(row))
    if not changed.rowcount:
        await connection.execute(insert(BACKTESTS).values(row))


async def add_trial(connection: AsyncConnection, summary: Summary, at: datetime) -> None:
    """Note one evaluation; trials are never changed, because luck is judged by how many there were."""
    names = ("backtest_id", "strategy_id", "family_id", "code_hash", "signal_hash", "data_hash", "verdict")
    row: dict[str, Any] = {name: getattr(summary, name) for name in names}
    await connection.execute(insert(TRIALS).values(**row, at=at, sharpe=summary.metrics["sharpe"]))


async def list_trials(connection: AsyncConnection, family_id: str) -> list[dict[str, Any]]:
    """Return the evaluations of a research family, oldest first."""
    found = await connection.execute(select(TRIALS).where(TRIALS.c.family_id == family_id).order_by(TRIALS.c.number))
    return [dict(row._mapping) for row in found]


async def save_proposal(connection: AsyncConnection, proposal: StrategyProposed) -> None:
    """Store a proposal under its strategy's id, over an earlier one."""
    row = {"strategy_id": proposal.strategy_id, "body": proposal.body().decode(), "at": proposal.at}
    known = PROPOSALS.c.strategy_id == proposal.strategy_id
    changed = await connection.execute(update(PROPOSALS).where(known).values(row))
    if not changed.rowcount:
        await connection.execute(insert(PROPOSALS).values(row))


async def list_proposals(connection: AsyncConnection) -> list[StrategyProposed]:
    """Return every stored proposal, by strategy id."""
    found = await connection.execute(select(PROPOSALS.c.body).order_by(PROPOSALS.c.strategy_id))
    return [StrategyProposed.model_validate_json(row.body) for row in found]
