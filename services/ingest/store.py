"""The tables of ingest: watches with how far they have come, and the imports there were."""

import json
from typing import Any

from sqlalchemy import BigInteger, Column, Integer, MetaData, Row, Table, Text, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.commands import ImportBars
from libs.common.db import Time, create, upsert
from libs.common.values import Timeframe
from services.ingest.core.report import ImportReport
from services.ingest.core.watches import Watch, Watches

_METADATA = MetaData()

WATCHES = Table(
    "watches",
    _METADATA,
    Column("watch_id", Text, primary_key=True),
    Column("identity", Text, nullable=False),
    Column("symbols", Text, nullable=False),
    Column("timeframe", Text, nullable=False),
    Column("start_ms", BigInteger, nullable=False),
    Column("next_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger),
    Column("published", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("detail", Text, nullable=False),
)

IMPORTS = Table(
    "imports",
    _METADATA,
    Column("import_id", Text, primary_key=True),
    Column("at", Time, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("timeframe", Text, nullable=False),
    Column("symbols", Integer, nullable=False),
    Column("rows_read", Integer, nullable=False),
    Column("rows_added", Integer, nullable=False),
    Column("duplicates", Integer, nullable=False),
    Column("quarantined", Integer, nullable=False),
)

MIGRATIONS = [create(_METADATA)]

_SAVE_WATCH = upsert(WATCHES)


async def list_running(connection: AsyncConnection) -> Watches:
    """Return the watches that have not ended, by id."""
    rows = await connection.execute(select(WATCHES).where(WATCHES.c.state == "running").order_by(WATCHES.c.watch_id))
    return {row.watch_id: _watch(row) for row in rows}


async def find_watch(connection: AsyncConnection, watch_id: str) -> tuple[Watch, str] | None:
    """Return a watch and its state (running, finished, stopped or failed), or None."""
    row = (await connection.execute(select(WATCHES).where(WATCHES.c.watch_id == watch_id))).first()
    return None if row is None else (_watch(row), row.state)


async def find_played(connection: AsyncConnection) -> dict[Timeframe, int]:
    """Return, for each timeframe that was ever played, the open time (epoch ms) behind the last bar that any watch published."""
    reached = select(WATCHES.c.timeframe, func.max(WATCHES.c.next_ms)).where(WATCHES.c.published > 0)
    rows = await connection.execute(reached.group_by(WATCHES.c.timeframe))
    return {Timeframe(name): next_ms for name, next_ms in rows}


async def save_watch(connection: AsyncConnection, watch: Watch, state: str = "running", detail: str = "") -> None:
    """Store a watch, new, moved or ended. state: running, finished, stopped or failed."""
    await connection.execute(
        _SAVE_WATCH,
        {
            "watch_id": watch.watch_id,
            "identity": watch.identity,
            "symbols": json.dumps(watch.symbols),
            "timeframe": watch.timeframe.value,
            "start_ms": watch.start_ms,
            "next_ms": watch.next_ms,
            "end_ms": watch.end_ms,
            "published": watch.published,
            "state": state,
            "detail": detail,
        },
    )


async def save_import(connection: AsyncConnection, command: ImportBars, done: ImportReport) -> None:
    """Keep what an import did."""
    await connection.execute(
        insert(IMPORTS).values(
            import_id=command.event_id,
            at=command.at,
            asked_by=command.asked_by,
            path=command.path,
            source=done.source,
            timeframe=done.parsed.timeframe.value,
            symbols=len(done.symbols),
            rows_read=done.parsed.rows_read,
            rows_added=done.rows_added,
            duplicates=done.duplicates,
            quarantined=len(done.parsed.spikes),
        )
    )


def _watch(row: Row[Any]) -> Watch:
    return Watch(
        watch_id=row.watch_id,
        identity=row.identity,
        symbols=tuple(json.loads(row.symbols)),
        timeframe=Timeframe(row.timeframe),
        start_ms=row.start_ms,
        next_ms=row.next_ms,
        end_ms=row.end_ms,
        published=row.published,
    )
