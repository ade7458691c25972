"""The coordinator: takes orders for jobs, hands their pieces out, collects what came of them, and ends them.

Decides which pieces are handed out when (a few of every job, so that a large one does not keep the others waiting), when a failing piece
fails its job, and that a job ends once. Its state is in SQL, pieces under way are on the bus: killed at any moment, it goes on from there.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.bus import On, Tx
from libs.common.errors import ConflictError, NotFoundError
from libs.common.events import Event, JobFailed, JobStarted, ShardDone, ShardFailed, ShardReady, StrategyProposed
from libs.common.studies import (
    BacktestUniverse,
    CancelJob,
    RunAlert,
    RunScreen,
    StudyCommand,
    SweepParameters,
    WalkForward,
)
from services.backtest.jobs import store
from services.backtest.jobs.files import JobFiles
from services.backtest.jobs.store import Job, Shard
from services.backtest.modes.market import Market
from services.backtest.modes.protocol import Plan
from services.backtest.modes.registry import MODES
from services.backtest.modes.request import Study, study_of, task_of

AHEAD = 32
"""Pieces of one job on the queue at a time."""

MOST_FAILURES = 3
"""How often a piece may fail, with another reason each time, before its job fails."""

STUDIES: tuple[type[StudyCommand], ...] = (RunScreen, RunAlert, BacktestUniverse, SweepParameters, WalkForward)


class Research(Protocol):
    """What is known of strategies and their families."""

    async def proposals(self, strategy_id: str) -> Mapping[str, StrategyProposed]:
        """Return the proposals known so far, after waiting a moment for the one named."""
        ...

    async def boundary_ms(self, family_id: str, command: StudyCommand) -> int | None:
        """Return where the bars begin that are kept back from a family, None where none are."""
        ...


CancelOther = Callable[[CancelJob, Tx], Awaitable[list[Event] | None]]


@dataclass(frozen=True)
class Planned:
    """A plan, and the file that its pieces share."""

    plan: Plan
    task_key: str


class Coordinator:
    """The handlers of jobs. `news` is set whenever a job has moved on, `finished` when all pieces of one are done."""

    def __init__(self, market: Market, files: JobFiles, research: Research, cancel_other: CancelOther | None = None):
        """Plan on `market`; keep the files of jobs in `files`. cancel_other: cancels a job that is not in pieces, None where it is unknown there."""
        self.market = market
        self.files = files
        self.news = asyncio.Event()
        self.finished = asyncio.Event()
        self._research = research
        self._cancel_other = cancel_other

    async def load(self, connection: AsyncConnection) -> None:
        """Remove the files of jobs that ended while nobody tidied up, and look at those that have not ended."""
        live = await store.list_live(connection)
        await asyncio.to_thread(self.files.forget_all_but, [job.job_id for job in live])
        self.news.set()

    def table(self) -> tuple[On, ...]:
        """Return what the coordinator listens to."""
        return (
            *(On(study, self.on_asked, key="event_id", work=self.plan) for study in STUDIES),
            On(CancelJob, self.on_cancel, key="job_id"),
            On(ShardDone, self.on_shard_done, key="job_id"),
            On(ShardFailed, self.on_shard_failed, key="job_id"),
        )

    async def plan(self, command: StudyCommand) -> Planned:
        """Return the pieces of what is asked for, its task stored; repeatable."""
        proposals = await self._research.proposals(command.strategy_id or "")
        study = await asyncio.to_thread(study_of, command, proposals, self.market)
        boundary_ms = await self._research.boundary_ms(study.family_id, command)
        return await asyncio.to_thread(self._plan, study, boundary_ms)

    def _plan(self, study: Study, boundary_ms: int | None) -> Planned:
        command, task = study.command, task_of(study, boundary_ms, self.market)
        plan = MODES[task.mode].plan(task, self.market)
        return Planned(plan, self.files.save(command.event_id, plan.task.to_bytes()))

    async def on_asked(self, command: StudyCommand, tx: Tx, planned: Planned) -> list[Event]:
        """Start a job: its rows, the answer, and its first pieces."""
        job, shards = _job(command, planned)
        await store.add_job(tx.connection, job, shards)
        tx.reply(job.job_id, job_id=job.job_id, mode=job.mode, shards=job.shards, total=job.total, unit=job.unit)
        self.news.set()
        started = JobStarted.after(command, **job_words(job))
        return [started, *(_ready(job, shard) for shard in shards[: job.released])]

    async def on_shard_done(self, done: ShardDone, tx: Tx) -> list[Event]:
        """Note a result and hand out the next piece; the last one lets the job be put together. Repeats change nothing."""
        job = await store.find_job(tx.connection, done.job_id)
        shard = await store.find_shard(tx.connection, done.job_id, done.number)
        if job is None or job.state != "running" or shard is None or shard.result_key is not None:
            return []
        await store.finish_shard(tx.connection, done.job_id, done.number, done.result_key)
        finished, _ = await store.done_of(tx.connection, job.job_id)
        if finished == job.shards:
            await store.set_state(tx.connection, job.job_id, "merging")
            self.finished.set()
        self.news.set()
        return await _next(tx.connection, job)

    async def on_shard_failed(self, failed: ShardFailed, tx: Tx) -> list[Event]:
        """Hand a failed piece out again, or fail its job where it fails with the same reason, or too often."""
        job = await store.find_job(tx.connection, failed.job_id)
        shard = await store.find_shard(tx.connection, failed.job_id, failed.number)
        if job is None or job.state != "running" or shard is None or shard.result_key is not None:
            return []
        reason = orjson.dumps([failed.code, failed.detail]).decode()
        if shard.failed_with != reason and shard.failures + 1 < MOST_FAILURES:
            return [_ready(job, await store.fail_shard(tx.connection, shard, reason))]
        await store.set_state(tx.connection, job.job_id, "failed")
        self.news.set()
        words = {name: getattr(failed, name) for name in ("code", "detail", "pointer", "hint")}
        return [JobFailed.after(job.cause, **job_words(job), **words)]

    async def on_cancel(self, command: CancelJob, tx: Tx) -> list[Event]:
        """End a job; pieces in work are finished and thrown away."""
        job = await store.find_job(tx.connection, command.job_id)
        if job is None:
            cancelled = await self._cancel_other(command, tx) if self._cancel_other else None
            if cancelled is not None:
                return cancelled
            raise NotFoundError(f"no job {command.job_id}", code="job.unknown", pointer="/job_id")
        if not job.is_live:
            raise ConflictError(f"the job has ended: {job.state}", code="job.ended", pointer="/job_id")
        await store.set_state(tx.connection, job.job_id, "cancelled")
        tx.reply(job.job_id, job_id=job.job_id)
        self.news.set()
        words = {"code": "job.cancelled", "detail": "the job was cancelled", "cancelled": True}
        return [JobFailed.after(job.cause, **job_words(job) | words)]


async def sent_again(connection: AsyncConnection, job: Job) -> list[Event]:
    """Return the pieces of a job that were handed out and have not come back, to be handed out again."""
    return [_ready(job, shard) for shard in await store.list_waiting(connection, job)]


def _job(command: StudyCommand, planned: Planned) -> tuple[Job, list[Shard]]:
    plan, task = planned.plan, planned.plan.task
    shards = [
        Shard(command.event_id, number, dict(part), size)
        for number, (part, size) in enumerate(zip(plan.parts, plan.sizes, strict=True))
    ]
    job = Job(
        job_id=command.event_id,
        root_id=command.root_id,
        at=command.at,
        mode=task.mode,
        state="running",
        task_key=planned.task_key,
        shards=len(shards),
        released=min(AHEAD, len(shards)),
        unit=plan.unit,
        total=sum(plan.sizes),
        name=task.strategy.name,
        strategy_id=task.strategy_id,
        universe=task.universe,
        symbols_total=len(task.symbols),
        simulated=task.simulated,
    )
    return job, shards


async def _next(connection: AsyncConnection, job: Job) -> list[Event]:
    if job.released == job.shards:
        return []
    shard = await store.find_shard(connection, job.job_id, job.released)
    await store.release(connection, job.job_id, job.released + 1)
    return [] if shard is None else [_ready(job, shard)]


def _ready(job: Job, shard: Shard) -> ShardReady:
    again = f"|{shard.failures}" if shard.failures else ""
    return ShardReady.after(
        job.cause,
        key=f"{shard.number}{again}",
        job_id=job.job_id,
        number=shard.number,
        mode=job.mode,
        task_key=job.task_key,
        part=shard.part,
    )


def job_words(job: Job) -> dict[str, Any]:
    """Return what every fact about a job says of it."""
    names = ("job_id", "mode", "name", "strategy_id", "universe", "symbols_total", "shards")
    return {name: getattr(job, name) for name in names}
