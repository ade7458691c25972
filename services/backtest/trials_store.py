"""The append-only tables of the backtest service: every try, every boundary, every verdict a person set.

Decides what of a try is read back: all of them count, the newest thousand bring their returns along. The database itself refuses to change or
delete a row.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from itertools import product
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.db import Time
from libs.common.events import VerdictSet
from services.backtest.core.evidence.holdout import Holdout
from services.backtest.core.evidence.trials import Trial

METADATA = MetaData()

TRIALS = Table(
    "trials",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("cause_id", String(64), nullable=False),
    Column("place", Integer, nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("strategy_id", String(64)),
    Column("backtest_id", String(64)),
    Column("shown_until_ms", BigInteger, nullable=False),
    Column("family_id", String(64), nullable=False, index=True),
    Column("code_hash", String(64), nullable=False),
    Column("signal_hash", String(64), nullable=False, index=True),
    Column("terms_hash", String(64), nullable=False),
    Column("start_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False),
    Column("bars", Integer, nullable=False),
    Column("sharpe", Float),
    Column("returns", LargeBinary, nullable=False),
    Column("steps", LargeBinary, nullable=False),
    Column("at", Time, nullable=False),
    UniqueConstraint("cause_id", "place"),
)

HOLDOUTS = Table(
    "holdouts",
    METADATA,
    Column("family_id", String(64), primary_key=True),
    Column("fixed_at", Time, primary_key=True),
    Column("boundary_ms", BigInteger, nullable=False),
)

VERDICTS = Table(
    "verdicts",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("cause_id", String(64), nullable=False, unique=True),
    Column("backtest_id", String(64), nullable=False, index=True),
    Column("verdict", String(16), nullable=False),
    Column("computed", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("set_by", String(64), nullable=False),
    Column("at", Time, nullable=False),
)

WITH_RETURNS = 1_000
"""Tries of a family whose returns are read back: what PBO is computed over."""

_NO_STEPS = zlib.compress(b"")
_LIGHT = [TRIALS.c[field.name] for field in fields(Trial) if field.name not in ("returns", "steps")]


def append_only(connection: Connection) -> None:
    """Let the database itself refuse to change or delete a row of these tables; a step of the schema."""
    for table, act in product((TRIALS, HOLDOUTS, VERDICTS), ("UPDATE", "DELETE")):
        name, words = f"{table.name}_no_{act.lower()}", f"{table.name} is append-only"
        if connection.dialect.name == "sqlite":
            refusal = f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
        else:
            body = f"'BEGIN RAISE EXCEPTION ''{words}''; END'"
            connection.execute(text(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS {body}"))
            refusal = f"FOR EACH ROW EXECUTE FUNCTION {name}()"
        connection.execute(text(f"CREATE TRIGGER {name} BEFORE {act} ON {table.name} {refusal}"))


@dataclass(frozen=True)
class Source:
    """What a try came from. cause_id: of the proposal or command; place: its number among the tries of that cause, 0 for a single one.

    shown_until_ms: open time of the last bar whoever asked has learnt something about.
    """

    cause_id: str
    purpose: str
    shown_until_ms: int
    strategy_id: str | None = None
    backtest_id: str | None = None
    place: int = 0


@dataclass(frozen=True)
class Shown:
    """How far the bars of a family have been seen by a strategy's promotion checks (`is_check`), or by people."""

    until_ms: int
    is_check: bool
    strategy_id: str | None


async def add_trial(connection: AsyncConnection, trial: Trial, source: Source) -> bool:
    """Store a try, once for each cause and place; return whether it was new."""
    same = (TRIALS.c.cause_id == source.cause_id) & (TRIALS.c.place == source.place)
    if (await connection.execute(select(TRIALS.c.number).where(same))).first() is not None:
        return False
    row = {field.name: getattr(trial, field.name) for field in fields(Trial)}
    row |= {field.name: getattr(source, field.name) for field in fields(Source)}
    await connection.execute(insert(TRIALS).values(row))
    return True


async def lend_trial(connection: AsyncConnection, family_id: str, source: Source, at: datetime) -> None:
    """Count the first try of `source.backtest_id` as one of another family, too; nothing where it is counted there already."""
    same = (TRIALS.c.backtest_id == source.backtest_id) & (TRIALS.c.family_id == family_id)
    if (await connection.execute(select(TRIALS.c.number).where(same).limit(1))).first() is not None:
        return
    query = select(TRIALS).where(TRIALS.c.backtest_id == source.backtest_id).order_by(TRIALS.c.number).limit(1)
    row = (await connection.execute(query)).first()
    if row is not None:
        trial = replace(_trial(row, (row.returns, row.steps)), family_id=family_id, at=at)
        await add_trial(connection, trial, replace(source, shown_until_ms=row.shown_until_ms))


