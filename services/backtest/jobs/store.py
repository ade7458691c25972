"""The tables of jobs and of their pieces. All SQL about them is here, and only the coordinator runs it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.db import Migration, Time, create
from libs.common.messages import Message

METADATA = MetaData()

JOBS = Table(
    "jobs",
    METADATA,
    Column("job_id", String(64), primary_key=True),
    Column("root_id", String(64), nullable=False),
    Column("at", Time, nullable=False),
    Column("mode", String(32), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("task_key", String(64), nullable=False),
    Column("shards", Integer, nullable=False),
    Column("released", Integer, nullable=False),
    Column("unit", String(32), nullable=False),
    Column("total", Integer, nullable=False),
    Column("name", String(120), nullable=False),
    Column("strategy_id", String(64)),
    Column("universe", String(64)),
    Column("symbols_total", Integer, nullable=False),
    Column("simulated", Boolean, nullable=False),
)

SHARDS = Table(
    "shards",
    METADATA,
    Column("job_id", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("part", JSON, nullable=False),
    Column("size", Integer, nullable=False),
    Column("result_key", String(64)),
    Column("failures", Integer, nullable=False, default=0),
    Column("failed_with", Text),
)

MIGRATIONS: Sequence[Migration] = [create(METADATA)]

State = Literal["running", "merging", "done", "failed", "cancelled"]
LIVE = ("running", "merging")


@dataclass(frozen=True)
class Job:
    """A job: what asked for it (job_id is the command's id), where it stands, and how much there is to do.

    released: pieces handed out so far. total: in units of `unit`.
    """

    job_id: str
    root_id: str
    at: datetime
    mode: Any
    state: State
    task_key: str
    shards: int
    released: int
    unit: str
    total: int
    name: str
    strategy_id: str | None
    universe: str | None
    symbols_total: int
    simulated: bool

    @property
    def cause(self) -> Message:
        """Return the envelope of the command, for the facts that follow from it."""
        return Message(event_id=self.job_id, root_id=self.root_id, at=self.at)

    @property
    def is_live(self) -> bool:
        """Tell whether it has not ended."""
        return self.state in LIVE


@dataclass(frozen=True)
class Shard:
    """A piece of a job. size: in units of the job. failures: how often it failed, with what at last."""

    job_id: str
    number: int
    part: dict[str, Any]
    size: int
    result_key: str | None = None
    failures: int = 0
    failed_with: str | None = None


_JOB = tuple(field.name for field in fields(Job))
_SHARD = tuple(field.name for field in fields(Shard))


async def add_job(connection: AsyncConnection, job: Job, shards: Sequence[Shard]) -> None:
    """Store a new job with its pieces."""
    await connection.execute(insert(JOBS).values({name: getattr(job, name) for name in _JOB}))
    await connection.execute(insert(SHARDS), [asdict(shard) for shard in shards])


async def find_job(connection: AsyncConnection, job_id: str) -> Job | None:
    """Return a job, or None."""
    row = (await connection.execute(select(JOBS).where(JOBS.c.job_id == job_id))).first()
    return None if row is None else Job(**{name: getattr(row, name) for name in _JOB})


async def list_live(connection: AsyncConnection) -> list[Job]:
    """Return the jobs that have not ended, oldest first."""
    query = select(JOBS).where(JOBS.c.state.in_(LIVE)).order_by(JOBS.c.at, JOBS.c.job_id)
    return [Job(**{name: getattr(row, name) for name in _JOB}) for row in await connection.execute(query)]


async def find_shard(connection: AsyncConnection, job_id: str, number: int) -> Shard | None:
    """Return a piece, or None."""
    query = select(SHARDS).where(SHARDS.c.job_id == job_id, SHARDS.c.number == number)
    row = (await connection.execute(query)).first()
    return None if row is None else Shard(**{name: getattr(row, name) for name in _SHARD})


async def list_waiting(connection: AsyncConnection, job: Job) -> list[Shard]:
    """Return the pieces that were handed out and are not done, in order."""
    mine = SHARDS.c.job_id == job.job_id, SHARDS.c.number < job.released, SHARDS.c.result_key.is_(None)
    found = await connection.execute(select(SHARDS).where(*mine).order_by(SHARDS.c.number))
    return [Shard(**{name: getattr(row, name) for name in _SHARD}) for row in found]


async def result_keys(connection: AsyncConnection, job_id: str) -> list[str]:
    """Return the keys of all results of a job whose pieces are all done, in order."""
    query = select(SHARDS.c.result_key).where(SHARDS.c.job_id == job_id).order_by(SHARDS.c.number)
    return [str(key) for key in (await connection.scalars(query)).all()]


async def finish_shard(connection: AsyncConnection, job_id: str, number: int, key: str) -> None:
    """Note where the result of a piece lies."""
    which = SHARDS.c.job_id == job_id, SHARDS.c.number == number
    await connection.execute(update(SHARDS).where(*which).values(result_key=key))


async def fail_shard(connection: AsyncConnection, shard: Shard, reason: str) -> Shard:
    """Note that a piece failed and return it as it then is."""
    failed = replace(shard, failures=shard.failures + 1, failed_with=reason)
    which = SHARDS.c.job_id == shard.job_id, SHARDS.c.number == shard.number
    await connection.execute(update(SHARDS).where(*which).values(failures=failed.failures, failed_with=reason))
    return failed


async def done_of(connection: AsyncConnection, job_id: str) -> tuple[int, int]:
    """Return how many pieces of a job are done, and their sizes together."""
    sums = select(func.count(), func.coalesce(func.sum(SHARDS.c.size), 0))
    row = (await connection.execute(sums.where(SHARDS.c.job_id == job_id, SHARDS.c.result_key.is_not(None)))).one()
    return int(row[0]), int(row[1])


async def release(connection: AsyncConnection, job_id: str, released: int) -> None:
    """Note how many pieces were handed out."""
    await connection.execute(update(JOBS).where(JOBS.c.job_id == job_id).values(released=released))


async def set_state(connection: AsyncConnection, job_id: str, state: State) -> None:
    """Move a job on; one that ends loses its pieces."""
    await connection.execute(update(JOBS).where(JOBS.c.job_id == job_id).values(state=state))
    if state not in LIVE:
        await connection.execute(delete(SHARDS).where(SHARDS.c.job_id == job_id))
