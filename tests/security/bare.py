"""A fork server without a host: started, given one job at a time, asked how the job ended and what it wrote."""

import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from libs.strategy.sandbox.wire import (
    LOCKED,
    MAX_HELLO_BYTES,
    Hello,
    JobHeader,
    Limits,
    Op,
    Status,
    Switches,
    pack_code,
    unpack_frame,
)

ROOT = Path(__file__).resolve().parents[2]
ORDINARY = 64_321
"""A user id without an account, a group or a file."""
SECRET = "planted-secret-8f1b"
ENVIRONMENT = {
    "PATH": os.defpath,
    "LANG": "C.UTF-8",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
}
STAND_IN = "from tests.security.standin import load"
STARTED = 10.0
STRATEGIES = "from libs.strategy.sandbox.zygote import strategies as load"


@dataclass(frozen=True)
class Ended:
    """What the zygote said about a job, the bytes the child wrote, and seconds from sending to status."""

    status: Status
    written: bytes
    wall_s: float

    @property
    def answer(self) -> dict[str, Any]:
        return unpack_frame(self.written)[0]


class Bare:
    """A running zygote. hello: its first message."""

    def __init__(self, switches: Switches, *, user: int | None = None, load: str = STAND_IN):
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        program = (
            f"import sys; sys.path.insert(0, {str(ROOT)!r}); from libs.strategy.sandbox.zygote import start; "
            f"from libs.strategy.sandbox.wire import Switches; {load}; "
            f"from tests.security.standin import become; become({user}); "
            f"start({theirs.fileno()}, Switches.decode({switches.encode()!r}), load)"
        )
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-s", "-P", "-c", program],
                pass_fds=(theirs.fileno(),),
                cwd="/",
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.jobs = 0
        try:
            self.hello = Hello.decode(self.control.recv(MAX_HELLO_BYTES))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> int:
        """Close the socket and return how the process ended."""
        self.control.close()
        return self.process.wait(10)

    def run(
        self,
        args: dict[str, Any] | None = None,
        source: bytes = b"",
        market: bytes = b"",
        limits: Limits | None = None,
        cap: int = 1 << 20,
        op: Op = "check",
    ) -> Ended:
        """Run one job of the stand-in and read what it writes, at most `cap` bytes."""
        self.jobs += 1
        header = JobHeader(self.jobs, op, limits or Limits(cpu_s=5, wall_s=10))
        code, prices = _memory(pack_code(7, args or {}, source)), _memory(market)
        reader, writer = os.pipe()
        started = time.perf_counter()
        socket.send_fds(self.control, [header.encode()], [code, prices, writer])
        for fd in (code, prices, writer):
            os.close(fd)
        written = bytearray()
        try:
            while True:
                watched: list[socket.socket | int] = [self.control, *([reader] if reader >= 0 else [])]
                ready = select.select(watched, [], [])[0]
                if reader in ready:
                    block = os.read(reader, 65536)
                    written += block
                    if not block or len(written) > cap:
                        os.close(reader)
                        reader = -1
                elif self.control in ready:
                    status = Status.decode(self.control.recv(4096))
                    return Ended(status, bytes(written).removeprefix(LOCKED), time.perf_counter() - started)
        finally:
            if reader >= 0:
                os.close(reader)

    def threads(self) -> list[int]:
        """Return the process ids of the launcher and all below it."""
        found, waiting = [], [self.process.pid]
        while waiting:
            found.append(waiting.pop())
            children = Path(f"/proc/{found[-1]}/task/{found[-1]}/children")
            waiting += [int(each) for each in children.read_text().split()] if children.exists() else []
        return found


def spare_of(zygote: Bare) -> int:
    """Return the process id of the spare, once it has rehearsed and waits."""

    def resting() -> int | None:
        family = zygote.threads()
        return family[-1] if len(family) > levels(zygote) and waits(family[-1]) else None

    return until(resting)


def levels(zygote: Bare) -> int:
    return 2 if zygote.hello.capabilities["namespaces"] == "yes" else 1


def until(found: Callable[[], int | None]) -> int:
    deadline = time.monotonic() + STARTED
    while time.monotonic() < deadline:
        if (value := found()) is not None:
            return value
        os.sched_yield()
    raise TimeoutError


def waits(pid: int) -> bool:
    """Tell whether a process sleeps in the kernel, as a spare does once it has rehearsed."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2]
    except FileNotFoundError:
        return False
    return state.startswith("S")


def _memory(data: bytes) -> int:
    fd = os.memfd_create("job", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.write(fd, data)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd
