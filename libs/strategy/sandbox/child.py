"""The life of one child after the fork: lock down, run, write one frame, end. It never returns and is used once.

Runs a stranger's code in its own process, so nothing here is trusted once that began; what protects is the kernel.
"""

import gc
import os
import random
import sys
from collections.abc import Callable
from typing import Any, NoReturn, Protocol, TypeAlias

import numpy.random as np_random

from libs.strategy.sandbox.kernel import lockdown
from libs.strategy.sandbox.kernel.seccomp import RESULT_FD
from libs.strategy.sandbox.wire import LOCKED, LOCKFAIL, LOCKFAIL_EXIT, JobHeader, pack_frame, unpack_code

JobFds: TypeAlias = tuple[int, int, int]
"""Code, market, write end of the result pipe."""
_CUT = 500

_MEMORY = pack_frame(
    {
        "ok": False,
        "error": {"code": "strategy.memory", "type": "MemoryError", "message": "out of memory", "line": None},
        "diagnostics": [],
    }
)
"""Made beforehand: when it is needed there is no memory to make it."""


class Runner(Protocol):
    """What runs a stranger's code and answers with header and payload of the frame."""

    def __call__(
        self, header: JobHeader, source: bytes, market: memoryview, *, guarded: bool
    ) -> tuple[dict[str, Any], bytes]:
        """Run one job; guarded: behind checker and guards."""
        ...


def fresh_job(jail: lockdown.Jail, header: JobHeader, fds: JobFds, run: Runner, *, guarded: bool) -> NoReturn:
    """Do as `run_job` in a child that was forked for this job a moment ago."""
    try:
        lockdown.part(jail)
        run_job(jail, header, fds, run, guarded=guarded)
    except BaseException as error:
        _tell(fds[2], LOCKFAIL + str(error).encode(errors="replace"))
        raise
    finally:
        os._exit(LOCKFAIL_EXIT)


def run_job(jail: lockdown.Jail, header: JobHeader, fds: JobFds, run: Runner, *, guarded: bool) -> NoReturn:
    """Lock this process down, run the job, write its frame and end with exit code 0; 71 if a protection failed."""
    code = LOCKFAIL_EXIT
    try:
        asked, source, market = _locked(jail, header, fds)
        code = 1
        _write(_answer(lambda: run(asked, source, market, guarded=guarded)))
        code = 0
    finally:
        os._exit(code)


def _locked(jail: lockdown.Jail, header: JobHeader, fds: JobFds) -> tuple[JobHeader, bytes, memoryview]:
    try:
        sys.stdin = sys.stdout = sys.stderr = None
        code, market = lockdown.lock(jail, header.limits, *fds)
        asked, source = unpack_code(header, code)
        random.seed(asked.seed)
        np_random.seed(asked.seed)
        os.write(RESULT_FD, LOCKED)
    except BaseException as error:
        _tell(fds[2], LOCKFAIL + str(error).encode(errors="replace"))
        raise
    gc.enable()
    return asked, source, market


def _answer(run: Callable[[], tuple[dict[str, Any], bytes]]) -> bytes:
    try:
        return pack_frame(*run())
    except MemoryError:
        return _MEMORY
    except BaseException as error:  # noqa: BLE001 - whatever the code raised is its answer; the process ends right after
        return _raised(error)


def _raised(error: BaseException) -> bytes:
    kind = type(error).__name__
    told = {"code": "strategy.raised", "type": kind[:_CUT], "message": kind, "line": None}
    try:
        told["message"] = str(error)[:_CUT]
        return pack_frame({"ok": False, "error": told, "diagnostics": []})
    except BaseException:  # noqa: BLE001 - its own text raises as well
        return pack_frame({"ok": False, "error": {**told, "message": kind[:_CUT]}, "diagnostics": []})


def _write(frame: bytes) -> None:
    left = memoryview(frame)
    while left:
        left = left[os.write(RESULT_FD, left) :]


def _tell(result: int, text: bytes) -> None:
    for fd in (result, RESULT_FD):
        try:
            os.write(fd, text)
        except OSError:
            continue
        return
