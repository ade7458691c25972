"""Where the zygote's memory lies: in few large pages, because each fork copies and each exit clears the page table of a child.

Costs nothing but time where the kernel cannot do it (Linux 6.1 can): every step is a wish.
"""

import ctypes
import os
from collections.abc import Iterator
from contextlib import suppress

LARGE = 2 * 1024 * 1024
"""Bytes of a large page on both machines the sandbox knows, with small pages of 4 kB."""

_MADV_COLLAPSE = 25
_OBJECT = 479
"""Longest text of bytes that Python still keeps among its small objects, in blocks of 512."""
_OBJECTS_A_MEGABYTE = 1_984
_KEPT = 500
"""One of so many is kept, so that each megabyte has some."""


def stretch(megabytes: int) -> list[bytes]:
    """Make Python take the memory for its small objects in one piece, and return what keeps it from giving it back.

    To be called before libraries are loaded: the pieces of 1 MB that Python takes later lie between them, where no large page fits.
    """
    taken = [b""] * (megabytes * _OBJECTS_A_MEGABYTE)  # not a list that grows, for which room would be taken in between
    for place in range(len(taken)):
        taken[place] = bytes(_OBJECT)
    return taken[::_KEPT]


def join(proc: int) -> int:
    """Put this process's own memory into large pages where it fills them, and return how many. proc: descriptor of /proc.

    Children share them until they write; what they then write to is copied in small pages as before.
    """
    joined = 0
    with suppress(OSError):
        libc = ctypes.CDLL(None)
        for start in _places(_maps(proc)):
            joined += not libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(LARGE), _MADV_COLLAPSE)
    return joined


def _places(maps: bytes) -> Iterator[int]:
    for line in maps.splitlines():
        span, rights, _, _, _, *name = line.split(None, 5)
        if rights == b"rw-p" and name in ([], [b"[heap]"]):
            first, end = (int(each, 16) for each in span.split(b"-"))
            yield from range(-(-first // LARGE) * LARGE, end // LARGE * LARGE, LARGE)


def _maps(proc: int) -> bytes:
    fd = os.open("self/maps", os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc)
    with open(fd, "rb") as maps:
        return maps.read()
