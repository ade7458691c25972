"""An empty world for the zygote: own mounts, processes, network, IPC, host name and cgroups, and a root directory without a file.

Normal in containers and on some distributions: not allowed. So it is tried in a process thrown away, and left out where that fails.
"""

import os
from typing import NoReturn

from libs.strategy.sandbox.kernel.syscalls import LockError, call, symbol

_NEW_NS, _NEW_CGROUP, _NEW_UTS, _NEW_IPC = 0x00020000, 0x02000000, 0x04000000, 0x08000000
_NEW_USER, _NEW_PID, _NEW_NET = 0x10000000, 0x20000000, 0x40000000
_ALL = _NEW_NS | _NEW_PID | _NEW_NET | _NEW_IPC | _NEW_UTS | _NEW_CGROUP

_NOSUID_NODEV_NOEXEC, _RDONLY = 2 | 4 | 8, 1
_REMOUNT, _BIND, _REC, _PRIVATE = 32, 4096, 16384, 1 << 18
_DETACH = 2
_ROOT_HERE = b"/proc\0"
"""Where the empty root is mounted before it becomes the root: a directory that has to exist anyway."""


def probe() -> str:
    """Return an empty text if namespaces work here, else the reason."""
    child = os.fork()
    if child == 0:
        _try()
    status = os.waitpid(child, 0)[1]
    code = os.waitstatus_to_exitcode(status)
    if code == 0:
        return ""
    return symbol(OSError(code, "")) if code > 0 else f"signal {-code}"


def enter() -> int:
    """Move into new namespaces. Raises LockError.

    Returns the id of the first process inside to the caller, who stays outside as launcher, and 0 to that process. Nothing but
    the caller's own threads may exist. The process inside still has the old root: see `empty_root`.
    """
    try:
        _unshare()
        return os.fork()
    except OSError as error:
        raise LockError.of("namespaces", error) from error


def empty_root() -> None:
    """Exchange the root for an empty read-only file system; raises LockError. Descriptors opened before stay usable."""
    try:
        _pivot()
    except OSError as error:
        raise LockError.of("empty root", error) from error


def _try() -> NoReturn:
    code = 1
    try:
        _unshare()
        inner = os.fork()
        if inner == 0:
            _pivot()
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1])
    except OSError as error:
        code = error.errno or 1
    finally:
        os._exit(code & 0xFF)


def _unshare() -> None:
    user, group = os.getuid(), os.getgid()
    if os.geteuid() == 0:
        call("unshare", _ALL)
        return
    call("unshare", _ALL | _NEW_USER)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{user} {user} 1")
    _write("/proc/self/gid_map", f"{group} {group} 1")


def _pivot() -> None:
    call("mount", b"none\0", b"/\0", None, _REC | _PRIVATE, None)
    call("mount", b"none\0", _ROOT_HERE, b"tmpfs\0", _NOSUID_NODEV_NOEXEC, b"size=4k,nr_inodes=2,mode=0555\0")
    os.chdir(_ROOT_HERE.rstrip(b"\0"))
    call("pivot_root", b".\0", b".\0")
    call("umount2", b".\0", _DETACH)
    os.chdir("/")
    call("mount", None, b"/\0", None, _REMOUNT | _BIND | _RDONLY | _NOSUID_NODEV_NOEXEC, None)


def _write(path: str, text: str) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)
