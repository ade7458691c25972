"""The smallest thing that runs a stranger's code: no checker, no guards, everything Python has. What holds it is the kernel alone."""

import ctypes
import errno
import os
import platform
import struct
import sys
import threading
from functools import cache
from typing import Any

from libs.strategy.sandbox.kernel import seccomp
from libs.strategy.sandbox.kernel.privileges import no_new_privileges
from libs.strategy.sandbox.kernel.syscalls import PR_SET_DUMPABLE, number, prctl
from libs.strategy.sandbox.server import Guest
from libs.strategy.sandbox.wire import JobHeader
from tests.security import canaries


def run(header: JobHeader, source: bytes, market: memoryview, *, guarded: bool) -> tuple[dict[str, Any], bytes]:
    names = {"args": header.args, "market": market, "told": {}, "__name__": "stranger"}
    exec(compile(source, "stranger", "exec"), names)
    return {"ok": True, "told": names["told"]}, b""


def rehearse() -> None:
    sys.getrecursionlimit()


def load() -> Guest:
    int80()
    return Guest(run, rehearse)


def become(user: int | None) -> None:
    """Be an ordinary user from here on, as if a person had started the service; the interpreter may be readable by root alone."""
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        prctl(PR_SET_DUMPABLE, 1)


@cache
def int80() -> int:
    """Return the address of machine code that asks for the process id by the 32-bit gate, 0 on other machines.

    Made before the fork: no child could make it.
    """
    if platform.machine() != "x86_64":
        return 0
    code = b"\xb8\x14\x00\x00\x00\xcd\x80\xc3"
    at = canaries.syscall("mmap", None, 4096, 7, 0x22, -1, 0)
    ctypes.memmove(at, code, len(code))
    return at


def load_badly() -> Guest:
    """A guest whose rehearsal fails."""
    return Guest(run, lambda: sys.exit(1))


def load_nothing() -> Guest:
    """A machine without the libraries."""
    raise ImportError("no pandas")


def load_with_thread() -> Guest:
    """A guest that left a thread running."""
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    return load()


def deny(name: str, error: int = errno.EINVAL) -> None:
    """Make this kernel one that refuses a system call with an errno."""
    no_new_privileges()
    known = number(name, platform.machine())
    rows = [
        (0x20, 0, 0, 0),
        (0x15, 0, 1, known),
        (0x06, 0, 0, seccomp.ERRNO | error),
        (0x06, 0, 0, seccomp.ALLOW),
    ]
    seccomp.install(b"".join(struct.pack("=HBBI", *each) for each in rows))


def hold_nothing() -> None:
    """Make the filter one that allows everything."""
    allow = struct.pack("=HBBI", 0x06, 0, 0, seccomp.ALLOW)
    seccomp.assemble = lambda machine: allow


def forget(name: str) -> None:
    """Make the filter one that allows a system call it should not."""
    assembled = seccomp.assemble(platform.machine())
    known = struct.pack("=HBBI", 0x15, 0, 1, number(name, platform.machine()) or 0)
    at = assembled.index(known) + len(known)
    allow = struct.pack("=HBBI", 0x06, 0, 0, seccomp.ALLOW)
    changed = assembled[:at] + allow + assembled[at + len(allow) :]
    seccomp.assemble = lambda machine: changed
