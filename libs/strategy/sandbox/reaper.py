"""One child of the zygote until its end: waiting with a limit, killing it with all it could have started, and what it used."""

import os
import select
import signal
import time
from contextlib import suppress
from dataclasses import dataclass

_POLL_S = 0.002
"""How often a kernel without pidfd is asked."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a child ended and what it used: exit code or signal, seconds of processor, most memory in kB."""

    exit: int | None
    signal: int | None
    cpu_s: float
    max_rss_kb: int


class Child:
    """A running child, owned from fork to reaping."""

    def __init__(self, pid: int):
        """Watch the child with this process id."""
        self.pid = pid
        try:
            self._pidfd = os.pidfd_open(pid)
        except OSError:
            self._pidfd = -1

    def ended_within(self, seconds: float, control: int) -> bool:
        """Wait for the end; return False when the time is over. Raises EOFError when the other side of `control` is gone."""
        deadline = time.monotonic() + seconds
        poll = select.poll()
        poll.register(control, 0)
        if self._pidfd >= 0:
            poll.register(self._pidfd, select.POLLIN)
        while not self._is_over():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            events = poll.poll(1000 * (left if self._pidfd >= 0 else min(left, _POLL_S)))
            if any(fd == control for fd, _ in events):
                raise EOFError
        return True

    def kill(self) -> None:
        """Kill the child and its session."""
        for end in (os.kill, os.killpg):
            with suppress(ProcessLookupError, PermissionError):
                end(self.pid, signal.SIGKILL)

    def reap(self) -> Ending:
        """Return how it ended, waiting for that; nothing of it is left after."""
        _, status, used = os.wait4(self.pid, 0)
        if self._pidfd >= 0:
            os.close(self._pidfd)
        code = os.waitstatus_to_exitcode(status)
        cpu_s = used.ru_utime + used.ru_stime
        return Ending(code if code >= 0 else None, -code if code < 0 else None, cpu_s, used.ru_maxrss)

    def _is_over(self) -> bool:
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
