"""The task that works generations off: makes the attempts that are due, commits each before the next, ends jobs that have ended.

Killed at any moment it goes on from SQL: an attempt that was not committed is made again, one that was is not.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, get_args

from libs.common.bus import Outlet, Tx
from libs.common.bus.transact import is_infrastructure
from libs.common.errors import StoreUnavailableError
from libs.strategy.spec import Strategy
from services.strategy_gen import core as life
from services.strategy_gen import store as strategies
from services.strategy_gen.generation import core, store, told
from services.strategy_gen.generation.core import Ended, Next
from services.strategy_gen.generation.handlers import Generations
from services.strategy_gen.generation.proposal import origin_of
from services.strategy_gen.generation.values import Attempt, Author, Job, Outcome, Problem
from services.strategy_gen.generation.workshop import Made, Workshop, broken, fault

LOG = logging.getLogger("sentinel.generation")

AT_ONCE = 4
"""Attempts that each author makes side by side: the compiler does not wait for models."""

AGAIN_S = 1.0

_Key = tuple[str, int]
_UnderWay = dict[_Key, "asyncio.Task[None]"]


class Keeper:
    """Follows all generations of the service."""

    def __init__(self, generations: Generations, workshop: Workshop):
        """Wake up on the news of `generations`; make attempts in `workshop`."""
        self._news = generations.news
        self._workshop = workshop

    async def keep(self, outlet: Outlet) -> None:
        """Work until cancelled."""
        under_way: _UnderWay = {}
        places = {author: asyncio.Semaphore(AT_ONCE) for author in get_args(Author)}
        self._news.set()
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    await self._news.wait()
                    self._news.clear()
                    # What is under way now may be committed after the jobs were read: it is looked at again once it is done.
                    busy = set(under_way)
                    jobs = await self._running(outlet)
                    _stop_all_but(under_way, jobs)
                    for job in jobs:
                        for due in await self._due(outlet, job):
                            key = (job.job_id, due.variant)
                            if key not in busy:
                                task = group.create_task(self._attempt(outlet, job, due, places[due.engine]))
                                under_way[key] = task
                                task.add_done_callback(partial(self._forget, under_way, key))
        finally:
            await self._workshop.pause()

    async def _due(self, outlet: Outlet, job: Job) -> tuple[Next, ...]:
        """Return the attempts of a job that can be made now; a job that has nothing left to do is ended."""
        found = core.moves(job)
        if isinstance(found, Ended):
            try:
                await _commit(outlet, lambda tx: _end(tx, job.job_id, found))
            except Exception as error:
                if is_infrastructure(error):
                    raise
                LOG.exception("the end of %s cannot be told", job.job_id)
                lost = fault(error)
                await _commit(
                    outlet, lambda tx: _end(tx, job.job_id, Ended((), Problem(lost.code, lost.detail, hint=lost.hint)))
                )
            return ()
        return found

    def _forget(self, under_way: "_UnderWay", key: _Key, _: "asyncio.Task[None]") -> None:
        del under_way[key]
        self._news.set()

    async def _running(self, outlet: Outlet) -> list[Job]:
        found: list[Job] = []

        async def read(tx: Tx) -> None:
            found[:] = await store.list_running(tx.connection)

        await _commit(outlet, read)
        return found

    async def _attempt(self, outlet: Outlet, job: Job, due: Next, places: asyncio.Semaphore) -> None:
        """Make one attempt and commit it; the model's answer is kept in hand while the database is sick.

        One that cannot be kept, for a fact that does not fit on the bus perhaps, ends its variant; the others go on.
        """

        async def tell(step: Any) -> None:
            await outlet.tell(told.progressed(job, due, step))

        async with places:
            made = await self._workshop.make(job, due, tell)
        try:
            await _commit(outlet, lambda tx: _keep(tx, job.job_id, made))
        except Exception as error:
            if is_infrastructure(error):
                raise
            LOG.exception("attempt %d of variant %d of %s cannot be kept", due.number, due.variant, job.job_id)
            made = broken(job, due, error)
            await _commit(outlet, lambda tx: _keep(tx, job.job_id, made))
        if made.strategy is not None:
            await tell("judge")


def _stop_all_but(under_way: "_UnderWay", jobs: Sequence[Job]) -> None:
    """Give up the attempts of jobs that have ended meanwhile."""
    live = {job.job_id for job in jobs}
    for (job_id, _), task in under_way.items():
        if job_id not in live:
            task.cancel()


async def _commit(outlet: Outlet, act: Callable[[Tx], Awaitable[None]]) -> None:
    """Commit, once the database can: answers of models that are in hand or under way are not given up meanwhile."""
    while True:
        try:
            return await outlet.commit(act)
        except StoreUnavailableError as error:
            LOG.warning("generations wait: %s (%s)", error.detail, error.hint)
            await asyncio.sleep(AGAIN_S)


async def _keep(tx: Tx, job_id: str, made: Made) -> None:
    """Commit an attempt, and propose what it made unless it is known; nothing if the job has ended or the attempt is there already."""
    job = await store.find_job(tx.connection, job_id)
    attempt = made.attempt
    if job is None or job.state != "running" or any(each.number == attempt.number for each in job.of(attempt.variant)):
        return
    if made.strategy is not None:
        attempt = await _proposed(tx, job, attempt, made.strategy)
    await store.add_attempt(tx.connection, attempt)
    tx.emit(attempt.made)


async def _proposed(tx: Tx, job: Job, attempt: Attempt, strategy: Strategy) -> Attempt:
    """Return the attempt with its proposal, or with the verdict that its strategy has already, or fallen as another variant's double."""
    identity = attempt.made.strategy_id
    twin = next((each for each in job.attempts if each.made.strategy_id == identity and each.is_proposed), None)
    if twin is not None and attempt.made.engine == "llm":
        finding = {
            "code": "variant.duplicate",
            "message": f"variant {twin.variant} was this very strategy, in its attempt {twin.number}",
            "hint": "read what the words leave open in another way",
        }
        return replace(
            attempt,
            made=attempt.made.model_copy(update={"step": "meaning", "strategy_id": None, "findings": (finding,)}),
        )
    known = await strategies.find(tx.connection, str(identity))
    if known is not None and known.is_settled:
        unjudged = Outcome(duplicate=True, detail=f"it is {known.status} already, without a verdict")
        return attempt.settled(Outcome.of(known.judged, duplicate=True) if known.judged else unjudged)
    record = life.propose(job.command, strategy, origin_of(job, attempt), known)
    await strategies.save(tx, record)
    tx.emit(record.proposed)
    return replace(attempt, proposal_id=record.proposed.event_id)


async def _end(tx: Tx, job_id: str, ended: Ended) -> None:
    job = await store.find_job(tx.connection, job_id)
    if job is None or job.state != "running":
        return
    await store.end_job(tx.connection, job_id, "failed" if ended.problem else "done")
    tx.emit(told.failed(job, ended.problem) if ended.problem else told.done(job, ended.best))
