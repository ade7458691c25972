"""The one thread that owns the fork servers of a pool: it hands out jobs, collects answers and gives every job its end.

Everything here but `put`, `forget` and `stop` runs on that thread, which lives as long as the fork servers: they are killed by the kernel
when the thread that started them ends.
"""

import os
import selectors
import threading
import time
from typing import Any

from libs.common.errors import SentinelError, TransientError
from libs.strategy.sandbox.host.answers import Answer, Failure
from libs.strategy.sandbox.host.fair import QUICK_S, FairQueue, Paces
from libs.strategy.sandbox.host.fleet import Fleet, Member, Plan
from libs.strategy.sandbox.host.process import ZygoteGoneError
from libs.strategy.sandbox.host.running import Running, Waiting
from libs.strategy.sandbox.host.verdict import Outcome, Verdict, judge, killed_from_outside
from libs.strategy.sandbox.wire import Hello, Status

RETRIES = 1
"""Times a job starts again because its fork server died, or the child was killed by nobody of ours: the machine ran out of memory."""


class Dispatcher(threading.Thread):
    """Serves one queue with one fleet until it is stopped."""

    def __init__(self, plan: Plan, queue_limit: int):
        """Prepare; `start` begins."""
        super().__init__(name="sentinel-sandbox", daemon=True)
        self.known = threading.Event()
        self.hello: Hello | None = None
        self.problem: SentinelError | None = None
        self._plan = plan
        self._lock = threading.Lock()
        self._queue: FairQueue[Waiting] = FairQueue(queue_limit)
        self._stopped = False
        self._selector = selectors.DefaultSelector()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._fleet = Fleet(plan, self._selector)
        self._paces = Paces()
        self._running: dict[Member, Running] = {}
        self._last_id = 0

    def put(self, waiting: Waiting) -> None:
        """Queue a job, from any thread; raises TransientError when the queue is full or the pool is closed."""
        with self._lock:
            if self._stopped:
                raise closed()
            self._queue.put(waiting)
            os.eventfd_write(self._wake, 1)

    def forget(self, waiting: Waiting) -> bool:
        """Take a job out of the queue, from any thread; false if it is not there."""
        with self._lock:
            return self._queue.remove(waiting)

    def stop(self) -> None:
        """Ask the thread to end, from any thread."""
        with self._lock:
            if not self._stopped:
                self._stopped = True
                os.eventfd_write(self._wake, 1)

    def run(self) -> None:
        """Serve until stopped; whatever ends it, no job is left without an end and no process behind."""
        self._selector.register(self._wake, selectors.EVENT_READ)
        try:
            self._assign(time.monotonic())
            while not self._stopped:
                self._turn()
        finally:
            self._end()

    def _turn(self) -> None:
        now = time.monotonic()
        wait = self._fleet.watch(now)
        if self._running:
            latest = max(0.0, min(each.deadline for each in self._running.values()) - now)
            wait = latest if wait is None else min(wait, latest)
        for key, _ in self._selector.select(wait):
            self._hear(key.data)
        now = time.monotonic()
        self._end_overdue(now)
        self._fleet.recycle(now)
        self._assign(now)
        self._fleet.rest(now)
        self._tell()

    def _hear(self, source: Any) -> None:
        if source is None:
            os.eventfd_read(self._wake)
        elif isinstance(source, Running):
            if source in self._running.values() and not source.read():
                source.close(self._selector.unregister)
        elif source in self._fleet.members:
            self._listen(source)

    def _listen(self, member: Member) -> None:
        try:
            message = member.zygote.receive()
        except ZygoteGoneError as error:
            self._lose(member, str(error))
            return
        if isinstance(message, Hello):
            self._fleet.greet(member, message)
        elif isinstance(message, Status):
            self._finish(member, message)

    def _assign(self, now: float) -> None:
        while (member := self._fleet.idle()) is not None:
            with self._lock:
                waiting = self._queue.take(self._allowance(now))
            if waiting is None:
                return
            self._begin(member, waiting, now)
        with self._lock:
            wanted = self._queue.has(self._allowance(now)) or self._fleet.is_wanted
        if wanted:
            self._fleet.grow(now)

    def _begin(self, member: Member, waiting: Waiting, now: float) -> None:
        if not (waiting.future.running() or waiting.future.set_running_or_notify_cancel()):
            waiting.job.close()
            return
        self._last_id += 1
        try:
            running = Running(waiting, self._last_id, now)
        except OSError as error:
            _fail(waiting, TransientError(f"no pipe for the answer: {error.strerror}", code="sandbox.descriptors"))
            return
        self._running[member] = running
        self._selector.register(running, selectors.EVENT_READ, running)
        member.busy = True
        try:
            member.zygote.send(waiting.job, running.id, running.write_end)
        except ZygoteGoneError as error:
            self._lose(member, str(error))
        finally:
            running.sent()

    def _finish(self, member: Member, status: Status) -> None:
        running = self._running.get(member)
        if running is None or (running.id != status.id and not status.refused):
            self._lose(member, "the fork server reported a job it does not have")
            return
        now = time.monotonic()
        ended = running.ended(status)
        self._release(member)
        self._paces.note(running.waiting.caller, now - running.began, now)
        self._fleet.served(member)
        if killed_from_outside(running.waiting.job, status) and self._again(running.waiting):
            self._assign(now)
            return
        self._assign(now)  # the next child works while this answer is read
        try:
            verdict, answer = judge(running.waiting.job, ended)
        except Exception as error:  # noqa: BLE001 - the caller gets it; no answer may end the thread that serves all
            _fail(running.waiting, error)
            return
        self._resolve(running, verdict, now, answer, status)

    def _lose(self, member: Member, reason: str) -> None:
        now = time.monotonic()
        running = self._release(member) if member in self._running else None
        self._fleet.lose(member, reason, now)
        if running is None:
            return
        if not self._again(running.waiting):
            detail = f"the fork server died under it {running.waiting.tries + 1} times: {reason}"
            self._resolve(running, ("crash", detail), now)

    def _again(self, waiting: Waiting) -> bool:
        """Put a job back in front if it may start again; return whether it may."""
        if waiting.tries >= RETRIES:
            return False
        waiting.tries += 1
        with self._lock:
            self._queue.put_back(waiting)
        return True

    def _end_overdue(self, now: float) -> None:
        for member, running in list(self._running.items()):
            if now < running.deadline:
                continue
            self._release(member)
            self._fleet.drop(member)
            self._paces.note(running.waiting.caller, now - running.began, now)
            limit = running.waiting.job.limits.wall_s
            self._resolve(running, ("wall_timeout", f"it ran longer than {limit:g} s"), now)

    def _release(self, member: Member) -> Running:
        running = self._running.pop(member)
        running.close(self._selector.unregister)
        return running

    def _resolve(
        self,
        running: Running,
        verdict: Verdict,
        now: float,
        answer: Answer | Failure | None = None,
        status: Status | None = None,
    ) -> None:
        waiting = running.waiting
        waiting.job.close()
        outcome = Outcome(
            *verdict,
            answer=None if isinstance(answer, Failure) else answer,
            failure=answer if isinstance(answer, Failure) else None,
            cpu_s=status.cpu_s if status else 0.0,
            max_rss_kb=status.max_rss_kb if status else 0,
            waited_s=running.began - waiting.since,
            ran_s=now - running.began,
            spare=status is not None and status.spare,
            sandbox=self._plan.switches.sandbox,
        )
        waiting.future.set_result(outcome)

    def _allowance(self, now: float) -> "Allowance":
        slow = sum(
            now - each.began > QUICK_S or not self._paces.is_quick(each.waiting.caller)
            for each in self._running.values()
        )
        room = slow < max(1, self._plan.size - 1)
        return Allowance(self._paces, room, self._paces.lately_quick(now))

    def _tell(self) -> None:
        self.hello = self._fleet.hello
        self.problem = self._fleet.problem()
        if self.problem is not None:
            self._fail_waiting(self.problem)
        if self.problem is not None or self.hello is not None:
            self.known.set()

    def _fail_waiting(self, error: SentinelError) -> None:
        while True:
            with self._lock:
                waiting = self._queue.take(lambda _: True)
            if waiting is None:
                return
            _fail(waiting, error)

    def _end(self) -> None:
        with self._lock:
            self._stopped = True
        for member in list(self._running):
            _fail(self._release(member).waiting, closed())
        self._fail_waiting(closed())
        self._fleet.close()
        self._selector.close()
        os.close(self._wake)
        self.problem = closed()
        self.known.set()


class Allowance:
    """Whose jobs may begin now: everybody's while there is room, else those of quick callers and of callers who are alone."""

    def __init__(self, paces: Paces, room: bool, lately_quick: tuple[str, ...]):
        """Keep what decides it."""
        self._paces = paces
        self._room = room
        self._lately_quick = lately_quick

    def __call__(self, caller: str) -> bool:
        """Tell whether a job of `caller` may begin."""
        return self._room or self._paces.is_quick(caller) or all(name == caller for name in self._lately_quick)


def closed() -> TransientError:
    """Return the error of a run in a pool that is closed."""
    return TransientError("the strategy sandbox is closed", code="sandbox.closed")


def _fail(waiting: Waiting, error: Exception) -> None:
    waiting.job.close()
    if waiting.future.running() or waiting.future.set_running_or_notify_cancel():
        waiting.future.set_exception(error)
