"""A child forked ahead, which has rehearsed: its pages are its own before the job comes, so the job waits for no page fault.

It knows nothing of any tenant, waits for one job on its own socket, runs it and ends. Whatever happens to it, the zygote still has
the job and forks as usual.
"""

import os
import select
import socket
import struct
import time
from collections.abc import Callable
from typing import NoReturn, TypeAlias

from libs.strategy.sandbox.child import JobFds
from libs.strategy.sandbox.kernel import lockdown
from libs.strategy.sandbox.kernel.syscalls import fork
from libs.strategy.sandbox.reaper import Child
from libs.strategy.sandbox.wire import MAX_JOB_BYTES, JobHeader

Work: TypeAlias = Callable[[JobHeader, JobFds], NoReturn]

_JOB_FDS = 3
_READY = b"ready"
_CPU = struct.Struct("=d")
_ANSWER_S = 1.0
"""How long a rehearsed spare may take to say that it has the job."""


class Spare:
    """The zygote's side of a spare. ready: its rehearsal is over."""

    def __init__(self, jail: lockdown.Jail, control: socket.socket, rehearse: Callable[[], None], work: Work):
        """Fork it; raises OSError if there is no process or descriptor."""
        self.ready = False
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                pid = fork()
            except OSError:
                self._socket.close()
                raise
            if pid == 0:
                _live(jail, theirs, (control, self._socket), rehearse, work)
        self._child = Child(pid)

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when it is ready or dead."""
        return self._socket.fileno()

    def heard(self) -> bool:
        """Take what it says; return False if it is dead."""
        try:
            self.ready = self._socket.recv(len(_READY)) == _READY
        except OSError:
            self.ready = False
        return self.ready

    def take(self, message: bytes, fds: list[int]) -> tuple[Child, float] | None:
        """Hand it a job; return the child and the seconds of processor it had used before, None if it did not take the job."""
        try:
            socket.send_fds(self._socket, [message], fds)
            used = self._acknowledged()
        except OSError:
            used = None
        if used is None:
            self.discard()
            return None
        self._socket.close()
        return self._child, used

    def discard(self) -> None:
        """Kill and reap it."""
        self._child.kill()
        self._child.reap()
        self._socket.close()

    def _acknowledged(self) -> float | None:
        if not select.select([self._socket], [], [], _ANSWER_S)[0]:
            return None
        told = self._socket.recv(_CPU.size)
        return float(_CPU.unpack(told)[0]) if len(told) == _CPU.size else None


def _live(
    jail: lockdown.Jail,
    here: socket.socket,
    others: tuple[socket.socket, socket.socket],
    rehearse: Callable[[], None],
    work: Work,
) -> NoReturn:
    try:
        for each in others:
            each.close()
        lockdown.part(jail)
        rehearse()
        here.send(_READY)
        message, fds, _, _ = socket.recv_fds(here, MAX_JOB_BYTES, _JOB_FDS)
        if message:
            header = JobHeader.decode(message)
            here.send(_CPU.pack(time.process_time()))
            here.detach()
            work(header, (fds[0], fds[1], fds[2]))
    finally:
        os._exit(1)
