"""A pool of fork servers that runs jobs for many callers. The one entry to the sandbox for a service.

Decides what is refused before it waits. Starts nothing until the first job or `start`; a pool that cannot contain code runs none.
"""

import asyncio
import os
import threading
import time
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self

from libs.common.errors import SentinelError
from libs.strategy.sandbox.host.availability import check_switches, missing_here, unavailable
from libs.strategy.sandbox.host.dispatch import Dispatcher, closed
from libs.strategy.sandbox.host.fleet import Plan
from libs.strategy.sandbox.host.job import Job
from libs.strategy.sandbox.host.running import Waiting
from libs.strategy.sandbox.host.verdict import Outcome
from libs.strategy.sandbox.wire import Switches

QUEUE_LIMIT = 256


class Pool:
    """Runs jobs on up to `size` fork servers, each caller's in order, callers in turn.

    A cancelled job that still waits is taken out; one that already runs is left to its own limits, and its answer is dropped. At most
    `queue_limit` jobs wait, half of them of one caller; more are refused with TransientError `sandbox.busy`.
    """

    def __init__(
        self,
        size: int | None = None,
        switches: Switches | None = None,
        recycle_jobs: int = 1_000,
        recycle_s: float = 3_600.0,
        queue_limit: int = QUEUE_LIMIT,
        plan: Plan | None = None,
    ):
        """Keep the plan. size: default one per core this process may use. plan: replaces all but the queue limit.

        Raises PermanentError `sandbox.switch` if a layer of the sandbox is switched off outside a test.
        """
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
        self._plan = plan or Plan(size or cores, switches or Switches(), recycle_jobs, recycle_s)
        check_switches(self._plan.switches)
        self._queue_limit = queue_limit
        self._lock = threading.Lock()
        self._dispatcher: Dispatcher | None = None
        self._closed = False

    def start(self, timeout_s: float = 0.0) -> dict[str, Any]:
        """Start the first fork server, wait for it at most `timeout_s`, and return `capabilities`."""
        if not missing_here(self._plan.switches.sandbox):
            self._running().known.wait(timeout_s)
        return self.capabilities()

    def submit(self, job: Job, caller: str = "") -> "Future[Outcome]":
        """Queue a job, which now belongs to the pool; raises PermanentError or TransientError `sandbox.unavailable`, or `sandbox.busy`.

        Callbacks of the future run on the thread that serves the pool, so they have to be short.
        """
        future: Future[Outcome] = Future()
        waiting = Waiting(job, caller, future, time.monotonic())
        try:
            self._put(waiting)
        except BaseException:
            job.close()
            raise
        future.add_done_callback(lambda done: self._forget(waiting) if done.cancelled() else None)
        return future

    def run(self, job: Job, caller: str = "") -> Outcome:
        """Run a job and return what became of it, from any thread but the pool's own; raises as `submit`."""
        return self.submit(job, caller).result()

    async def run_async(self, job: Job, caller: str = "") -> Outcome:
        """Run a job without blocking the event loop; cancelling it is as in the class."""
        return await asyncio.wrap_future(self.submit(job, caller))

    def capabilities(self) -> dict[str, Any]:
        """Return what contains the code: `sandbox` is on, off, unavailable or starting (nobody asked yet, or no answer yet)."""
        dispatcher = self._dispatcher
        problem: SentinelError | None = None if dispatcher is None else dispatcher.problem
        if missing := missing_here(self._plan.switches.sandbox):
            problem = unavailable(missing)
        if problem is not None:
            return {"sandbox": "unavailable", "reason": problem.detail}
        hello = None if dispatcher is None else dispatcher.hello
        if hello is None:
            return {"sandbox": "starting"}
        told = {"python": hello.python, "numpy": hello.numpy, "pandas": hello.pandas, "self_test": hello.self_test}
        return {**hello.capabilities, "sandbox": self._plan.switches.sandbox, **told}

    def close(self) -> None:
        """Kill all fork servers and wait until they are gone; jobs in hand and waiting end with TransientError `sandbox.closed`."""
        with self._lock:
            self._closed = True
            dispatcher = self._dispatcher
        if dispatcher is not None:
            dispatcher.stop()
            dispatcher.join(30.0)

    def __enter__(self) -> Self:
        """Return the pool."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the pool."""
        self.close()

    def _put(self, waiting: Waiting) -> None:
        if missing := missing_here(self._plan.switches.sandbox):
            raise unavailable(missing)
        dispatcher = self._running()
        if dispatcher.problem is not None:
            raise dispatcher.problem
        dispatcher.put(waiting)

    def _forget(self, waiting: Waiting) -> None:
        if self._dispatcher is not None and self._dispatcher.forget(waiting):
            waiting.job.close()

    def _running(self) -> Dispatcher:
        with self._lock:
            if self._closed:
                raise closed()
            if self._dispatcher is None or not self._dispatcher.is_alive():
                self._dispatcher = Dispatcher(self._plan, self._queue_limit)
                self._dispatcher.start()
            return self._dispatcher
