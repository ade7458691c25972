"""Calls into the kernel that Python has no function for, by name, on the machines the sandbox knows."""

import ctypes
import errno
import os
import platform
from functools import cache

from libs.strategy.sandbox.kernel.numbers import ABSENT, NUMBERS

MACHINES = ("x86_64", "aarch64")

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
PR_GET_NO_NEW_PRIVS = 39
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4

_LIBC = ctypes.CDLL(None, use_errno=True)
_HOLDING = ctypes.PyDLL(None, use_errno=True)
"""The same library, called without letting go of the interpreter's lock."""
_LIBC.syscall.restype = ctypes.c_long
_LIBC.mmap.restype = ctypes.c_void_p
_VIEW = ctypes.pythonapi.PyMemoryView_FromMemory
_VIEW.restype = ctypes.py_object
_WRITABLE = 0x200
_MAP_FAILED = ctypes.c_void_p(-1).value
_PROT_READ_WRITE = 3
_MAP_PRIVATE = 2


class LockError(Exception):
    """A protection could not be put up; the text names it and the reason, like `seccomp filter (EINVAL)`."""

    @classmethod
    def of(cls, what: str, error: OSError) -> "LockError":
        """Name what is missing with the symbol of the errno."""
        return cls(f"{what} ({symbol(error)})")


def symbol(error: OSError) -> str:
    """Return the name of an error number, like `EPERM`."""
    return errno.errorcode.get(error.errno or 0, str(error.errno))


@cache
def machine() -> str:
    """Return the machine; raises LockError where the sandbox has no tables."""
    found = platform.machine()
    if found not in MACHINES:
        raise LockError(f"support for {found} processors")
    return found


def number(name: str, on: str) -> int | None:
    """Return the number of a system call on a machine, None if it has no such call."""
    found = NUMBERS[name][MACHINES.index(on)]
    return None if found == ABSENT else found


def call(name: str, *arguments: int | bytes | None) -> int:
    """Make a system call and return its answer; raises OSError."""
    known = number(name, machine())
    if known is None:
        raise OSError(errno.ENOSYS, name)
    passed = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    answer = int(_LIBC.syscall(ctypes.c_long(known), *passed))
    if answer < 0:
        raise OSError(ctypes.get_errno(), name)
    return answer


def prctl(option: int, value: int = 0, third: int = 0) -> int:
    """Set or ask one property of this process; raises OSError."""
    return call("prctl", option, value, third, 0, 0)


def fork() -> int:
    """Fork, and return the child's process id, 0 in the child; raises OSError. For a process of one thread.

    `os.fork` then repairs in the child what other threads might have held and draws new random numbers: with one thread nothing is
    broken, a job brings its seed, and the repairs touch hundreds of pages that each have to be copied first.
    """
    child = int(_HOLDING.fork())
    if child < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return child


def map_private(fd: int, size: int) -> memoryview:
    """Return a writable copy-on-write view of `size` bytes of a file, mapped until the process ends; raises OSError.

    `mmap.mmap` is not used: it keeps a duplicate of the descriptor and closes that number later, whatever it is by then.
    """
    if size == 0:
        return memoryview(b"")
    at = _LIBC.mmap(None, ctypes.c_size_t(size), _PROT_READ_WRITE, _MAP_PRIVATE, ctypes.c_int(fd), ctypes.c_long(0))
    if at is None or at == _MAP_FAILED:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    view: memoryview = _VIEW(ctypes.c_void_p(at), ctypes.c_ssize_t(size), _WRITABLE)
    return view
