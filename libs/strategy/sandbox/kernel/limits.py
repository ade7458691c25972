"""Resource limits of one job. Memory counts from what the process has mapped when it begins, because the libraries alone are 150 MB.

Both memory limits are needed: RLIMIT_DATA leaves shared mappings out, RLIMIT_AS counts every mapping.
"""

import os
import resource

from libs.strategy.sandbox.kernel.syscalls import LockError
from libs.strategy.sandbox.wire import Limits

_PAGE = resource.getpagesize()
_MB = 1024 * 1024
_STACK = 8 * _MB
_FILES = 4
"""Null device three times and the result pipe: no free descriptor is left."""

_FIXED = (
    (resource.RLIMIT_STACK, _STACK),
    (resource.RLIMIT_CORE, 0),
    (resource.RLIMIT_FSIZE, 0),
    (resource.RLIMIT_NPROC, 0),
    (resource.RLIMIT_NOFILE, _FILES),
    (resource.RLIMIT_MEMLOCK, 0),
    (resource.RLIMIT_MSGQUEUE, 0),
    (resource.RLIMIT_SIGPENDING, 0),
    (resource.RLIMIT_NICE, 0),
    (resource.RLIMIT_RTPRIO, 0),
)


def mapped(proc: int) -> tuple[int, int]:
    """Return the bytes this process has mapped in all and as writable data. proc: descriptor of /proc."""
    statm = os.open("self/statm", os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc)
    try:
        sizes = os.read(statm, 256).split()
    finally:
        os.close(statm)
    return int(sizes[0]) * _PAGE, int(sizes[5]) * _PAGE


def apply(limits: Limits, proc: int) -> None:
    """Limit this process for good; raises LockError. The market has to be mapped already, it is not counted against the job."""
    try:
        everything, data = mapped(proc)
    except OSError as error:
        raise LockError.of("/proc/self/statm", error) from error
    memory = limits.memory_mb * _MB
    _set(resource.RLIMIT_AS, everything + memory)
    _set(resource.RLIMIT_DATA, data + memory)
    _set(resource.RLIMIT_CPU, limits.cpu_s, limits.cpu_s + 1)
    for which, value in _FIXED:
        _set(which, value)


def _set(which: int, soft: int, hard: int | None = None) -> None:
    allowed = resource.getrlimit(which)[1]
    wanted = [soft, soft if hard is None else hard]
    pair = wanted if allowed == resource.RLIM_INFINITY else [min(each, allowed) for each in wanted]
    try:
        resource.setrlimit(which, (pair[0], pair[1]))
    except (OSError, ValueError) as error:
        raise LockError(f"rlimit {which} ({error})") from error
