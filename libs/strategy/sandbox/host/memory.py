"""Sealed memory files: how code and prices reach a child. Nobody, the maker included, can change one after it was made."""

import fcntl
import os
from collections.abc import Sequence

from libs.strategy.sandbox.host.availability import missing_here, unavailable

_PARTS_AT_ONCE = 1_000
"""Below the 1,024 of IOV_MAX."""


def sealed(name: str, parts: Sequence[bytes | memoryview]) -> int:
    """Return a descriptor, owned by the caller, of a sealed memory file that holds `parts` one after another.

    Raises OSError when memory or descriptors run out; then nothing is left open. Raises PermanentError `sandbox.unavailable` where
    there are no such files.
    """
    if missing := missing_here("off"):
        raise unavailable(missing)
    fd = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        _write(fd, [part for part in parts if len(part)])
        os.lseek(fd, 0, os.SEEK_SET)
        seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _write(fd: int, parts: Sequence[bytes | memoryview]) -> None:
    for first in range(0, len(parts), _PARTS_AT_ONCE):
        some = parts[first : first + _PARTS_AT_ONCE]
        wanted = sum(memoryview(part).nbytes for part in some)
        written = os.writev(fd, some)
        if written != wanted:
            _write_rest(fd, b"".join(some), written)


def _write_rest(fd: int, data: bytes, start: int) -> None:
    while start < len(data):
        start += os.write(fd, memoryview(data)[start:])
