"""The pool with fork servers that misbehave: small programs that speak, or break, the protocol of the real one."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from libs.common.errors import PermanentError, SentinelError, TransientError
from libs.strategy.runtime import evaluate
from libs.strategy.sandbox.host.availability import switches_for
from libs.strategy.sandbox.host.fleet import Plan
from libs.strategy.sandbox.host.job import Job
from libs.strategy.sandbox.host.memory import sealed
from libs.strategy.sandbox.host.pool import Pool
from libs.strategy.sandbox.wire import Hello, Switches
from libs.strategy.spec import parse
from tests.security import frames
from tests.security.processes import alive, descendants
from tests.support.build import walk

READY = Hello(True, "", "3", "2", "3", {"seccomp": "yes"}, "passed").encode()
FRAME = frames.frame({"ok": True, "op": "check", "contracts": [], "diagnostics": []})
START = "import socket, sys, os, json, time\nline = socket.socket(fileno=int(sys.argv[1]))\n"
SERVE = f"""
line.send({READY!r})
while True:
    told, fds, _, _ = socket.recv_fds(line, 65536, 3)
    if not told:
        break
    job = json.loads(told)
    status = {{"id": job["id"], "exit": 0, "signal": None, "wall_limit": False, "cpu_s": 0.0, "max_rss_kb": 1}}
    os.write(fds[2], {FRAME!r})
    exec(ACT)
    for fd in fds:
        os.close(fd)
    line.send(json.dumps(status).encode())
