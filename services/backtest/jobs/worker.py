"""A worker: takes one piece of a job, does it, and says where its bytes are.

Decides which failures are the piece's own. It writes no SQL and knows no other piece; done twice, a piece gives the same bytes.
"""

import asyncio
import logging
from functools import lru_cache

from libs.common.bus.connection import Connection
from libs.common.bus.pull import Durable
from libs.common.bus.queue import WorkQueue
from libs.common.bus.refusal import code_of, shown
from libs.common.errors import NotFoundError, PermanentError, SentinelError, StoreUnavailableError, TransientError
from libs.common.events import Event, ShardDone, ShardFailed, ShardReady
from libs.common.streams import stored_in
from services.backtest.jobs.files import JobFiles
from services.backtest.modes.market import Market
from services.backtest.modes.registry import MODES
from services.backtest.modes.task import Task

LOG = logging.getLogger("sentinel.jobs")

QUEUE = Durable(stored_in(ShardReady.subject), "backtest-ShardReady", ShardReady.wildcard())


class Worker:
    """Does pieces of jobs on one market, several at a time."""

    def __init__(self, market: Market, files: JobFiles):
        """Read bars from `market`, tasks from `files`; write results to `files`."""
        self._market = market
        self._files = files
        self._task = lru_cache(maxsize=8)(self._read_task)

    async def serve(self, connection: Connection, slots: int) -> None:
        """Take pieces from the queue until cancelled."""
        await WorkQueue(connection, QUEUE, ShardReady).serve(self.act, slots)

    async def act(self, ready: ShardReady, delivery: int) -> Event | None:
        """Return ShardDone, ShardFailed where trying again would fail as well, None for a piece of a job that has ended.

        Raises TransientError where trying again may help.
        """
        try:
            key = await asyncio.to_thread(self._do, ready)
        except TransientError:
            raise
        except OSError as error:
            raise StoreUnavailableError(f"the disk refuses: {error}", hint="free disk space") from error
        except Exception as error:
            if not self._wanted(ready):
                return None
            if not isinstance(error, PermanentError):
                LOG.exception("piece %d of job %s failed", ready.number, ready.job_id)
            return _failed(ready, delivery, error)
        return None if key is None else ShardDone.after(ready, job_id=ready.job_id, number=ready.number, result_key=key)

    def _do(self, ready: ShardReady) -> str | None:
        if not self._wanted(ready):
            return None
        mode = MODES.get(ready.mode)
        if mode is None:
            raise NotFoundError(
                f"there is no mode {ready.mode}", code="job.mode", hint="this worker is of another release"
            )
        task = self._task(ready.job_id, ready.task_key)
        key = self._files.save(ready.job_id, mode.work(task, ready.part, self._market))
        if self._wanted(ready):
            return key
        self._files.forget(ready.job_id)
        return None

    def _wanted(self, ready: ShardReady) -> bool:
        return self._files.has(ready.job_id, ready.task_key)

    def _read_task(self, job_id: str, key: str) -> Task:
        return Task.from_bytes(self._files.read(job_id, key))


def _failed(ready: ShardReady, delivery: int, error: Exception) -> ShardFailed:
    known = error if isinstance(error, SentinelError) else None
    return ShardFailed.after(
        ready,
        key=str(delivery),
        job_id=ready.job_id,
        number=ready.number,
        attempt=delivery,
        code=code_of(error)[:64],
        detail=shown(known.detail if known else f"{type(error).__name__}: {error}", 4_000),
        pointer=shown(known.pointer, 400) if known and known.pointer else None,
        hint=shown(known.hint, 400) if known and known.hint else None,
    )
