"""The filter program, run by a small interpreter of the kernel's instructions, decides as the policy says, on both machines."""

import errno
import struct

import pytest

from libs.strategy.sandbox.kernel.numbers import ABSENT, NUMBERS
from libs.strategy.sandbox.kernel.policy import ALLOWED, HOSTILE, LIMITED, REFUSED
from libs.strategy.sandbox.kernel.seccomp import ALLOW, AUDIT_ARCH, ERRNO, KILL, assemble
from libs.strategy.sandbox.kernel.syscalls import MACHINES, number

PRIVATE_ANONYMOUS = 0x22
READ_WRITE, READ_WRITE_EXEC = 3, 7

AARCH64 = {
    "write": 64, "mmap": 222, "mprotect": 226, "munmap": 215, "mremap": 216, "brk": 214, "madvise": 233, "futex": 98,
    "clock_gettime": 113, "clock_getres": 114, "gettimeofday": 169, "getrandom": 278, "sched_yield": 124, "rt_sigreturn": 139,
    "rt_sigprocmask": 135, "sigaltstack": 132, "getpid": 172, "gettid": 178, "getrusage": 165, "times": 153, "close": 57,
    "exit": 93, "exit_group": 94, "restart_syscall": 128,
}  # fmt: skip
"""Resolved with libseccomp."""


def decide(program: bytes, data: bytes) -> int:
    """Run a filter on a seccomp_data record and return its action."""
    held, at = 0, 0
    while True:
        code, yes, no, value = struct.unpack_from("=HBBI", program, 8 * at)
        at += 1
        if code == 0x06:
            return int(value)
        if code == 0x20:
            held = struct.unpack_from("=I", data, value)[0]
        elif code == 0x54:
            held &= value
        elif code == 0x05:
            at += value
        else:
            met = {0x15: held == value, 0x35: held >= value, 0x45: bool(held & value)}[code]
            at += yes if met else no


def action(machine: str, call: str | int, *arguments: int, arch: int | None = None) -> int:
    which = number(call, machine) if isinstance(call, str) else call
    assert which is not None
    six = [each & 0xFFFFFFFFFFFFFFFF for each in (*arguments, *[0] * (6 - len(arguments)))]
    data = struct.pack("=IIQ6Q", which & 0xFFFFFFFF, AUDIT_ARCH[machine] if arch is None else arch, 0, *six)
    return decide(assemble(machine), data)


def here(machine: str, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if number(name, machine) is not None]


@pytest.mark.parametrize("machine", MACHINES)
def test_filter_answers_every_named_call_as_the_policy_says(machine: str) -> None:
    assert {action(machine, name) for name in ALLOWED} == {ALLOW}
    assert {action(machine, name) for name in here(machine, HOSTILE)} == {KILL}
    for error, names in REFUSED.items():
        assert {action(machine, name) for name in here(machine, names)} == {ERRNO | error}


@pytest.mark.parametrize("machine", MACHINES)
def test_filter_answers_enosys_to_every_number_not_named(machine: str) -> None:
    named = {number(name, machine) for name in (*ALLOWED, *LIMITED, *HOSTILE, *sum(REFUSED.values(), ()))}
    program = assemble(machine)
    for which in set(range(600)) - named:
        data = struct.pack("=IIQ6Q", which, AUDIT_ARCH[machine], 0, *[0] * 6)
        assert decide(program, data) == ERRNO | errno.ENOSYS


@pytest.mark.parametrize("machine", MACHINES)
def test_filter_kills_calls_of_another_architecture(machine: str) -> None:
    assert action(machine, "getpid", arch=0x40000003) == KILL
    assert action(machine, "getpid", arch=AUDIT_ARCH["x86_64" if machine == "aarch64" else "aarch64"]) == KILL


def test_filter_kills_x32_calls() -> None:
    assert action("x86_64", 0x40000000 + 39) == KILL
    assert action("x86_64", -1) == KILL


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(("fd", "expected"), [(3, ALLOW), (1, ERRNO | errno.EBADF), (0, ERRNO | errno.EBADF)])
def test_write_is_allowed_to_the_result_alone(machine: str, fd: int, expected: int) -> None:
    assert action(machine, "write", fd) == expected


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("prot", "flags", "allowed"),
    [
        (READ_WRITE, PRIVATE_ANONYMOUS, True),
        (0, PRIVATE_ANONYMOUS | 0x4000, True),
        (READ_WRITE, PRIVATE_ANONYMOUS | 0x10 | 0x20000, True),
        (READ_WRITE_EXEC, PRIVATE_ANONYMOUS, False),
        (4, PRIVATE_ANONYMOUS, False),
        (READ_WRITE, 0x21, False),
        (READ_WRITE, 0x02, False),
        (READ_WRITE, 0x20, False),
        (READ_WRITE, PRIVATE_ANONYMOUS | 0x100, False),
        (READ_WRITE, PRIVATE_ANONYMOUS | 0x40000, False),
        (READ_WRITE, PRIVATE_ANONYMOUS | 1 << 32, False),
        (READ_WRITE | 1 << 34, PRIVATE_ANONYMOUS, True),
    ],
)
def test_mmap_is_allowed_for_private_memory_without_code(machine: str, prot: int, flags: int, allowed: bool) -> None:
    assert action(machine, "mmap", 0, 4096, prot, flags) == (ALLOW if allowed else ERRNO | errno.EPERM)


@pytest.mark.parametrize("machine", MACHINES)
def test_mprotect_futex_and_madvise_are_allowed_by_argument(machine: str) -> None:
    assert action(machine, "mprotect", 0, 4096, READ_WRITE) == ALLOW
    assert action(machine, "mprotect", 0, 4096, READ_WRITE_EXEC) == ERRNO | errno.EPERM
    for operation in (0, 1, 9, 10, 128, 129, 128 | 256 | 9):
        assert action(machine, "futex", 0, operation) == ALLOW
    for operation in (2, 3, 4, 5, 6, 7, 11, 12, 13, 128 | 3):
        assert action(machine, "futex", 0, operation) == ERRNO | errno.EPERM
    for advice in (4, 8, 14, 15):
        assert action(machine, "madvise", 0, 0, advice) == ALLOW
    for advice in (3, 9, 10, 12, 16, 18, 23):
        assert action(machine, "madvise", 0, 0, advice) == ERRNO


def test_limited_calls_are_those_with_checks() -> None:
    for machine in MACHINES:
        assert all(action(machine, name, 2, 99, 0xFF) != ERRNO | errno.ENOSYS for name in LIMITED)


def test_every_named_call_has_one_class_and_a_number() -> None:
    named = [*ALLOWED, *LIMITED, *HOSTILE, *sum(REFUSED.values(), ())]
    assert len(named) == len(set(named))
    assert set(named) <= NUMBERS.keys()
    for column, machine in enumerate(MACHINES):
        numbers = [pair[column] for pair in NUMBERS.values() if pair[column] != ABSENT]
        assert len(numbers) == len(set(numbers)), machine


def test_numbers_of_the_allowed_calls_on_aarch64_are_those_of_libseccomp() -> None:
    assert {name: number(name, "aarch64") for name in (*ALLOWED, *LIMITED)} == AARCH64


def test_jumps_stay_inside_the_program() -> None:
    for machine in MACHINES:
        program = assemble(machine)
        length = len(program) // 8
        assert length < 4096
        for at in range(length):
            code, yes, no, value = struct.unpack_from("=HBBI", program, 8 * at)
            assert code == 0x06 or at + 1 + (value if code == 0x05 else max(yes, no)) < length