"""


def program(text: str, act: str = "pass") -> Callable[[int, Switches], list[str]]:
    return lambda fd, switches: [sys.executable, "-S", "-E", "-c", f"{START}ACT = {act!r}\n{text}", str(fd)]


def pool_of(text: str, act: str = "pass", size: int = 1, hello_s: float = 10.0, queue_limit: int = 8) -> Pool:
    return Pool(plan=Plan(size, Switches(), hello_s=hello_s, command=program(text, act)), queue_limit=queue_limit)


def job() -> Job:
    return Job.of("check", "x = 1", sealed("market", []), {}, {})


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    before = sorted(os.listdir("/proc/self/fd"))
    yield
    assert sorted(os.listdir("/proc/self/fd")) == before
    assert alive(descendants(os.getpid())) == []


def error_of(act: Callable[[], object]) -> SentinelError:
    with pytest.raises(SentinelError) as caught:
        act()
    return caught.value


def test_pool_serves_jobs_and_tells_its_capabilities() -> None:
    with pool_of(SERVE) as pool:
        assert pool.capabilities() == {"sandbox": "starting"}
        assert pool.start(10)["sandbox"] == "on"
        assert pool.run(job()).code == "ok"
        assert pool.capabilities() == {
            "sandbox": "on",
            "seccomp": "yes",
            "python": "3",
            "numpy": "2",
            "pandas": "3",
            "self_test": "passed",
        }


def test_pool_on_a_machine_that_cannot_contain_fails_closed() -> None:
    refusal = Hello(False, "seccomp filter (EINVAL)").encode()
    with pool_of(f"line.send({refusal!r})") as pool:
        error = error_of(lambda: pool.run(job()))
        assert isinstance(error, PermanentError)
        assert error.code == "sandbox.unavailable"
        assert error.detail == (
            "Sandbox unavailable: seccomp filter (EINVAL). Run the backtest service in docker or on Linux >= 4.14, "
            "or set SENTINEL_SANDBOX=off to run only code you wrote yourself."
        )
        assert error_of(lambda: pool.run(job())).code == "sandbox.unavailable"
        assert pool.capabilities() == {"sandbox": "unavailable", "reason": error.detail}


def test_pool_on_another_system_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    made = job()
    monkeypatch.setattr(sys, "platform", "darwin")
    with pool_of(SERVE) as pool:
        assert "Linux (this is darwin)" in error_of(lambda: pool.run(made)).detail
        assert error_of(job).code == "sandbox.unavailable"
        assert pool.start(1)["sandbox"] == "unavailable"


@pytest.mark.parametrize("text", ["", "line.send(b'[]')", "time.sleep(60)"])
def test_pool_whose_fork_servers_never_greet_refuses_and_says_why(text: str) -> None:
    with pool_of(text, hello_s=0.1 if "sleep" in text else 10.0) as pool:
        error = error_of(lambda: pool.run(job()))
        assert isinstance(error, TransientError)
        assert error.code == "sandbox.unavailable"
        assert "fork server" in error.detail


@pytest.mark.parametrize(
    "act",
    [
        "os._exit(9)",
        "status['id'] = 99",
        "status['exit'] = '0'",
        "status['max_rss_kb'] = '0'",
        "line.send(b'x' * 99)",
        "status['foreign'] = 1",
    ],
)
def test_job_whose_fork_server_fails_twice_is_a_crash(act: str) -> None:
    with pool_of(SERVE, act) as pool:
        outcome = pool.run(job())
        assert outcome.code == "crash"
        assert "died under it 2 times" in outcome.detail


def test_job_whose_fork_server_fails_once_is_retried(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    act = f"p = {str(seen)!r}\nif not os.path.exists(p):\n    open(p, 'w').close()\n    os._exit(9)"
    with pool_of(SERVE, act) as pool:
        assert pool.run(job()).code == "ok"


def test_job_whose_child_was_killed_from_outside_starts_once_more(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    act = f"p = {str(seen)!r}\nif not os.path.exists(p):\n    open(p, 'w').close()\n    status.update(exit=None, signal=9)"
    with pool_of(SERVE, act) as pool:
        assert pool.run(job()).code == "ok"


@pytest.mark.parametrize("act", ["status['refused'] = 'no process for the job'", "status['exit'] = 71"])
def test_machine_short_of_something_is_not_the_fault_of_the_strategy(act: str) -> None:
    strategy = parse(code="def generate_signals(df):\n    return [0] * len(df)\n", symbols=["BTCUSDT"])
    with pool_of(SERVE, act) as pool:
        error = error_of(lambda: evaluate(strategy, walk(5), pool))
        assert isinstance(error, TransientError)
        assert error.code == "sandbox.unavailable"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_pool_whose_thread_broke_serves_again() -> None:
    with pool_of(SERVE) as pool:
        assert pool.run(job()).code == "ok"
        broken = pool._dispatcher
        assert broken is not None
        vars(broken)["_paces"] = None
        assert error_of(lambda: pool.run(job())).code == "sandbox.closed"
        broken.join(10)
        assert pool.run(job()).code == "ok"


@pytest.mark.parametrize(
    ("act", "code"),
    [
        ("status['exit'] = 71", "unavailable"),
        ("status['refused'] = 'no process for the job'", "unavailable"),
        ("status.update(id=0, refused='too long')", "unavailable"),
        ("status['exit'] = 1", "crash"),
        ("status.update(exit=None, signal=11)", "crash"),
        ("status.update(exit=None, signal=31)", "security_violation"),
        ("status.update(exit=None, signal=24)", "cpu_timeout"),
        ("status.update(exit=None, signal=9, cpu_s=31.0)", "cpu_timeout"),
        ("status.update(exit=None, signal=9)", "crash"),
        ("status.update(exit=None, signal=9, wall_limit=True)", "wall_timeout"),
        ("os.write(fds[2], b'more')", "protocol"),
        ("status['cpu_s'] = 1", "ok"),
    ],
)
def test_verdict_follows_the_exit_status_whatever_was_written(act: str, code: str) -> None:
    with pool_of(SERVE, act) as pool:
        outcome = pool.run(job())
        assert (outcome.code, outcome.ok) == (code, code == "ok")
        assert bool(outcome.detail) != outcome.ok
        assert (outcome.answer is None) != outcome.ok


def test_answer_beyond_its_limit_is_cut_off() -> None:
    act = "try:\n    os.write(fds[2], bytes(200_000))\nexcept BrokenPipeError:\n    status['exit'] = 1"
    with pool_of(SERVE, act) as pool:
        assert pool.run(job()).code == "output_limit"


def test_pool_runs_callers_in_turn_and_refuses_beyond_its_bound(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    with pool_of(SERVE, f"open({str(gate)!r}).read()", queue_limit=4) as pool:
        pool.start(10)
        ended: list[str] = []
        futures = [pool.submit(job(), "first")]
        while not futures[0].running():
            pass
        for name in ("a", "a", "b"):
            future = pool.submit(job(), name)
            future.add_done_callback(partial(lambda caller, _: ended.append(caller), name))
            futures.append(future)
        assert error_of(lambda: pool.submit(job(), "a")).code == "sandbox.busy"
        futures.append(pool.submit(job(), "c"))
        busy = error_of(lambda: pool.submit(job(), "d"))
        assert (busy.code, "bound is 4" in busy.detail) == ("sandbox.busy", True)
        assert futures[2].cancel()
        assert not futures[0].cancel()
        futures.append(pool.submit(job(), "d"))
        for future in (futures[0], futures[1], futures[3], futures[4], futures[5]):
            gate.write_text("go")
            assert future.result(10).code == "ok"
        assert ended == ["a", "a", "b"]


def test_pool_that_closes_ends_every_job() -> None:
    pool = pool_of(SERVE, "time.sleep(60)")
    pool.start(10)
    futures = [pool.submit(job()) for _ in range(3)]
    pool.close()
    assert {error_of(future.result).code for future in futures} == {"sandbox.closed"}
    assert error_of(lambda: pool.run(job())).code == "sandbox.closed"
    pool.close()


async def test_pool_serves_an_event_loop() -> None:
    with pool_of(SERVE) as pool:
        assert (await pool.run_async(job(), "loop")).code == "ok"


@pytest.mark.parametrize("name", ["unguarded", "seccomp", "landlock", "namespaces", "drop_uid"])
def test_switch_of_a_layer_is_refused_outside_tests(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SENTINEL_SANDBOX_TEST", raising=False)
    changed: dict[str, Any] = {name: name == "unguarded"}
    switches = Switches(**changed)
    assert error_of(lambda: Pool(1, switches)).code == "sandbox.switch"
    monkeypatch.setenv("SENTINEL_SANDBOX_TEST", "1")
    Pool(1, switches).close()


def test_setting_decides_on_or_off_and_nothing_else() -> None:
    assert switches_for("on") == Switches()
    assert switches_for("off") == Switches(sandbox="off")
    assert error_of(lambda: switches_for("Off")).code == "sandbox.setting"
    assert json.loads(Switches().encode())["sandbox"] == "on"


@pytest.mark.parametrize("keep", [0, 1])
def test_fork_servers_without_work_go_and_come_back_when_there_is_some(keep: int) -> None:
    plan = Plan(2, Switches(), hello_s=10.0, command=program(SERVE, "time.sleep(0.05)"), keep=keep, idle_s=0.3)
    with Pool(plan=plan, queue_limit=8) as pool:
        for _ in range(2):
            assert {each.result().code for each in [pool.submit(job(), str(caller)) for caller in range(6)]} == {"ok"}
            until(lambda: len(alive(descendants(os.getpid()))) == keep)
        assert pool.capabilities()["sandbox"] == "on"


def until(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)
