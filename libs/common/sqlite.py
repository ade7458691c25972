"""SQLite under asyncio without a thread hop for every call: only what may wait for a lock or a disk leaves the event loop.

aiosqlite hands each of a transaction's dozen calls to its thread and back; most of them take microseconds in memory. Here BEGIN, COMMIT and
ROLLBACK go to the thread, everything between runs at once. Meant for a service's short write transactions; long reads
belong on an ordinary aiosqlite connection.
"""

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any

import aiosqlite

_MAY_WAIT = ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA")


class NearConnection(aiosqlite.Connection):
    """A connection that runs what cannot wait on the event loop's own thread."""

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if not self._running or not self._connection:
            raise sqlite3.ProgrammingError("the connection is closed")
        if _may_wait(fn, args):
            return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]  # it has no types
        return fn(*args, **kwargs)


def connect_near(database: str, **options: Any) -> NearConnection:
    """Return an unopened connection, as SQLAlchemy's `async_creator_fn` wants it; options are those of sqlite3.connect."""
    connector = partial(sqlite3.connect, database, **(options | {"check_same_thread": False}))
    connection = NearConnection(connector, iter_chunk_size=64)
    connection._thread.daemon = True
    return connection


def _may_wait(fn: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    name = getattr(fn, "__name__", "")
    if name in ("commit", "rollback", "close"):
        return not isinstance(getattr(fn, "__self__", None), sqlite3.Cursor)
    return name == "execute" and bool(args) and str(args[0]).lstrip()[:8].upper().startswith(_MAY_WAIT)
