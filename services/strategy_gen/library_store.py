"""The tables of the knowledge base's own jobs, and of the documents that others were told of. All SQL about them is here."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Boolean, Column, LargeBinary, MetaData, String, Table, Text, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.db import Migration, Time, create, upsert
from libs.common.events import DocumentIndexed
from libs.common.generation import IndexKnowledge

_METADATA = MetaData()

JOBS = Table(
    "index_jobs",
    _METADATA,
    Column("job_id", String(64), primary_key=True),
    Column("at", Time, nullable=False),
    Column("command", LargeBinary, nullable=False),
)

DOCUMENTS = Table(
    "documents",
    _METADATA,
    Column("document_id", String(64), primary_key=True),
    Column("document", Text, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("own", Boolean, nullable=False),
)

MIGRATIONS: tuple[Migration, ...] = (create(_METADATA),)

_SAVE = upsert(DOCUMENTS)


@dataclass(frozen=True)
class Told:
    """A document as others know it."""

    document_id: str
    document: str
    content_hash: str
    own: bool


async def add_job(connection: AsyncConnection, command: IndexKnowledge) -> None:
    """Store an indexing that is to be done."""
    values = {"job_id": command.event_id, "at": command.at, "command": command.body()}
    await connection.execute(insert(JOBS).values(values))


async def list_jobs(connection: AsyncConnection) -> list[IndexKnowledge]:
    """Return the indexings that have not been done, oldest first."""
    rows = await connection.scalars(select(JOBS.c.command).order_by(JOBS.c.at, JOBS.c.job_id))
    return [IndexKnowledge.model_validate_json(row) for row in rows]


async def end_jobs(connection: AsyncConnection, job_ids: Sequence[str]) -> None:
    """Forget indexings that have been done."""
    await connection.execute(delete(JOBS).where(JOBS.c.job_id.in_(job_ids)))


async def save_told(connection: AsyncConnection, fact: DocumentIndexed) -> None:
    """Keep what others were told of a document."""
    if fact.removed:
        await connection.execute(delete(DOCUMENTS).where(DOCUMENTS.c.document_id == fact.document_id))
        return
    names = ("document_id", "document", "content_hash", "own")
    await connection.execute(_SAVE, {name: getattr(fact, name) for name in names})


async def find_told(connection: AsyncConnection, document: str) -> Told | None:
    """Return a document as others know it, None where they do not; document: `<domain>/<file>`."""
    row = (await connection.execute(select(DOCUMENTS).where(DOCUMENTS.c.document == document))).first()
    return None if row is None else Told(row.document_id, row.document, row.content_hash, row.own)


async def list_told(connection: AsyncConnection) -> dict[str, Told]:
    """Return every document that others know of, by its id."""
    rows = (await connection.execute(select(DOCUMENTS))).all()
    return {row.document_id: Told(row.document_id, row.document, row.content_hash, row.own) for row in rows}
