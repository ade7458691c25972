"""screen and jobs: what they send, what they print."""

from pathlib import Path
from typing import Any

import pytest

from libs.client import work
from tests.unit.client.test_cli import gateway, run

__all__ = ["gateway", "run"]

RESULT = {
    "name": "gap",
    "hits": 2,
    "universe_size": 423,
    "as_of": "2018-02-03T00:00:00Z",
    "simulated": True,
    "errors": {"BAD": {"message": "line 3: no"}},
    "warnings": ["strategy.raised: 1 of 9 calls failed"],
    "fundamentals": {"note": "not point in time"},
    "ranked_results": [
        {
            "symbol": "AMZN",
            "score": 0.5,
            "current_price": 71.5,
            "daily_change": 2.874,
            "sector": "Retail",
            "data": {"gap": 4.2},
        },
        {"symbol": "EL", "score": None, "current_price": 137, "daily_change": None, "sector": None, "data": {}},
    ],
}
JOB = {
    "id": "j1",
    "mode": "screen",
    "state": "running",
    "name": "gap",
    "universe": "all",
    "symbols_total": 423,
    "shards": 9,
    "at": "2024-01-01T00:00:00Z",
    "progress": {"phase": "symbols", "done": 94, "total": 423, "rate": 99.5},
}
DONE = {**JOB, "state": "done", "summary": {"hits": 2, "top": []}, "result": RESULT}


@pytest.fixture
def code(tmp_path: Path) -> str:
    path = tmp_path / "gap.py"
    path.write_text("def classify_symbol(symbol): ...")
    return str(path)


def test_screen_sends_the_file_and_prints_the_ranking(gateway: Any, run: Any, code: str) -> None:
    server = gateway({("POST", "/api/v1/screens"): (200, DONE)})
    status, out, _ = run(
        "screen", code, "--universe", "sp500", "--limit", "5", "--timeframe", "1d", "--at", "2018-02-03"
    )
    assert status == 0
    assert server.asked[0][2] == {
        "name": "gap",
        "code": "def classify_symbol(symbol): ...",
        "timeframe": "1d",
        "universe": "sp500",
        "limit": 5,
        "end": "2018-02-03T00:00:00+00:00",
    }
    lines = out.splitlines()
    assert lines[0] == "symbol\tscore\tcurrent_price\tdaily_change\tsector\tdata"
    assert lines[1] == "AMZN\t0.5\t71.5\t+2.87 %\tRetail\tgap 4.2"
    assert lines[2] == "EL\t-\t137\t-\t-\t-"
    assert lines[3] == "2 of 423 symbols picked, as of 2018-02-03T00:00:00Z, SIMULATED prices"
    assert lines[4:] == [
        "failed on BAD: line 3: no",
        "warning: strategy.raised: 1 of 9 calls failed",
        "figures: not point in time",
    ]


def test_screen_of_a_stored_strategy_waits_until_the_job_has_ended(
    gateway: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "LOOK_S", 0.0)
    server = gateway(
        {
            ("POST", "/api/v1/screens"): (202, JOB),
            ("GET", "/api/v1/jobs/j1"): (200, {**DONE, "result": "/api/v1/jobs/j1/result"}),
            ("GET", "/api/v1/jobs/j1/result"): (200, RESULT),
        }
    )
    status, out, _ = run("screen", "c2l7xhfxdzw5", "--json")
    assert status == 0
    assert '"universe_size": 423' in out
    assert server.asked[0][2] == {"strategy_id": "c2l7xhfxdzw5", "limit": 50}


def test_screen_that_fails_later_ends_with_its_reason(gateway: Any, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "LOOK_S", 0.0)
    words = {"code": "strategy.raised", "detail": "line 3: no", "pointer": "/code", "hint": None}
    gateway(
        {
            ("POST", "/api/v1/screens"): (202, JOB),
            ("GET", "/api/v1/jobs/j1"): (200, {**JOB, "state": "failed", **words}),
        }
    )
    status, _, err = run("screen", "c2l7xhfxdzw5")
    assert status == 1
    assert "line 3: no (at /code) [strategy.raised]" in err


def test_jobs_are_listed_with_how_far_they_are(gateway: Any, run: Any) -> None:
    gateway({("GET", "/api/v1/jobs"): (200, {"items": [JOB], "next_cursor": None})})
    status, out, _ = run("jobs")
    assert status == 0
    line = out.splitlines()[1]
    assert line.startswith("j1\tscreen\trunning\t94 of 423 symbols, 100/s\tgap\t")
    assert line.endswith("\t423\tall")


def test_job_is_shown_with_its_figures(gateway: Any, run: Any) -> None:
    gateway({("GET", "/api/v1/jobs/j1"): (200, DONE)})
    status, out, _ = run("jobs", "j1")
    assert status == 0
    assert "state\tdone\n" in out
    assert "hits\t2\n" in out


def test_job_is_cancelled(gateway: Any, run: Any) -> None:
    server = gateway({("DELETE", "/api/v1/jobs/j1"): (200, {"ids": ["j1"], "result": {}})})
    status, out, _ = run("jobs", "j1", "--cancel")
    assert (status, out) == (0, "cancelled: j1\n")
    assert server.asked[0][0] == "DELETE"


def test_cancel_without_a_job_is_refused(gateway: Any, run: Any) -> None:
    gateway({})
    status, _, err = run("jobs", "--cancel")
    assert status == 1
    assert "which job?" in err
