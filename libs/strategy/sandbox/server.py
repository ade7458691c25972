"""The loop of a zygote: take a job, give it to a spare or a fresh child, wait at most its wall limit, say how it ended.

A job is never lost to a spare that died, and no child can hold the loop: whatever it does, it is killed at the limit.
"""

import os
import select
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from libs.strategy.sandbox.child import JobFds, Runner, fresh_job, run_job
from libs.strategy.sandbox.kernel import lockdown
from libs.strategy.sandbox.kernel.syscalls import fork
from libs.strategy.sandbox.reaper import Child
from libs.strategy.sandbox.spare import Spare
from libs.strategy.sandbox.wire import MAX_JOB_BYTES, JobHeader, Status, Switches, WireError

_JOB_FDS = 3
_MOST_FDS = 8
_KILL_S = 5.0
"""How long a killed child may take to be gone before the zygote gives up and is replaced."""
_PAUSE_S = 0.005
"""How long no job may come before a spare is made: the caller reads its answer first, and under load no spare is worth its rehearsal."""
_MOST_STILLBORN = 3
"""Spares that may die in a row in their rehearsal before no more are made."""


@dataclass(frozen=True, slots=True)
class Guest:
    """What runs a job, and what a spare does once to have the pages of the first job ready."""

    run: Runner
    rehearse: Callable[[], None]


class Server:
    """Serves one socket, one job at a time."""

    def __init__(self, control: socket.socket, jail: lockdown.Jail, guest: Guest, switches: Switches):
        """Take the socket and what children need."""
        self._control = control
        self._jail = jail
        self._guest = guest
        self._guarded = not switches.unguarded
        self._spares = switches.spares
        self._spare: Spare | None = None
        self._stillborn = 0
        self._lost = False

    def serve(self) -> None:
        """Serve until the socket closes; no child is left then."""
        try:
            while (message := self._next()) is not None:
                self._control.send(self._one(*message).encode())
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return
        finally:
            self._drop_spare()

    def _next(self) -> tuple[bytes, list[int], int] | None:
        """Return the next job; makes and listens to spares while there is none."""
        while True:
            if self._spare is None and self._wants_spare() and not self._readable([self._control], _PAUSE_S):
                self._make_spare()
            if self._spare is not None and self._spare in self._readable([self._control, self._spare], None):
                self._hear_spare()
                continue
            message, fds, flags, _ = socket.recv_fds(self._control, MAX_JOB_BYTES + 1, _MOST_FDS)
            return (message, fds, flags) if message else None

    def _one(self, message: bytes, fds: list[int], flags: int) -> Status:
        try:
            if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC) or len(fds) != _JOB_FDS:
                raise WireError(f"a job has {_JOB_FDS} descriptors and at most {MAX_JOB_BYTES} bytes")
            job = JobHeader.decode(message)
            started = time.monotonic()
            child, used, spare = self._begin(message, job, fds)
        except WireError as error:
            return Status(0, None, None, refused=str(error))
        except OSError as error:
            return Status(job.id, None, None, refused=f"no process for the job: {error.strerror}")
        finally:
            for fd in fds:
                os.close(fd)
        late = self._wait(child, started + job.limits.wall_s - time.monotonic())
        end = child.reap()
        return Status(job.id, end.exit, end.signal, late, max(0.0, end.cpu_s - used), end.max_rss_kb, spare)

    def _begin(self, message: bytes, job: JobHeader, fds: list[int]) -> tuple[Child, float, bool]:
        """Return the child that has the job, the processor seconds it had used before, and whether it is a spare."""
        spare, self._spare = (self._spare, None) if self._spare and self._spare.ready else (None, self._spare)
        taken = spare.take(message, fds) if spare else None
        self._lost = False
        if taken:
            return *taken, True
        pid = fork()
        if pid == 0:
            fresh_job(self._jail, job, (fds[0], fds[1], fds[2]), self._guest.run, guarded=self._guarded)
        return Child(pid), 0.0, False

    def _wait(self, child: Child, seconds: float) -> bool:
        """Wait for the end of the child; return whether it had to be killed at the limit. Raises EOFError if the service is gone."""
        control = self._control.fileno()
        try:
            late = not child.ended_within(seconds, control)
        except EOFError:
            child.kill()
            child.reap()
            raise
        child.kill()
        if late and not child.ended_within(_KILL_S, control):
            raise TimeoutError(f"a killed child is still there after {_KILL_S} s")
        return late

    def _wants_spare(self) -> bool:
        return self._spares > 0 and not self._lost and self._stillborn < _MOST_STILLBORN

    def _make_spare(self) -> None:
        with suppress(OSError):
            self._spare = Spare(self._jail, self._control, self._guest.rehearse, self._work)

    def _hear_spare(self) -> None:
        """A spare that dies waiting is replaced after the next job, so that a machine out of memory is not kept busy with spares."""
        if self._spare is None:
            return
        waited = self._spare.ready
        if self._spare.heard():
            self._stillborn = 0
            return
        self._drop_spare()
        self._lost = waited
        self._stillborn += not waited

    def _drop_spare(self) -> None:
        if self._spare is not None:
            self._spare.discard()
            self._spare = None

    def _work(self, job: JobHeader, fds: JobFds) -> NoReturn:
        run_job(self._jail, job, fds, self._guest.run, guarded=self._guarded)

    @staticmethod
    def _readable(watched: list[socket.socket | Spare], seconds: float | None) -> list[socket.socket | Spare]:
        return select.select(watched, [], [], seconds)[0]
