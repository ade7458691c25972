"""A job in hand: the pipe its answer comes through, and the moment patience ends."""

import os
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from libs.strategy.sandbox.host.job import Job
from libs.strategy.sandbox.host.verdict import Ended, Outcome
from libs.strategy.sandbox.wire import LOCKED, Status

GRACE_S = 3.0
"""How much longer than the job's wall limit the host waits for the fork server to enforce it."""

_READ_BYTES = 1 << 20


@dataclass(eq=False)
class Waiting:
    """A job in the queue or in hand. since: when it was submitted. tries: fork servers that died under it."""

    job: Job
    caller: str
    future: "Future[Outcome]"
    since: float
    tries: int = 0


class Running:
    """Collects what one child writes, up to the limit of the job; then closes the pipe, so that the child's next write ends it."""

    def __init__(self, waiting: Waiting, job_id: int, now: float):
        """Make the pipe; raises OSError if there is no descriptor left."""
        self.waiting = waiting
        self.id = job_id
        self.began = now
        self.deadline = now + waiting.job.limits.wall_s + GRACE_S
        self._limit = waiting.job.limits.result_bytes + len(LOCKED)
        self._data = bytearray()
        self._over = False
        self._end: int | None
        self._end, self.write_end = os.pipe()
        os.set_blocking(self._end, False)

    def fileno(self) -> int:
        """Return the read end of the pipe."""
        if self._end is None:
            raise ValueError("the pipe is closed")
        return self._end

    def read(self) -> bool:
        """Take what is there; false when no more will come, because the pipe ended or the limit is passed."""
        while self._end is not None:
            try:
                part = os.read(self._end, _READ_BYTES)
            except BlockingIOError:
                return True
            self._data += part
            self._over = len(self._data) > self._limit
            if self._over or not part:
                return False
        return False

    def ended(self, status: Status) -> Ended:
        """Return all the child wrote before it ended so."""
        self.read()
        return Ended(status, b"" if self._over else bytes(self._data), self._over)

    def sent(self) -> None:
        """Close the write end, which the fork server has now."""
        os.close(self.write_end)

    def close(self, before: Callable[["Running"], object]) -> None:
        """Close the read end after telling `before`; more calls do nothing."""
        if self._end is not None:
            before(self)
            os.close(self._end)
            self._end = None