async def list_trials(
    connection: AsyncConnection, family_id: str, *, since: datetime | None = None
) -> tuple[Trial, ...]:
    """Return the distinct tries of a family made at `since` or later, oldest first.

    Of each signal series the first; the newest 1,000 with their returns, the older ones as a single bar, which counts as a
    try and is compared with nothing.
    """
    query = select(TRIALS.c.number, *_LIGHT).where(TRIALS.c.family_id == family_id).order_by(TRIALS.c.number)
    if since is not None:
        query = query.where(TRIALS.c.at >= since)
    first: dict[str, Any] = {}
    for row in await connection.execute(query):
        first.setdefault(row.signal_hash, row)
    rows = list(first.values())
    blobs = await _blobs(connection, [row.number for row in rows[-WITH_RETURNS:]])
    return tuple(_trial(row, blobs.get(row.number)) for row in rows)


async def find_twin(connection: AsyncConnection, signal_hash: str, code_hash: str) -> str | None:
    """Return the id of the first backtest that gave the same signals on the same bars, if its code is another; or None."""
    known = (TRIALS.c.signal_hash == signal_hash) & (TRIALS.c.backtest_id.is_not(None))
    query = select(TRIALS.c.backtest_id, TRIALS.c.code_hash).where(known).order_by(TRIALS.c.number).limit(1)
    first = (await connection.execute(query)).first()
    return None if first is None or first.code_hash == code_hash else str(first.backtest_id)


async def list_shown(connection: AsyncConnection, family_id: str) -> tuple[Shown, ...]:
    """Return how far a family's bars have been seen; judging counts too, for it sees all bars while there is no boundary yet."""
    is_check = TRIALS.c.purpose == "promotion"
    query = (
        select(func.max(TRIALS.c.shown_until_ms).label("until"), is_check.label("check"), TRIALS.c.strategy_id)
        .where(TRIALS.c.family_id == family_id)
        .group_by(is_check, TRIALS.c.strategy_id)
    )
    return tuple(Shown(row.until, bool(row.check), row.strategy_id) for row in await connection.execute(query))


async def find_holdout(connection: AsyncConnection, family_id: str) -> Holdout | None:
    """Return the newest boundary of a family, or None."""
    mine = HOLDOUTS.c.family_id == family_id
    row = (await connection.execute(select(HOLDOUTS).where(mine).order_by(HOLDOUTS.c.fixed_at.desc()).limit(1))).first()
    return None if row is None else Holdout(row.family_id, row.boundary_ms, row.fixed_at)


async def save_holdout(connection: AsyncConnection, holdout: Holdout) -> None:
    """Store a boundary that was fixed; one that is stored stays as it is."""
    known = await find_holdout(connection, holdout.family_id)
    if known is None or known.fixed_at < holdout.fixed_at:
        row = {"family_id": holdout.family_id, "fixed_at": holdout.fixed_at, "boundary_ms": holdout.boundary_ms}
        await connection.execute(insert(HOLDOUTS).values(row))


async def add_verdict(connection: AsyncConnection, told: VerdictSet) -> None:
    """Store a person's verdict beside the earlier ones."""
    names = ("backtest_id", "verdict", "computed", "reason", "set_by", "at")
    row = {name: getattr(told, name) for name in names}
    await connection.execute(insert(VERDICTS).values(**row, cause_id=told.caused_by or told.event_id))


async def find_verdict(connection: AsyncConnection, backtest_id: str) -> dict[str, Any] | None:
    """Return the newest verdict a person set on a backtest, as JSON values, or None."""
    mine = VERDICTS.c.backtest_id == backtest_id
    row = (await connection.execute(select(VERDICTS).where(mine).order_by(VERDICTS.c.number.desc()).limit(1))).first()
    if row is None:
        return None
    return {"verdict": row.verdict, "reason": row.reason, "set_by": row.set_by, "at": row.at.isoformat()}


async def _blobs(connection: AsyncConnection, numbers: Sequence[int]) -> dict[int, tuple[bytes, bytes]]:
    query = select(TRIALS.c.number, TRIALS.c.returns, TRIALS.c.steps).where(TRIALS.c.number.in_(numbers))
    return {row.number: (row.returns, row.steps) for row in await connection.execute(query)}


def _trial(row: Any, blobs: tuple[bytes, bytes] | None) -> Trial:
    light = {column.name: getattr(row, column.name) for column in _LIGHT}
    if blobs is None:
        return Trial(**{**light, "end_ms": light["start_ms"], "bars": 1}, returns=bytes(4), steps=_NO_STEPS)
    return Trial(**light, returns=blobs[0], steps=blobs[1])
