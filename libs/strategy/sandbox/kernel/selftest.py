"""Try, before serving anybody, whether the lockdown holds: children that attempt what a hostile strategy would.

Whatever succeeds is a reason to refuse to serve, whatever the reports of the kernel say.
"""

import errno
import os
import signal
import socket
from collections.abc import Callable
from typing import NoReturn

from libs.strategy.sandbox.kernel import lockdown
from libs.strategy.sandbox.kernel.seccomp import RESULT_FD
from libs.strategy.sandbox.kernel.syscalls import LockError, call
from libs.strategy.sandbox.wire import LOCKFAIL, LOCKFAIL_EXIT, Limits

_LIMITS = Limits(cpu_s=2, memory_mb=16)
_PROT_RW, _PROT_RWX = 3, 7
_PRIVATE_ANONYMOUS = 0x22
_HELD = b"held"


def run(jail: lockdown.Jail) -> None:
    """Raise LockError that names the first attempt that succeeded, or the protection that could not be put up."""
    for name, attempt, ending in _ATTEMPTS:
        told, code = _in_child(jail, attempt)
        if code == LOCKFAIL_EXIT:
            raise LockError(told.removeprefix(LOCKFAIL).decode(errors="replace"))
        held = code == 0 and told == _HELD if ending == 0 else code == -ending
        if not held:
            raise LockError(f"containment: the attempt to {name} was not stopped")


def _in_child(jail: lockdown.Jail, attempt: Callable[[int], bool]) -> tuple[bytes, int]:
    reader, writer = os.pipe()
    empty = os.memfd_create("empty")
    try:
        child = os.fork()
        if child == 0:
            _child(jail, attempt, empty, writer)
        os.close(writer)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return os.read(reader, 4096), code
    finally:
        os.close(reader)
        os.close(empty)


def _child(jail: lockdown.Jail, attempt: Callable[[int], bool], empty: int, writer: int) -> NoReturn:
    code = LOCKFAIL_EXIT
    try:
        lockdown.part(jail)
        lockdown.lock(jail, _LIMITS, empty, empty, writer)
        code = 1
        os.write(RESULT_FD, b"LEAK" if attempt(jail.zygote) else _HELD)
        code = 0
    except (LockError, OSError) as error:
        if code == LOCKFAIL_EXIT:
            os.write(writer if _is_open(writer) else RESULT_FD, LOCKFAIL + str(error).encode())
    finally:
        os._exit(code)


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def _refused(name: str, *arguments: int | bytes | None) -> bool:
    try:
        call(name, *arguments)
    except OSError as error:
        return error.errno in (errno.EACCES, errno.EPERM, errno.EBADF, errno.ENOMEM)
    return False


def _quiet(_zygote: int) -> bool:
    return not (
        _refused("openat", -100, b"/\0", 0, 0)
        and _refused("mmap", 0, 4096, _PROT_RWX, _PRIVATE_ANONYMOUS, -1, 0)
        and _refused("mmap", 0, (_LIMITS.memory_mb + 1) << 20, _PROT_RW, _PRIVATE_ANONYMOUS, -1, 0)
        and _refused("write", 1, b"x", 1)
    )


def _socket(_zygote: int) -> bool:
    socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).detach()
    return True


def _fork(_zygote: int) -> bool:
    if os.fork() == 0:
        os._exit(0)
    return True


def _kill(zygote: int) -> bool:
    os.kill(zygote, 0)
    return True


_ATTEMPTS: tuple[tuple[str, Callable[[int], bool], int], ...] = (
    ("open a directory, map code, exceed the memory or write elsewhere", _quiet, 0),
    ("make a socket", _socket, signal.SIGSYS),
    ("fork", _fork, signal.SIGSYS),
    ("signal the parent", _kill, signal.SIGSYS),
)
