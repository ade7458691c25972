"""Files mapped into memory without a descriptor each.

Python's `mmap` keeps a duplicate of the descriptor for as long as the map lives, so a thousand mapped series would use up the
1,024 descriptors a process usually may have. This calls the same system call and lets the descriptor go.
"""

import ctypes
import functools
import mmap
import os
import weakref
from typing import Any

import numpy as np
import numpy.typing as npt

from libs.common.errors import StoreUnavailableError


class _Mapped:
    """Read-only pages of a file, given back when no array looks at them any more."""

    def __init__(self, address: int, size: int):
        self.__array_interface__: dict[str, Any] = {
            "data": (address, True),
            "shape": (size,),
            "typestr": "|u1",
            "version": 3,
        }
        weakref.finalize(self, _system().munmap, address, size).atexit = False


def map_file(descriptor: int, size: int) -> npt.NDArray[np.uint8]:
    """Return the first `size` bytes (>= 1) of an open file as a read-only array; the descriptor may be closed.

    Bytes appended later are not seen. Raises StoreUnavailableError when the system has no room for another map.
    """
    address = _system().mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, descriptor, 0)
    if address == ctypes.c_void_p(-1).value:
        said = os.strerror(ctypes.get_errno())
        raise StoreUnavailableError(f"a file of {size:,} bytes cannot be mapped: {said}", hint="free memory")
    return np.asarray(_Mapped(address, size))


@functools.cache
def _system() -> ctypes.CDLL:
    system = ctypes.CDLL(None, use_errno=True)
    size, number = ctypes.c_size_t, ctypes.c_int
    system.mmap.argtypes = (ctypes.c_void_p, size, number, number, number, ctypes.c_longlong)
    system.mmap.restype = ctypes.c_void_p
    system.munmap.argtypes = (ctypes.c_void_p, size)
    return system
