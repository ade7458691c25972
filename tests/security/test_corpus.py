"""The two collections of snippets, held against plain Python, the checker, and the sandbox with and without its first two layers."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from libs.common.values import Timeframe
from libs.strategy.check import check
from libs.strategy.sandbox.host.answers import BatchAnswer, ClassifyAnswer, SignalsAnswer
from libs.strategy.sandbox.host.job import Job
from libs.strategy.sandbox.host.market import market_memfd
from libs.strategy.sandbox.host.pool import Pool
from libs.strategy.sandbox.host.verdict import Outcome
from libs.strategy.sandbox.wire import Limits, Op, Switches
from tests.security.corpus import reference
from tests.security.corpus.load import Hostile, Legitimate, hostile, legitimate

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = hostile()
LEGITIMATE = legitimate()
CONTAINED = [one for one in HOSTILE if one.code is None]
BARS = 240
FIRST = 200
"""Row from which classifiers are called."""

TIGHT = Limits(cpu_s=1, wall_s=4.0, memory_mb=128)
GOOD = "def generate_signals(df):\n    return [1] * len(df)\n"
ENDS = {
    "cpu": {"cpu_timeout", "wall_timeout"},
    "memory": {"memory", "cpu_timeout", "wall_timeout", "crash"},
    "exit": {"error"},
    "error": {"error"},
}
"""Effect in plain Python -> codes with which the sandbox may end it; other effects may end in any way that leaves no trace."""


@pytest.fixture
def marks() -> Iterator[Path]:
    """A folder that every user may write to, so that a mark that does not appear was prevented by the sandbox alone."""
    folder = Path(tempfile.mkdtemp(prefix="sentinel-marks-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def submit(pool: Pool, source: str, op: Op = "signals", limits: Limits = TIGHT) -> "Future[Outcome]":
    frames = {"AAA": reference.market(60)["AAA"]}
    args = {"symbols": ["AAA"], "parameters": {}}
    return pool.submit(Job.of(op, source, market_memfd(frames, Timeframe.H1), {"AAA": 60}, args, limits))


def contract_of(source: str) -> Op:
    return "classify" if "def classify_symbol" in source else "signals"


def run_all(pool: Pool, snippets: list[Hostile], marks: Path) -> dict[str, Outcome]:
    """Run snippets a few dozen at a time, which the queue has room for, and an honest one after each lot."""
    outcomes: dict[str, Outcome] = {}
    for start in range(0, len(snippets), 50):
        lot = [(one, one.source(str(marks / f"{start}-{n}"))) for n, one in enumerate(snippets[start : start + 50])]
        running = [(one, submit(pool, source, contract_of(source))) for one, source in lot]
        outcomes |= {f"{one.theme}: {one.name}": future.result() for one, future in running}
        assert submit(pool, GOOD).result().code == "ok"
    return outcomes


def test_there_are_enough_snippets_and_no_two_alike() -> None:
    assert len(HOSTILE) >= 150
    assert len(LEGITIMATE) >= 60
    assert len({one.text for one in HOSTILE}) == len(HOSTILE)
    assert len({(one.theme, one.name) for one in HOSTILE}) == len(HOSTILE)
    assert len({check(one.source).code_hash for one in LEGITIMATE}) == len(LEGITIMATE)


def test_every_hostile_snippet_works_in_plain_python(marks: Path) -> None:
    jobs = [(one.source(str(marks / str(n))), str(marks / str(n)), one.effect) for n, one in enumerate(HOSTILE)]
    program = [sys.executable, "-m", "tests.security.corpus.plain"]
    done = subprocess.run(program, cwd=ROOT, input=json.dumps(jobs), capture_output=True, text=True, check=True)
    seen = dict(zip([f"{one.theme}: {one.name}" for one in HOSTILE], json.loads(done.stdout), strict=True))
    assert seen == {f"{one.theme}: {one.name}": one.effect for one in HOSTILE}


def test_every_hostile_snippet_is_rejected_at_its_line_or_passed_on_to_be_contained() -> None:
    wrong = {}
    for one in HOSTILE:
        errors = [
            (each.code, each.line)
            for each in check(one.source("/tmp/mark").encode()).diagnostics
            if each.severity == "error"
        ]
        if (one.code, one.line) not in errors and (one.code or errors):
            wrong[one.name] = errors
    assert wrong == {}


def test_every_legitimate_strategy_is_accepted() -> None:
    refused = {
        one.name: check(one.source.encode()).diagnostics for one in LEGITIMATE if not check(one.source.encode()).ok
    }
    assert refused == {}


def test_contained_snippet_leaves_no_trace_and_ends_as_its_effect_says(marks: Path) -> None:
    with Pool(2) as pool:
        outcomes = run_all(pool, CONTAINED, marks)
    assert os.listdir(marks) == []
    effects = {f"{one.theme}: {one.name}": one.effect for one in CONTAINED}
    wrong = {
        name: outcome.code
        for name, outcome in outcomes.items()
        if outcome.code not in ENDS.get(effects[name], {outcome.code})
    }
    assert wrong == {}


@pytest.mark.timeout(300)
def test_kernel_alone_contains_every_hostile_snippet(marks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTINEL_SANDBOX_TEST", "1")
    with Pool(2, Switches(unguarded=True)) as pool:
        outcomes = run_all(pool, HOSTILE, marks)
    assert os.listdir(marks) == []
    assert {
        name: outcome.detail for name, outcome in outcomes.items() if outcome.code in ("unavailable", "protocol")
    } == {}


def test_marks_would_appear_without_the_kernels_walls(marks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTINEL_SANDBOX_TEST", "1")
    source = f"import os\nos.mkdir({str(marks / 'made')!r})\n" + GOOD
    with Pool(1, Switches(sandbox="off", unguarded=True)) as pool:
        assert submit(pool, source).result().code == "ok"
    assert os.listdir(marks) == ["made"]


def test_rejected_snippet_is_refused_inside_the_child_with_its_place() -> None:
    rejected = [one for one in HOSTILE if one.code][::20]
    with Pool(1) as pool:
        for one in rejected:
            source = one.source("/tmp/mark")
            outcome = submit(pool, source, contract_of(source)).result()
            assert outcome.code == "error"
            assert outcome.error
            assert outcome.error.code == "strategy.rejected"
            assert outcome.failure
            assert (one.code, one.line) in {(each.code, each.line) for each in outcome.failure.diagnostics}


def test_legitimate_strategy_answers_the_same_as_in_plain_python() -> None:
    frames = reference.market(BARS)
    rows = dict.fromkeys(frames, BARS)
    fd = market_memfd(frames, Timeframe.H1, reference.FUNDAMENTALS, point_in_time=True)
    wrong = {}
    with Pool(2) as pool:
        for one in LEGITIMATE:
            for contract in [
                name
                for name in ("generate_signals", "classify_symbol", "run_batch_backtest", "run_screening")
                if f"def {name}(" in one.source
            ]:
                job = Job.of(OPS[contract], one.source, os.dup(fd), rows, arguments(contract))
                outcome = pool.run(job)
                told = answered(outcome, contract)
                wanted = expected(one, contract)
                if told != wanted:
                    wrong[f"{one.name} {contract}"] = (outcome.code, outcome.detail, told, wanted)
    os.close(fd)
    assert wrong == {}


OPS: dict[str, Op] = {
    "generate_signals": "signals",
    "classify_symbol": "classify",
    "run_batch_backtest": "batch",
    "run_screening": "batch",
}
MOMENTS = [reference.START_MS + hours * reference.HOUR_MS for hours in (60, 150, 239)]
LIMIT = 2


def arguments(contract: str) -> dict[str, object]:
    args: dict[str, object] = {"symbols": ["AAA", "BBB", "CCC"], "parameters": {}}
    if contract == "classify_symbol":
        return args | {"first": dict.fromkeys(("AAA", "BBB", "CCC"), FIRST)}
    if contract == "generate_signals":
        return args
    return args | {
        "contract": contract,
        "start_ms": MOMENTS[0],
        "end_ms": MOMENTS[-1],
        "limit": LIMIT,
        "asof_ms": MOMENTS,
    }


def answered(outcome: Outcome, contract: str) -> object:
    answer = outcome.answer
    if isinstance(answer, SignalsAnswer):
        return {symbol: actions.tolist() for symbol, actions in answer.actions.items()}
    if isinstance(answer, ClassifyAnswer):
        return {symbol: found.tolist() for symbol, found in answer.hits.items()}
    return [(pick.asof_ms, pick.ticker) for pick in answer.picks] if isinstance(answer, BatchAnswer) else None


def expected(one: Legitimate, contract: str) -> object:
    frames = reference.market(BARS)
    if contract == "generate_signals":
        return {symbol: reference.signals(one.source, frame) for symbol, frame in frames.items()}
    if contract == "classify_symbol":
        return {symbol: reference.hits(one.source, frames, symbol, FIRST) for symbol in frames}
    return reference.picks(one.source, frames, contract, MOMENTS, LIMIT)
