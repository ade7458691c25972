"""The real fork servers under attack: children that lie, processes that are killed, callers that flood."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from libs.common.values import Timeframe
from libs.strategy.sandbox.host.answers import CheckAnswer, ClassifyAnswer, SignalsAnswer
from libs.strategy.sandbox.host.job import Job
from libs.strategy.sandbox.host.market import market_memfd
from libs.strategy.sandbox.host.pool import Pool
from libs.strategy.sandbox.host.verdict import Outcome
from libs.strategy.sandbox.wire import Limits, Switches
from tests.security.processes import alive, children, descendants, gone_within, stat
from tests.unit.market.series import walk

ROOT = Path(__file__).resolve().parents[2]
BARS = walk(60)
QUICK = "def generate_signals(df):\n    return (df['close'] > df['open']).astype(int)\n"
SLOW = (
    "def generate_signals(df):\n    total = 0\n    for i in range({}):\n        total += i\n    return [0] * len(df)\n"
)
ENDLESS = "def generate_signals(df):\n    while True:\n        pass\n"
FORGED = "import os, signal\n{}\nos._exit(0)\n"


def job(code: str = QUICK, **limits: Any) -> Job:
    market = market_memfd({"BTCUSDT": BARS}, Timeframe.H1)
    args = {"symbols": ["BTCUSDT"], "parameters": {}}
    return Job.of("signals", code, market, {"BTCUSDT": len(BARS)}, args, Limits(**limits))


def until(found: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 60
    while not (value := found()):
        assert time.monotonic() < deadline
        os.sched_yield()
    return value


@pytest.fixture(autouse=True)
def no_descriptor_and_no_process_left(request: pytest.FixtureRequest) -> Iterator[None]:
    fds, own = sorted(os.listdir("/proc/self/fd")), children(os.getpid())  # the open pool may fork a spare at any time
    yield
    assert sorted(os.listdir("/proc/self/fd")) == fds
    if "open_pool" not in request.fixturenames:
        new = [child for child in children(os.getpid()) if child not in own]
        assert gone_within([pid for child in new for pid in (child, *descendants(child))], 20)


@pytest.fixture(scope="module")
def open_pool() -> Iterator[Pool]:
    """A pool whose children run code without checker and guards, so that only the kernel and the host stand."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENTINEL_SANDBOX_TEST", "1")
        pool = Pool(1, Switches(unguarded=True))
    pool.run(job())
    yield pool
    pool.close()


def test_every_op_is_answered_by_the_real_child() -> None:
    market = market_memfd({"BTCUSDT": BARS, "ETHUSDT": walk(9, seed=2)}, Timeframe.H1)
    rows = {"BTCUSDT": 60, "ETHUSDT": 9}
    code = (
        QUICK
        + "def classify_symbol(symbol):\n"
        + "    bars = get_price_data(symbol, '1h', 2)\n"
        + "    return {'score': bars['close'][-1], 'classification': bars['close'][-1] > bars['open'][-1]}\n"
        + "def run_screening(universe, limit):\n"
        + "    return {'ranked_results': [{'ticker': symbol, 'score': 1.0} for symbol in universe]}\n"
    )
    asked: dict[str, Any] = {"symbols": list(rows), "parameters": {}}
    times = [int(BARS.ts[30]), int(BARS.ts[59])]
    batch = {
        **asked,
        "contract": "run_screening",
        "start_ms": times[0],
        "end_ms": times[1],
        "limit": 1,
        "asof_ms": times,
    }
    with Pool(1) as pool:
        signals = pool.run(Job.of("signals", code, os.dup(market), rows, asked)).answer
        classified = pool.run(
            Job.of("classify", code, os.dup(market), rows, {**asked, "first": {"BTCUSDT": 40}})
        ).answer
        screened = pool.run(Job.of("batch", code, os.dup(market), rows, batch))
        checked = pool.run(Job.of("check", code, os.dup(market), rows, {})).answer
        told = pool.capabilities()
    os.close(market)
    rising = BARS.close > BARS.open
    assert isinstance(signals, SignalsAnswer)
    assert list(signals.actions["BTCUSDT"]) == list(rising)
    assert isinstance(classified, ClassifyAnswer)
    assert list(classified.hits["BTCUSDT"]) == list(rising[40:])
    assert {detail.row for detail in classified.details["BTCUSDT"]} == {row for row in range(40, 60) if rising[row]}
    assert [pick.asof_ms for pick in screened.answer.picks] == times  # type: ignore[union-attr]
    assert isinstance(checked, CheckAnswer)
    assert set(checked.contracts) == {"python.signals", "python.classify", "python.batch"}
    assert (told["sandbox"], told["self_test"]) == ("on", "passed")


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("", "protocol"),
        ("os.write(3, b'no frame at all')", "protocol"),
        ("os.write(3, bytes(8))", "protocol"),
        ("os.write(3, (2).to_bytes(4, 'little') + bytes(4) + b'{}')", "protocol"),
        ("os.write(3, (9).to_bytes(4, 'little') + bytes(4) + b'{}')", "protocol"),
        ("os.write(3, bytes(100)); os._exit(5)", "crash"),
        ("os.close(3)", "protocol"),
        ("os._exit(71)", "crash"),
        ("while True: os.write(3, bytes(65536))", "output_limit"),
        ("os.abort()", "crash"),
        ("os.fork()", "security_violation"),
        ("import ctypes; ctypes.string_at(0)", "crash"),
        ("raise MemoryError", "memory"),
        ("x = bytearray(2**28)", "memory"),
        ("raise KeyError('x')", "error"),
        ("raise SystemExit", "error"),
    ],
)
def test_child_that_lies_or_dies_gets_its_verdict_and_the_next_is_served(
    open_pool: Pool, code: str, verdict: str
) -> None:
    outcome = open_pool.run(job(FORGED.format(code)))
    assert outcome.code == verdict, outcome.detail
    assert outcome.detail
    assert outcome.detail.isprintable()
    assert open_pool.run(job()).ok


