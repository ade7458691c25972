"""One fork server seen from the service: started by exec, greeted, given one job at a time, killed.

Decides how it is started and what it may say. Knows no queue and no verdict. The thread that makes one has to outlive it: the
kernel kills a fork server when the thread that started it ends.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from libs.strategy.sandbox.host.job import Job
from libs.strategy.sandbox.wire import MAX_HELLO_BYTES, MAX_STATUS_BYTES, Hello, Status, Switches, WireError

Command: TypeAlias = Callable[[int, Switches], list[str]]
"""Gives the command line of a fork server that speaks on a descriptor."""

_ROOT = str(Path(__file__).resolve().parents[4])
_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
}
"""All a fork server inherits beside PATH: no token, no key, no setting of the service."""


class ZygoteGoneError(Exception):
    """The fork server ended or broke the protocol; the text says which."""


def zygote_command(fd: int, switches: Switches) -> list[str]:
    """Return the command line of the fork server that runs code."""
    return _command("zygote", fd, switches)


def model_command(fd: int, switches: Switches) -> list[str]:
    """Return the command line of the fork server that runs trained models."""
    return _command("model_zygote", fd, switches)


def _command(entry: str, fd: int, switches: Switches) -> list[str]:
    program = (
        f"import sys; sys.path.insert(0, {_ROOT!r}); "
        f"from libs.strategy.sandbox.{entry} import main; main({fd}, {switches.encode()!r})"
    )
    # Not -I, which would ignore PYTHONHASHSEED; -s and -P keep user packages and the working directory out as well.
    return [sys.executable, "-s", "-P", "-c", program]


class Zygote:
    """A running fork server.

    hello: what it said first, None until then. jobs: how many it was given. started: `time.monotonic` at its start.
    """

    def __init__(self, switches: Switches, command: Command = zygote_command):
        """Start it; raises OSError if the machine gives no process or descriptor."""
        self.hello: Hello | None = None
        self.jobs = 0
        self.started = time.monotonic()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                self._process = subprocess.Popen(
                    command(theirs.fileno(), switches),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    cwd="/",
                    env={"PATH": os.environ.get("PATH", os.defpath), **_ENVIRONMENT},
                    start_new_session=True,
                )
        except BaseException:
            self._socket.close()
            raise
        self._socket.setblocking(False)

    @property
    def pid(self) -> int:
        """Process id of the launcher, the one process of the fork server that is our own child."""
        return self._process.pid

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when it says something or ends."""
        return self._socket.fileno()

    def send(self, job: Job, job_id: int, result_fd: int) -> None:
        """Hand it a job and the write end of the result pipe; raises ZygoteGoneError."""
        try:
            socket.send_fds(self._socket, [job.message(job_id)], [*job.fds(), result_fd])
        except OSError as error:
            raise ZygoteGoneError(f"the fork server takes no job: {error.strerror}") from error
        self.jobs += 1

    def receive(self) -> Hello | Status | None:
        """Return its next message, None if there is none yet; raises ZygoteGoneError."""
        try:
            data = self._socket.recv(max(MAX_HELLO_BYTES, MAX_STATUS_BYTES) + 1)
        except BlockingIOError:
            return None
        except OSError as error:
            raise ZygoteGoneError(f"the fork server is gone: {error.strerror}") from error
        if not data:
            raise ZygoteGoneError(self._ending())
        try:
            return self._greeted(data) if self.hello is None else _status(data)
        except WireError as error:
            raise ZygoteGoneError(f"the fork server broke the protocol: {error}") from error

    def kill(self) -> None:
        """Kill the launcher, and with it the fork server and every child of it."""
        self._process.kill()
        self._socket.close()

    def reaped(self, timeout_s: float = 0.0) -> bool:
        """Tell whether its process is gone, waiting at most `timeout_s`; true for good once it is."""
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _greeted(self, data: bytes) -> Hello:
        self.hello = Hello.decode(data)
        told = [self.hello.ready, *self.hello.capabilities.values()]
        if type(told[0]) is not bool or not all(isinstance(value, str | int) for value in told):
            raise WireError("hello has fields of the wrong type")
        return self.hello

    def _ending(self) -> str:
        code = self._process.poll()
        if code is None:
            return "the fork server closed its connection"
        return f"the fork server ended with {f'signal {-code}' if code < 0 else f'code {code}'}"


def _status(data: bytes) -> Status:
    status = Status.decode(data)
    whole = (status.id, status.max_rss_kb)
    maybe = (status.exit, status.signal)
    if any(type(value) is not int for value in whole) or not all(
        value is None or type(value) is int for value in maybe
    ):
        raise WireError("status has fields of the wrong type")
    if type(status.wall_limit) is not bool or type(status.cpu_s) not in (int, float):
        raise WireError("status has fields of the wrong type")
    return status
