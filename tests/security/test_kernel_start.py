"""A fork server at its start: what it tells about its protections, and that it refuses to serve where a mandatory one is missing."""

import errno
import os
import signal
from collections.abc import Iterator

import pytest

from libs.strategy.sandbox.wire import Limits, Switches
from tests.security.bare import ENVIRONMENT, STAND_IN, Bare

OPEN = Switches(unguarded=True)
SERVED = b"told['served'] = 1"
HASTY = Limits(cpu_s=1, wall_s=0.1)


@pytest.fixture
def zygote() -> Iterator[Bare]:
    with Bare(OPEN) as running:
        assert running.hello.ready, running.hello
        yield running


UNREADY = {
    "two threads": ("from tests.security.standin import load_with_thread as load", "a single thread"),
    "no seccomp": (f"{STAND_IN}; from tests.security.standin import deny; deny('seccomp')", "seccomp filter (EINVAL)"),
    "no rlimits": (f"{STAND_IN}; from tests.security.standin import deny; deny('prlimit64')", "rlimits (EINVAL)"),
    "no NO_NEW_PRIVS": (f"{STAND_IN}; from tests.security.standin import deny; deny('prctl')", "PDEATHSIG (EINVAL)"),
    "a filter that holds nothing": (
        f"{STAND_IN}; from tests.security.standin import hold_nothing; hold_nothing()",
        "containment: the attempt to open",
    ),
    "a filter without fork": (
        f"{STAND_IN}; from tests.security.standin import forget; forget('clone')",
        "containment: the attempt to fork",
    ),
    "no strategies": ("from tests.security.standin import load_nothing as load", "ImportError: no pandas"),
}


@pytest.mark.parametrize(("load", "missing"), UNREADY.values(), ids=UNREADY.keys())
def test_zygote_that_cannot_contain_says_what_is_missing_and_ends(load: str, missing: str) -> None:
    with Bare(Switches(), load=load) as zygote:
        assert not zygote.hello.ready
        assert zygote.hello.missing.startswith(missing)
        assert zygote.control.recv(10) == b""


def test_zygote_with_random_hashes_refuses_to_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(ENVIRONMENT, "PYTHONHASHSEED")
    with Bare(OPEN) as zygote:
        assert zygote.hello.missing.startswith("PYTHONHASHSEED=0")


def test_zygote_with_the_sandbox_off_says_so_and_still_limits() -> None:
    with Bare(Switches(sandbox="off", unguarded=True)) as zygote:
        assert zygote.hello.capabilities["sandbox"] == "off"
        assert "seccomp" not in zygote.hello.capabilities
        ended = zygote.run(source=b"bytearray(1 << 28)", limits=Limits(cpu_s=1, wall_s=2, memory_mb=64))
        assert ended.answer["error"]["code"] == "strategy.memory"


def test_zygote_reports_what_protects_it(zygote: Bare) -> None:
    found = zygote.hello.capabilities
    assert found["sandbox"] == "on"
    assert (found["seccomp"], found["no_new_privileges"], found["rlimits"]) == ("yes", "yes", "yes")
    assert zygote.hello.self_test == "passed"


def lacking(name: str, error: int) -> str:
    return f"{STAND_IN}; from tests.security.standin import deny; deny({name!r}, {error})"


@pytest.mark.parametrize(
    ("call", "error", "capability", "told"),
    [
        ("unshare", errno.EPERM, "namespaces", "no (EPERM)"),
        ("mount", errno.EPERM, "namespaces", "no (EPERM)"),
        ("landlock_create_ruleset", errno.ENOSYS, "landlock", "no"),
        ("pidfd_open", errno.ENOSYS, "seccomp", "yes"),
    ],
)
def test_machine_without_an_optional_part_serves_and_says_so(call: str, error: int, capability: str, told: str) -> None:
    with Bare(OPEN, load=lacking(call, error)) as zygote:
        assert zygote.hello.capabilities[capability] == told
        assert zygote.hello.self_test == "passed"
        assert zygote.run(source=SERVED).answer["told"] == {"served": 1}
        hung = zygote.run(source=b"import threading\na = threading.Lock()\na.acquire()\na.acquire()", limits=HASTY)
        assert (hung.status.wall_limit, hung.status.signal) == (True, signal.SIGKILL)


def test_root_that_may_not_change_user_serves_and_says_so() -> None:
    if os.geteuid() != 0:
        pytest.skip("needs a test run by root")
    with Bare(OPEN, load=lacking("setgroups", errno.EPERM)) as zygote:
        assert zygote.hello.capabilities["uid"] == "0 (EPERM)"
        assert zygote.hello.self_test == "passed"
