"""The table of calls to models, which is the ledger of what they cost: a row is written before its call with the most it can cost."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, Table, Text, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.db import Time, Units, create
from libs.common.values import from_units

_METADATA = MetaData()

CALLS = Table(
    "calls",
    _METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("at", Time, nullable=False),
    Column("day", Text, nullable=False),
    Column("job_id", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("prompt_hash", Text, nullable=False),
    Column("tokens_in", BigInteger),
    Column("tokens_out", BigInteger),
    Column("cost_usd", Units, nullable=False),
    Column("estimated", Boolean, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("ms", Integer),
    Index("calls_by_day", "day"),
    Index("calls_by_job", "job_id"),
)

MIGRATION = create(_METADATA)
"""The schema step that strategy_gen's store takes among its own."""

RESERVED = "reserved"
"""Outcome of a call that was not settled: under way, or its process died."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call as the ledger has it. cost_usd: the reserved maximum until it is settled, or for good where `estimated`."""

    number: int
    at: datetime
    job_id: str
    model: str
    prompt_hash: str
    tokens_in: int | None
    tokens_out: int | None
    cost_usd: Decimal
    estimated: bool
    outcome: str
    ms: int | None


async def spent_on_day(connection: AsyncConnection, day: str) -> Decimal:
    """Return dollars booked and reserved on a UTC day, `2026-11-21`."""
    return await _sum(connection, CALLS.c.day == day)


async def spent_on_job(connection: AsyncConnection, job_id: str) -> Decimal:
    """Return dollars booked and reserved for a job, on whatever day."""
    return await _sum(connection, CALLS.c.job_id == job_id)


async def add(connection: AsyncConnection, at: datetime, job_id: str, names: tuple[str, str], most: Decimal) -> int:
    """Write the row of a call that is about to be made, and return its number. names: model, prompt hash; most: dollars at most."""
    values = {
        "at": at,
        "day": day_of(at),
        "job_id": job_id,
        "model": names[0],
        "prompt_hash": names[1],
        "cost_usd": most,
        "estimated": True,
        "outcome": RESERVED,
    }
    row = (await connection.execute(insert(CALLS).values(**values).returning(CALLS.c.number))).one()
    return int(row.number)


async def settle(connection: AsyncConnection, call: Call) -> None:
    """Write what a call came to over its reservation."""
    values = {
        "tokens_in": call.tokens_in,
        "tokens_out": call.tokens_out,
        "cost_usd": call.cost_usd,
        "estimated": call.estimated,
        "outcome": call.outcome,
        "ms": call.ms,
    }
    await connection.execute(update(CALLS).where(CALLS.c.number == call.number).values(**values))


async def list_calls(connection: AsyncConnection, job_id: str) -> list[Call]:
    """Return the calls of a job, oldest first."""
    columns = [column for column in CALLS.columns if column.name != "day"]
    rows = await connection.execute(select(*columns).where(CALLS.c.job_id == job_id).order_by(CALLS.c.number))
    return [Call(**row._mapping) for row in rows]


def day_of(at: datetime) -> str:
    """Return the UTC day of an aware UTC time, as text that sorts."""
    return at.date().isoformat()


async def _sum(connection: AsyncConnection, where: "object") -> Decimal:
    units = select(func.sum(CALLS.c.cost_usd, type_=BigInteger)).where(where)  # type: ignore[arg-type]  # a column's comparison
    return from_units(int((await connection.scalar(units)) or 0))
