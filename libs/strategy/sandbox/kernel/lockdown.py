"""The steps a child takes before it touches a stranger's code, in the one order that works.

Each step either holds or raises LockError; the child then refuses the job. What was prepared once by the zygote is in `Jail`.
"""

import os
import resource
import signal
from dataclasses import dataclass

from libs.strategy.sandbox.kernel import landlock, limits, privileges, seccomp
from libs.strategy.sandbox.kernel.syscalls import LockError, map_private
from libs.strategy.sandbox.wire import Limits

MAX_FILES = 256
"""Descriptors a zygote may have; it lowers its own limit, so that closing all of them is quick on every kernel."""
NULL_FDS = (0, 1, 2)

_NICE = 10
_MAX_CODE_BYTES = 64 * 1024 * 1024
"""A trained model at its largest, and far above the 64 kB the checker allows, so a longer source is still refused by it with its reason."""


@dataclass(frozen=True, slots=True)
class Jail:
    """What the zygote made ready for its children.

    zygote: its process id. proc: descriptor of /proc. program: seccomp filter, empty for none. ruleset: Landlock descriptor, -1
    for none.
    """

    zygote: int
    proc: int
    program: bytes
    ruleset: int


def part(jail: Jail) -> None:
    """Leave the zygote's session, die with it, hide from it, and take no signal handler along; raises LockError."""
    privileges.hide_memory()
    os.setsid()
    privileges.die_with_parent(jail.zygote)
    for each in (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(each, signal.SIG_DFL)


def lock(jail: Jail, job: Limits, code: int, market: int, result: int) -> tuple[bytes, memoryview]:
    """Return the source and the mapped market, with every protection up; raises LockError before that.

    code, market: sealed memory files. result: pipe, which becomes descriptor 3; all others are closed. Nothing may be opened after.
    """
    try:
        source = os.pread(code, min(os.fstat(code).st_size, _MAX_CODE_BYTES), 0)
        view = map_private(market, os.fstat(market).st_size)
        os.dup2(result, seccomp.RESULT_FD, inheritable=False)
        _close_all_but(jail)
        os.nice(_NICE)
    except OSError as error:
        raise LockError.of("job descriptors", error) from error
    limits.apply(job, jail.proc)
    os.close(jail.proc)
    if jail.ruleset >= 0:
        landlock.restrict(jail.ruleset)
        os.close(jail.ruleset)
    if jail.program:
        seccomp.install(jail.program)
    return source, view


def few_files() -> None:
    """Lower how many descriptors this process may have; raises LockError."""
    try:
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        most = MAX_FILES if hard == resource.RLIM_INFINITY else min(MAX_FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    except OSError as error:
        raise LockError.of("rlimits", error) from error


def _close_all_but(jail: Jail) -> None:
    first = seccomp.RESULT_FD + 1
    for kept in sorted(fd for fd in (jail.proc, jail.ruleset) if fd >= 0):
        os.closerange(first, kept)
        first = kept + 1
    os.closerange(first, MAX_FILES)
