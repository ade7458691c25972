"""The policy as a program of the kernel's packet filter, and its installation.

The program is assembled once by the zygote and is the same for every job. It cannot be taken off again. Arguments are checked as far as
the kernel reads them: descriptors, protections and operations are their low 32 bits.
"""

import ctypes
import errno
import struct
from collections.abc import Iterable

from libs.strategy.sandbox.kernel.policy import ALLOWED, HOSTILE, REFUSED
from libs.strategy.sandbox.kernel.syscalls import LockError, call, number

KILL = 0x80000000
ALLOW = 0x7FFF0000
ERRNO = 0x00050000
AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
RESULT_FD = 3
"""The one descriptor untrusted code may write to."""

_SET_MODE_FILTER = 1
_GET_ACTION_AVAIL = 2
_X32 = 0x40000000

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _JUMP, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x05, 0x06
_NUMBER, _ARCH = 0, 4
_LEAF = 3
"""Numbers compared one after another at the end of a search."""

_PROT_EXEC = 4
_PRIVATE_ANONYMOUS = 0x02 | 0x20
_MAP_FLAGS = _PRIVATE_ANONYMOUS | 0x10 | 0x4000 | 0x20000
_FUTEX_OPERATION = ~(128 | 256) & 0xFFFFFFFF
_FUTEX_WAIT_WAKE = (0, 1, 9, 10)
_MADVISE_HINTS = (4, 8, 14, 15)

_Code = list[tuple[int, int, int, int]]


def assemble(machine: str) -> bytes:
    """Return the filter program for `x86_64` or `aarch64`: 8 bytes an instruction."""
    code: _Code = [
        (_LOAD, 0, 0, _ARCH),
        (_EQUAL, 1, 0, AUDIT_ARCH[machine]),
        _ret(KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if machine == "x86_64":
        code += [(_AT_LEAST, 0, 1, _X32), _ret(KILL)]
    code += _search(sorted(_answers(machine).items()))
    return b"".join(struct.pack("=HBBI", *each) for each in code)


def install(program: bytes) -> None:
    """Put this process under the program for good; raises LockError. Needs NO_NEW_PRIVS."""
    held = ctypes.create_string_buffer(program, len(program))
    argument = struct.pack("@HP", len(program) // 8, ctypes.addressof(held))
    try:
        call("seccomp", _SET_MODE_FILTER, 0, argument)
    except OSError as error:
        raise LockError.of("seccomp filter", error) from error


def require() -> None:
    """Raise LockError unless the kernel can end a whole process by filter (Linux 4.14)."""
    try:
        call("seccomp", _GET_ACTION_AVAIL, 0, struct.pack("=I", KILL))
    except OSError as error:
        raise LockError.of("seccomp filter", error) from error


def _ret(action: int) -> tuple[int, int, int, int]:
    return (_RETURN, 0, 0, action)


def _answers(machine: str) -> dict[int, _Code]:
    """Return what follows on each number that is named: instructions that end with an action."""
    named: dict[str, _Code] = {name: [_ret(ALLOW)] for name in ALLOWED} | _CHECKS
    for error, names in REFUSED.items():
        named |= {name: [_ret(ERRNO | error)] for name in names}
    named |= {name: [_ret(KILL)] for name in HOSTILE}
    return {found: code for name, code in named.items() if (found := number(name, machine)) is not None}


def _search(answers: list[tuple[int, _Code]]) -> _Code:
    """Return a binary search over the numbers: the kernel walks the program for every number there is when it is installed."""
    if len(answers) <= _LEAF:
        compared = [each for found, code in answers for each in ((_EQUAL, 0, len(code), found), *code)]
        return [*compared, _ret(ERRNO | errno.ENOSYS)]
    middle = len(answers) // 2
    low, high = _search(answers[:middle]), _search(answers[middle:])
    return [(_AT_LEAST, 0, 1, answers[middle][0]), (_JUMP, 0, 0, len(low)), *low, *high]


def _low(argument: int) -> tuple[int, int, int, int]:
    return (_LOAD, 0, 0, 16 + 8 * argument)


def _high(argument: int) -> tuple[int, int, int, int]:
    return (_LOAD, 0, 0, 20 + 8 * argument)


def _one_of(values: Iterable[int]) -> _Code:
    return [each for value in values for each in ((_EQUAL, 0, 1, value), _ret(ALLOW))]


_CHECKS: dict[str, _Code] = {
    "write": [_low(0), *_one_of([RESULT_FD]), _ret(ERRNO | errno.EBADF)],
    "mmap": [
        _low(2),
        (_ANY_BIT, 6, 0, _PROT_EXEC),
        _low(3),
        (_ANY_BIT, 4, 0, ~_MAP_FLAGS & 0xFFFFFFFF),
        (_AND, 0, 0, _PRIVATE_ANONYMOUS),
        (_EQUAL, 0, 2, _PRIVATE_ANONYMOUS),
        _high(3),
        (_EQUAL, 1, 0, 0),
        _ret(ERRNO | errno.EPERM),
        _ret(ALLOW),
    ],
    "mprotect": [_low(2), (_ANY_BIT, 0, 1, _PROT_EXEC), _ret(ERRNO | errno.EPERM), _ret(ALLOW)],
    "futex": [_low(1), (_AND, 0, 0, _FUTEX_OPERATION), *_one_of(_FUTEX_WAIT_WAKE), _ret(ERRNO | errno.EPERM)],
    "madvise": [_low(2), *_one_of(_MADVISE_HINTS), _ret(ERRNO)],
}
