"""The SQLite files of the index: how they are opened, read and changed, and what their failures are called.

They hold nothing but what can be made again from the texts, so a file of another version, or with `anew` any file, is thrown away.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from services.strategy_gen.knowledge.errors import IndexUnavailableError

_HINT = "free disk space, or index with `rebuild`: the index is made from the texts and can always be made anew"


def opened(path: Path, schema: Sequence[str], version: int) -> sqlite3.Connection:
    """Open the file at `path` with `schema`; one of another version is emptied first. Raises IndexUnavailableError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = _connected(path)
        try:
            if connection.execute("PRAGMA user_version").fetchone() == (version,):
                return connection
            if connection.execute("SELECT count(*) FROM sqlite_master").fetchone() != (0,):
                connection.close()
                erase(path)
                connection = _connected(path)
            with changing(connection) as rows:
                for statement in schema:
                    rows.execute(statement)
                rows.execute(f"PRAGMA user_version = {version:d}")
        except BaseException:
            connection.close()
            raise
    except (sqlite3.Error, OSError) as error:
        raise _told(error) from error
    return connection


def erase(path: Path) -> None:
    """Remove the database file at `path` and what SQLite keeps beside it."""
    for ending in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


@contextmanager
def reading(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Read; a failing driver becomes IndexUnavailableError."""
    try:
        yield connection
    except sqlite3.Error as error:
        raise _told(error) from error


@contextmanager
def changing(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Change all or nothing: commits at the end of the block, rolls back when it raises."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise _told(error) from error


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000", "trusted_schema=OFF"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _told(error: Exception) -> IndexUnavailableError:
    return IndexUnavailableError(f"the knowledge index does not answer: {str(error)[:200]}", hint=_HINT)
