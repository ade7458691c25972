"""What a process may do by who it is: user, capabilities, new privileges, whether others may look into it, who it dies with."""

import errno
import os
import signal
import struct

from libs.strategy.sandbox.kernel.syscalls import (
    PR_CAP_AMBIENT,
    PR_CAP_AMBIENT_CLEAR_ALL,
    PR_CAPBSET_DROP,
    PR_GET_NO_NEW_PRIVS,
    PR_SET_DUMPABLE,
    PR_SET_NO_NEW_PRIVS,
    PR_SET_PDEATHSIG,
    LockError,
    call,
    prctl,
)

NOBODY = 65534
"""User and group a zygote started by root becomes."""

_CAPABILITY_VERSION_3 = 0x20080522
_MOST_CAPABILITIES = 64


def become_nobody() -> bool:
    """Leave root for a user that owns nothing; return False where root may not (a container without CAP_SETUID). Raises LockError."""
    try:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    except PermissionError:
        return False
    except OSError as error:
        raise LockError.of(f"uid {NOBODY}", error) from error
    return True


def bound() -> None:
    """Empty the bounding set as far as allowed, so that no exec could ever regain a capability."""
    for capability in range(_MOST_CAPABILITIES):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EINVAL):
                raise LockError.of("capability bounding set", error) from error
            return


def drop_capabilities() -> None:
    """Give up every capability of every set; raises LockError."""
    try:
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
        call("capset", struct.pack("=Ii", _CAPABILITY_VERSION_3, 0), bytes(24))
    except OSError as error:
        raise LockError.of("dropping capabilities", error) from error


def no_new_privileges() -> None:
    """Rule out that this process or a child ever gains rights; raises LockError."""
    try:
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        held = prctl(PR_GET_NO_NEW_PRIVS)
    except OSError as error:
        raise LockError.of("NO_NEW_PRIVS", error) from error
    if held != 1:
        raise LockError("NO_NEW_PRIVS")


def die_with_parent(parent: int) -> None:
    """Be killed when the thread that forked this process ends; raises LockError, also if the parent is gone already.

    parent: its id as this process sees it, 0 if it lives in an outer pid namespace. A change of user clears the wish, so it comes after.
    """
    try:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    except OSError as error:
        raise LockError.of("PDEATHSIG", error) from error
    if os.getppid() != parent:
        raise LockError("a living parent")


def hide_memory() -> None:
    """Keep processes of the same user from reading this one's memory; raises LockError."""
    try:
        prctl(PR_SET_DUMPABLE, 0)
    except OSError as error:
        raise LockError.of("DUMPABLE=0", error) from error
