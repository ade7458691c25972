"""Landlock: no file, no TCP, no abstract socket, no signal out, by a rule set that handles everything and allows nothing.

A second net under seccomp, used where the kernel has it (Linux 5.13). Rights are asked for by ABI, because a kernel refuses what it
does not know. Source: linux/landlock.h.
"""

import struct

from libs.strategy.sandbox.kernel.syscalls import LockError, call

_VERSION = 1
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}
"""How many file rights exist from an ABI on."""
_NET_ABI, _SCOPE_ABI = 4, 6


def abi() -> int:
    """Return the version the kernel has, 0 for none."""
    try:
        return call("landlock_create_ruleset", None, 0, _VERSION)
    except OSError:
        return 0


def create(version: int) -> int:
    """Return the descriptor of a rule set that denies all this ABI can deny; raises LockError."""
    files = (1 << max(count for since, count in _FILE_RIGHTS.items() if since <= version)) - 1
    attributes = struct.pack("=Q", files)
    if version >= _NET_ABI:
        attributes += struct.pack("=Q", 0b11)
    if version >= _SCOPE_ABI:
        attributes += struct.pack("=Q", 0b11)
    try:
        return call("landlock_create_ruleset", attributes, len(attributes), 0)
    except OSError as error:
        raise LockError.of("landlock rule set", error) from error


def restrict(ruleset: int) -> None:
    """Put this process under the rule set for good; raises LockError. Needs NO_NEW_PRIVS."""
    try:
        call("landlock_restrict_self", ruleset, 0)
    except OSError as error:
        raise LockError.of("landlock", error) from error
