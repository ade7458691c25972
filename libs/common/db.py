"""One service's database: SQLite by default, PostgreSQL by URL, numbered migrations, honest transactions.

Decides connection settings and how a driver's error is told apart (locked or full: transient). Knows no table but its own
`migrations`. Wart: SQLite has one writer, so write transactions of a service queue up behind each other.
"""

import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    MetaData,
    Table,
    Text,
    TextClause,
    bindparam,
    event,
    insert,
    select,
    text,
)
from sqlalchemy.engine import URL, Dialect, make_url
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.types import TypeDecorator

from libs.common.errors import StoreUnavailableError
from libs.common.sqlite import connect_near
from libs.common.values import from_epoch_ms, from_units, to_epoch_ms, to_units

Migration = Callable[[Connection], None]
"""One schema step; steps are numbered by their place in the list and never change once released."""

BUSY_TIMEOUT_MS = 5_000
_TRANSIENT = re.compile(
    r"locked|busy|disk is full|database or disk is full|disk I/O|unable to open|connection|readonly|too many clients",
    re.I,
)
_PASSING_STATES = ("08", "40", "53", "55P03", "57P", "58")
"""PostgreSQL's classes of connection, conflict, resources, lock, shutdown and system errors."""

_DAMAGED = re.compile(r"disk image is malformed|not a database", re.I)


class Time(TypeDecorator[datetime]):
    """An aware UTC time, stored as epoch milliseconds so that it sorts and survives SQLite."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Store milliseconds."""
        return None if value is None else to_epoch_ms(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Give the aware time back."""
        return None if value is None else from_epoch_ms(value)


class Units(TypeDecorator[Decimal]):
    """A settled amount, stored as a whole number of hundred-millionths."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """Store whole units."""
        return None if value is None else to_units(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        """Give the decimal back."""
        return None if value is None else from_units(value)


def create(metadata: MetaData) -> Migration:
    """Return the migration that creates every table of `metadata`."""
    return metadata.create_all


def upsert(table: Table) -> TextClause:
    """Return the statement that inserts a row of `table` or replaces the one with its primary key.

    The SQL is the same on SQLite and PostgreSQL; parameters are named and typed like the columns.
    """
    names = [column.name for column in table.columns]
    keys = [column.name for column in table.primary_key]
    changed = ", ".join(f"{name} = excluded.{name}" for name in names if name not in keys)
    sql = (
        f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join(':' + name for name in names)}) "
        f"ON CONFLICT ({', '.join(keys)}) DO {'UPDATE SET ' + changed if changed else 'NOTHING'}"
    )
    return text(sql).bindparams(*(bindparam(column.name, type_=column.type) for column in table.columns))


class Database:
    """An open database, migrated to head."""

    def __init__(self, writer: AsyncEngine, reader: AsyncEngine):
        """Use `open` instead."""
        self._writer = writer
        self._reader = reader

    @classmethod
    async def open(cls, url: str, migrations: Sequence[Migration] = (), *, schema: str | None = None) -> "Database":
        """Open the database at `url` and bring it to the newest schema; without migrations nothing is written.

        url: `sqlite:////path/file.db` or `postgresql://...`. schema: PostgreSQL schema, made when missing.
        Raises StoreUnavailableError when it is locked, unreachable or the disk is full.
        """
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            database = cls(_sqlite(parsed, reads=False), _sqlite(parsed, reads=True))
        else:
            engine = _postgres(parsed, schema)
            database = cls(engine, engine)
        try:
            if schema and parsed.get_backend_name() != "sqlite":
                async with database.begin() as connection:
                    await connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
            if migrations:
                async with database.begin() as connection:
                    await connection.run_sync(_migrate, migrations)
        except BaseException:
            await database.close()
            raise
        return database

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """Open a write transaction; it commits at the end of the block and rolls back when the block raises."""
        try:
            async with self._writer.begin() as connection:
                yield connection
        except (DBAPIError, OSError) as error:
            raise classified(error) from error

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Open a read transaction: one consistent snapshot, no lock on writers."""
        try:
            async with self._reader.connect() as connection:
                yield connection
        except (DBAPIError, OSError) as error:
            raise classified(error) from error

    async def close(self) -> None:
        """Close every connection."""
        await self._writer.dispose()
        await self._reader.dispose()


def classified(error: Exception) -> Exception:
    """Return StoreUnavailableError for what may pass (locked, full, gone) or be mended (damaged); any other error as it is."""
    message = str(getattr(error, "orig", error))
    if isinstance(error, DatabaseError) and _DAMAGED.search(message):
        return StoreUnavailableError(
            f"the database is damaged: {message[:200]}", hint="stop, and restore its file from a backup"
        )
    if isinstance(error, OSError) or _may_pass(error, message):
        return StoreUnavailableError(
            f"the database does not answer: {message[:200]}", hint="free disk space, or end the program that locks it"
        )
    return error


def _may_pass(error: Exception, message: str) -> bool:
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return str(state).startswith(_PASSING_STATES)
    return error.connection_invalidated or (isinstance(error, OperationalError) and bool(_TRANSIENT.search(message)))


def _sqlite(url: URL, *, reads: bool) -> AsyncEngine:
    if url.database and url.database != ":memory:":
        try:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise classified(error) from error
    options: dict[str, Any] = {"timeout": BUSY_TIMEOUT_MS / 1000}
    if not reads:
        options["async_creator_fn"] = connect_near
    engine = create_async_engine(url.set(drivername="sqlite+aiosqlite"), connect_args=options)

    @event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "foreign_keys=ON",
            "trusted_schema=OFF",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _postgres(url: URL, schema: str | None) -> AsyncEngine:
    settings = {"search_path": f'"{schema}"'} if schema else {}
    return create_async_engine(
        url.set(drivername="postgresql+asyncpg"),
        pool_pre_ping=True,
        isolation_level="SERIALIZABLE",
        connect_args={"server_settings": settings},
    )


_MIGRATIONS = Table(
    "migrations", MetaData(), Column("number", Integer, primary_key=True), Column("applied_at", Text, nullable=False)
)


def _migrate(connection: Connection, migrations: Sequence[Migration]) -> None:
    _MIGRATIONS.create(connection, checkfirst=True)
    done = set(connection.scalars(select(_MIGRATIONS.c.number)))
    for number, step in enumerate(migrations, start=1):
        if number not in done:
            step(connection)
            stamp = datetime.now(UTC).isoformat(timespec="seconds")
            connection.execute(insert(_MIGRATIONS).values(number=number, applied_at=stamp))