def test_child_that_computes_or_hangs_is_ended(open_pool: Pool) -> None:
    outcome = open_pool.run(job(ENDLESS, cpu_s=1))
    assert (outcome.code, 0.4 < outcome.cpu_s < 3) == ("cpu_timeout", True)
    hang = "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()\n"
    outcome = open_pool.run(job(hang, wall_s=0.3))
    assert (outcome.code, outcome.cpu_s < 0.3) == ("wall_timeout", True)
    assert open_pool.run(job()).ok


@pytest.mark.parametrize("namespaces", [True, False], ids=["namespaces", "none"])
@pytest.mark.parametrize("place", [0, 1], ids=["launcher", "zygote"])
def test_fork_server_killed_under_a_job_is_replaced_and_the_job_served(
    place: int, namespaces: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENTINEL_SANDBOX_TEST", "1")
    with Pool(1, Switches(namespaces=namespaces)) as pool:
        pool.start(60)
        future = pool.submit(job(SLOW.format(30_000_000)))
        tree = until(lambda: working(os.getpid()))
        os.kill(tree[place], signal.SIGKILL)
        assert gone_within(tree, 20)
        assert future.result(60).ok
        assert not set(tree) & set(descendants(os.getpid()))


def test_job_whose_fork_server_is_killed_twice_is_a_crash() -> None:
    with Pool(1) as pool:
        pool.start(60)
        future = pool.submit(job(ENDLESS))
        for _ in range(2):
            tree = until(lambda: working(os.getpid()))
            os.kill(tree[0], signal.SIGKILL)
            assert gone_within(tree, 20)
        assert future.result(60).code == "crash"
        assert pool.run(job()).ok


def test_fork_server_that_ignores_the_wall_limit_is_ended_by_the_host() -> None:
    with Pool(1) as pool:
        pool.start(60)
        future = pool.submit(job(ENDLESS, wall_s=1.5))
        tree = until(lambda: working(os.getpid()))
        os.kill(tree[1], signal.SIGSTOP)
        outcome = future.result(60)
        assert (outcome.code, 4.5 <= outcome.ran_s < 9) == ("wall_timeout", True)
        assert gone_within(tree, 20)
        assert pool.run(job()).ok


def test_service_that_is_killed_leaves_no_process() -> None:
    code = """
from libs.strategy.sandbox.host.pool import Pool
from tests.security.test_protocol_pool import ENDLESS, job
pool = Pool(1)
pool.start(60)
print("ready", flush=True)
pool.run(job(ENDLESS))
"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE) as service:
        assert service.stdout is not None
        assert service.stdout.readline() == b"ready\n"
        tree = until(lambda: working(service.pid))
        service.kill()
        assert gone_within(tree, 20)


def test_recycling_under_load_loses_no_job() -> None:
    seen: set[int] = set()
    others = set(children(os.getpid()))
    with Pool(2, recycle_jobs=5) as pool:
        pool.start(60)
        outcomes: list[Outcome] = []

        def caller(name: str) -> None:
            while len(outcomes) < 45 or len(seen - others) < 4:
                outcomes.append(pool.run(job(), name))
                seen.update(children(os.getpid()))

        threads = [threading.Thread(target=caller, args=(name,)) for name in "abc"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {outcome.code for outcome in outcomes} == {"ok"}
        until(lambda: len(alive(sorted(seen - others))) <= 3)
    assert alive(sorted(seen - others)) == []


def test_pool_that_is_off_says_so_in_every_outcome() -> None:
    with Pool(1, Switches(sandbox="off")) as pool:
        outcome = pool.run(job())
        assert (outcome.code, outcome.sandbox, pool.capabilities()["sandbox"]) == ("ok", "off", "off")


def test_cancelled_job_leaves_the_queue_and_a_running_one_runs_out() -> None:
    with Pool(1) as pool:
        pool.start(60)
        running = pool.submit(job(ENDLESS, cpu_s=1))
        until(running.running)
        waiting = pool.submit(job())
        assert waiting.cancel()
        assert not running.cancel()
        assert running.result(60).code == "cpu_timeout"


def test_steady_caller_beside_20_bombs_is_served_without_waiting_for_one() -> None:
    with Pool(2) as pool:
        before = sorted(steady(pool, 60))
        bombs: list[Future[Outcome]] = [
            pool.submit(job(ENDLESS, cpu_s=1, wall_s=2.0), f"bomb{number % 4}") for number in range(20)
        ]
        beside = sorted(steady(pool, 60))
        assert sum(bomb.done() for bomb in bombs) < 20
    assert beside[30] < max(3 * before[30], 0.2)
    assert beside[-2] < 1.0


def steady(pool: Pool, count: int) -> list[float]:
    """Run small jobs one after another and return how long each took."""
    spent = []
    for _ in range(count):
        start = time.perf_counter()
        assert pool.run(job(), "agent").ok
        spent.append(time.perf_counter() - start)
    return spent


def working(service: int) -> list[int]:
    """Return launcher, zygote and the child that computes, empty until one has for 0.3 s: a rehearsal takes less."""
    for launcher in children(service):
        for child in descendants(launcher):
            if not children(child) and ticks(child) >= 30 and alive([child]):
                return [launcher, int(stat(child)[1]), child]
    return []


def ticks(pid: int) -> int:
    """Return the hundredths of a second of processor time a process has used by itself."""
    return sum(int(each) for each in stat(pid)[11:13])
