"""What the coordinator does between messages: put finished jobs together, tell progress, notice a stall, tidy up.

Decides when a job counts as stalled. Everything here may be killed and is begun again from SQL.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.bus import Outlet, Tx
from libs.common.bus.refusal import code_of, words
from libs.common.clock import Clock
from libs.common.errors import NotFoundError, PermanentError, SentinelError, TransientError
from libs.common.events import JobDone, JobFailed, JobProgressed
from services.backtest.core.fingerprint import canonical
from services.backtest.jobs import store
from services.backtest.jobs.coordinator import Coordinator, job_words, sent_again
from services.backtest.jobs.store import Job
from services.backtest.modes.protocol import Merged
from services.backtest.modes.registry import MODES
from services.backtest.modes.task import Task
from services.backtest.reports import Reports

LOG = logging.getLogger("sentinel.jobs")

LOOK_S = 0.3
"""Shortest time between two looks at the jobs."""

STALL_S = 30.0
"""After so long without a finished piece a job is said to stall."""

RESEND_S = 150.0
"""After so long its pieces are sent again: longer than the stream remembers ids, so that a lost one does come."""

Remember = Callable[[AsyncConnection, Job, Merged], Awaitable[None]]
"""Stores the tries of a job in the open transaction."""


@dataclass
class Watched:
    """A job as it was seen last. since: when it was seen first; moved: when it last moved; times in monotonic seconds."""

    job: Job
    done: int
    since: float
    moved: float
    first: int
    resent: float
    stalled: bool = False


class Keeper:
    """The coordinator's own tasks."""

    def __init__(self, coordinator: Coordinator, reports: Reports, remember: Remember, clock: Clock):
        """Store results in `reports`, and what they tried by `remember`."""
        self._coordinator = coordinator
        self._files = coordinator.files
        self._reports = reports
        self._remember = remember
        self._clock = clock
        self._watched: dict[str, Watched] = {}

    async def keep(self, outlet: Outlet) -> None:
        """Follow all jobs until cancelled."""
        news, finished = self._coordinator.news, self._coordinator.finished
        self._watched.clear()
        news.set()
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), STALL_S / 2 if self._watched else None)
            news.clear()
            finished.clear()
            await self.look(outlet)
            with suppress(TimeoutError):
                await asyncio.wait_for(finished.wait(), LOOK_S)

    async def look(self, outlet: Outlet) -> None:
        """Tell how far every job is, end those that can be ended, and tidy up after those that have."""
        found: list[tuple[Job, int]] = []

        async def read(tx: Tx) -> None:
            jobs = await store.list_live(tx.connection)
            found[:] = [(job, (await store.done_of(tx.connection, job.job_id))[1]) for job in jobs]

        await outlet.commit(read)
        live = {job.job_id for job, _ in found}
        for job_id in sorted(set(self._watched) - live):
            del self._watched[job_id]
            await asyncio.to_thread(self._files.forget, job_id)
        for job, done in found:
            await self._follow(outlet, job, done)
        for job in [job for job, _ in found if job.state == "merging"]:
            await self._finish(outlet, job)

    async def _follow(self, outlet: Outlet, job: Job, done: int) -> None:
        now = self._clock.monotonic()
        seen = self._watched.get(job.job_id)
        if seen is None:
            seen = self._watched[job.job_id] = Watched(job, done, now, now, done, now)
        elif seen.done != done or seen.job.state != job.state:
            seen.job, seen.done, seen.moved, seen.resent, seen.stalled = job, done, now, now, False
        await outlet.tell(self._progress(seen, now))
        if job.state == "running" and now - seen.moved >= STALL_S and not seen.stalled:
            seen.stalled = True
            LOG.warning("job %s stalls: no piece of it ended for %.0f s", job.job_id, now - seen.moved)
        if job.state == "running" and now - seen.resent >= RESEND_S:
            seen.resent = now
            await outlet.commit(lambda tx: self._resend(tx, job))

    def _progress(self, seen: Watched, now: float) -> JobProgressed:
        job, spent = seen.job, now - seen.since
        rate = (seen.done - seen.first) / spent if spent > 0 and seen.done > seen.first else None
        phase = job.unit if job.state == "running" else "putting together"
        if job.state == "running" and now - seen.moved >= STALL_S:
            phase = f"stalled, no {job.unit} for {now - seen.moved:.0f} s"
        return JobProgressed.after(
            job.cause,
            key=f"{phase}|{seen.done}",
            service="backtest",
            job_id=job.job_id,
            phase=phase[:64],
            done=seen.done,
            total=job.total,
            rate=rate,
        )

    async def _finish(self, outlet: Outlet, job: Job) -> None:
        """Put a job together and end it; what may pass is tried again at the next look."""
        keys: list[str] = []

        async def read(tx: Tx) -> None:
            keys[:] = await store.result_keys(tx.connection, job.job_id)

        await outlet.commit(read)
        try:
            merged, key = await asyncio.to_thread(self._merge, job, keys)
        except TransientError as error:
            LOG.warning("job %s cannot be put together yet: %s", job.job_id, words(error))
            self._coordinator.news.set()
            return
        except OSError:
            raise
        except Exception as error:
            if not isinstance(error, PermanentError):
                LOG.exception("job %s cannot be put together", job.job_id)
            await outlet.commit(partial(_fail, job=job, error=error))
        else:
            await outlet.commit(lambda tx: self._end(tx, job, merged, key))
        self._coordinator.news.set()

    def _merge(self, job: Job, keys: Sequence[str]) -> tuple[Merged, str]:
        task = Task.from_bytes(self._files.read(job.job_id, job.task_key))
        results = [self._files.read(job.job_id, key) for key in keys]
        merged = MODES[job.mode].merge(task, results, self._coordinator.market)
        return merged, self._reports.save(canonical(merged.document))

    async def _resend(self, tx: Tx, job: Job) -> None:
        if self._files.has(job.job_id, job.task_key):
            tx.emit(*await sent_again(tx.connection, job))
            return
        lost = NotFoundError("the files of the job are gone", code="job.files_lost", hint="run it again")
        await _fail(tx, job=job, error=lost)

    async def _end(self, tx: Tx, job: Job, merged: Merged, key: str) -> None:
        now = await store.find_job(tx.connection, job.job_id)
        if now is None or not now.is_live:
            return
        await store.set_state(tx.connection, job.job_id, "done")
        await self._remember(tx.connection, job, merged)
        more: dict[str, Any] = {"summary": dict(merged.summary), "result_key": key, "simulated": job.simulated}
        tx.emit(JobDone.after(job.cause, **job_words(job), **more))


async def _fail(tx: Tx, *, job: Job, error: Exception) -> None:
    now = await store.find_job(tx.connection, job.job_id)
    if now is None or not now.is_live:
        return
    await store.set_state(tx.connection, job.job_id, "failed")
    known = error if isinstance(error, SentinelError) else None
    told: dict[str, Any] = {"code": code_of(error)[:64], "detail": (known.detail if known else words(error))[:4_000]}
    told |= {"pointer": known.pointer, "hint": known.hint} if known else {}
    tx.emit(JobFailed.after(job.cause, **job_words(job), **told))
