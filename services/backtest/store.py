"""The backtest service's tables of backtests and proposals; what is only ever added to is in `trials_store`."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.db import Migration, Time, create
from libs.common.events import StrategyProposed
from libs.common.values import Stage, Verdict
from services.backtest import trials_store
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

_LATER = MetaData()

FINDINGS = Table(
    "findings",
    _LATER,
    Column("backtest_id", String(64), primary_key=True),
    Column("definition_hash", String(64), nullable=False, index=True),
    Column("purpose", String(16), nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("preview", JSON, nullable=False),
    Column("duplicate_of", String(64)),
    Column("at", Time, nullable=False),
)


def _forget_old_trials(connection: Connection) -> None:
    """Drop the first table of trials: it kept no returns, so its tries can be compared with nothing."""
    connection.execute(text("DROP TABLE IF EXISTS trials"))


MIGRATIONS: Sequence[Migration] = [
    create(METADATA),
    _forget_old_trials,
    create(_LATER),
    create(trials_store.METADATA),
    trials_store.append_only,
]

_FOUND = tuple(column.name for column in FINDINGS.columns if column.name not in ("backtest_id", "at"))
_OWN = tuple(field.name for field in fields(Summary) if field.name not in _FOUND)
_BOTH = select(BACKTESTS, *(FINDINGS.c[name] for name in _FOUND)).join(
    FINDINGS, FINDINGS.c.backtest_id == BACKTESTS.c.backtest_id
)


async def find_backtest(connection: AsyncConnection, backtest_id: str) -> Summary | None:
    """Return the stored backtest, or None."""
    row = (await connection.execute(_BOTH.where(BACKTESTS.c.backtest_id == backtest_id))).first()
    return None if row is None else _summary(row)


async def find_by_definition(connection: AsyncConnection, definition_hash: str) -> Summary | None:
    """Return the newest backtest of a definition, whatever its bars, or None."""
    query = _BOTH.where(FINDINGS.c.definition_hash == definition_hash)
    row = (
        await connection.execute(query.order_by(FINDINGS.c.at.desc(), BACKTESTS.c.window_end.desc()).limit(1))
    ).first()
    return None if row is None else _summary(row)


async def find_by_code(connection: AsyncConnection, code_hash: str) -> Summary | None:
    """Return the newest backtest of a code, or None."""
    query = _BOTH.where(BACKTESTS.c.code_hash == code_hash).order_by(FINDINGS.c.at.desc(), BACKTESTS.c.backtest_id)
    row = (await connection.execute(query.limit(1))).first()
    return None if row is None else _summary(row)


async def save_backtest(connection: AsyncConnection, summary: Summary, at: datetime) -> None:
    """Store a backtest, over an earlier run of the same id."""
    row: dict[str, Any] = {name: getattr(summary, name) for name in _OWN}
    row.update(symbols=list(summary.symbols), metrics=dict(summary.metrics), gate=list(summary.gate), at=at)
    found: dict[str, Any] = {name: getattr(summary, name) for name in _FOUND}
    found.update(
        backtest_id=summary.backtest_id,
        reasons=[dict(reason) for reason in summary.reasons],
        evidence=dict(summary.evidence),
        preview=list(summary.preview),
        at=at,
    )
    await _save(connection, BACKTESTS, row)
    await _save(connection, FINDINGS, found)


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


async def _save(connection: AsyncConnection, table: Table, row: dict[str, Any]) -> None:
    known = table.c.backtest_id == row["backtest_id"]
    changed = await connection.execute(update(table).where(known).values(row))
    if not changed.rowcount:
        await connection.execute(insert(table).values(row))


def _summary(row: Any) -> Summary:
    values = {name: getattr(row, name) for name in (*_OWN, *_FOUND)}
    values.update(symbols=tuple(row.symbols), verdict=Verdict(row.verdict), gate=tuple(map(Stage, row.gate)))
    values.update(reasons=tuple(row.reasons), preview=tuple(row.preview))
    return Summary(**values)
