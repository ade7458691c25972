"""The two tables behind every handler: the inbox (ids seen) and the outbox (events to publish)."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    delete,
    insert,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.db import Time, create
from libs.common.errors import BadMessageError
from libs.common.messages import MAX_BODY_BYTES, Message

_METADATA = MetaData()

INBOX = Table(
    "inbox",
    _METADATA,
    Column("row", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("seen_at", Time, nullable=False),
    Index("inbox_by_age", "seen_at"),
)

OUTBOX = Table(
    "outbox",
    _METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("event_id", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

MIGRATIONS = [create(_METADATA)]


Triple = tuple[str, str, bytes]
"""Event id, subject and body of a message to publish."""


@dataclass(frozen=True)
class Outgoing:
    """A message on its way out; `seq` is its place in the outbox."""

    seq: int
    event_id: str
    subject: str
    body: bytes


def digest(body: bytes) -> str:
    """Return a short fingerprint that tells a repeated message from another one under the same id."""
    return sha256(body).hexdigest()[:16]


async def seen(connection: AsyncConnection, row: str, event_ids: Sequence[str]) -> dict[str, str]:
    """Return the digests of those ids the row has already handled."""
    query = select(INBOX.c.event_id, INBOX.c.digest).where(INBOX.c.row == row, INBOX.c.event_id.in_(event_ids))
    return {found.event_id: found.digest for found in await connection.execute(query)}


async def remember(connection: AsyncConnection, row: str, digests: dict[str, str], at: datetime) -> None:
    """Note ids as handled by the row."""
    if digests:
        values = [{"row": row, "event_id": key, "digest": value, "seen_at": at} for key, value in digests.items()]
        await connection.execute(insert(INBOX), values)


async def forget_before(connection: AsyncConnection, moment: datetime) -> None:
    """Drop inbox entries older than any stream keeps a message."""
    await connection.execute(delete(INBOX).where(INBOX.c.seen_at < moment))


async def stage(connection: AsyncConnection, first_seq: int, messages: Iterable[Triple]) -> list[Outgoing]:
    """Put messages into the outbox from `first_seq` on, in order; raises BadMessageError for an oversized body."""
    found = list(messages)
    check_size(found)
    out = [Outgoing(first_seq + i, *message) for i, message in enumerate(found)]
    if out:
        await connection.execute(insert(OUTBOX), [asdict(message) for message in out])
    return out


def check_size(messages: Iterable[Triple]) -> None:
    """Raise BadMessageError for a body that does not fit on the bus."""
    for _, subject, body in messages:
        if len(body) > MAX_BODY_BYTES:
            raise BadMessageError(f"{subject}: {len(body)} bytes do not fit on the bus")


def triple(message: Message) -> Triple:
    """Return what `stage` takes for a message."""
    return message.event_id, message.subject_name(), message.body()


async def waiting(connection: AsyncConnection) -> list[Outgoing]:
    """Return everything that is not known to be published, in order."""
    query = select(OUTBOX).order_by(OUTBOX.c.seq)
    return [Outgoing(row.seq, row.event_id, row.subject, bytes(row.body)) for row in await connection.execute(query)]


async def drop_through(connection: AsyncConnection, seq: int) -> None:
    """Drop what the bus has acknowledged."""
    await connection.execute(delete(OUTBOX).where(OUTBOX.c.seq <= seq))
