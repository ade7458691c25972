"""generate: what it sends, what it shows, how it ends."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from libs.client.verbs import generating
from libs.client.verbs.generating import Steps, doing, is_judging, line_of
from tests.unit.client import sentences as told
from tests.unit.client.test_cli import gateway, run

__all__ = ["gateway", "run"]

GENERATE = ("POST", "/api/v1/strategies/generate")
JOB = ("GET", "/api/v1/jobs/g1")
RESULT = ("GET", "/api/v1/jobs/g1/result")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generating, "LOOK_S", 0.0)


def answers(result: dict[str, Any] = told.RESULT) -> dict[Any, Any]:
    return {GENERATE: (202, told.RUNNING), JOB: (200, told.DONE), RESULT: (200, result)}


def test_generate_sends_what_was_asked_and_shows_code_words_assumptions_and_verdict(gateway: Any, run: Any) -> None:
    server = gateway(answers())
    status, out, err = run("generate", told.TEXT, "--offline", "--symbol", "BTCUSDT", "--timeframe", "1h")
    assert (status, err) == (0, "")
    asked = {"text": told.TEXT, "engine": "offline", "variants": 1, "symbols": ["BTCUSDT"], "timeframe": "1h"}
    assert server.asked[0][2] == asked
    lines = out.splitlines()
    assert lines[:2] == ["# rsi dip", "# python.signals for BTCUSDT on 1h bars, written by the compiler"]
    assert "    # RSI is below 30" in lines
    assert "Buys when RSI(14) is below 30." in lines
    assert "RSI\tRSI over 14 bars" in lines
    assert "risk/stops.md#2\tStops" in lines
    assert "warning: no 1h bars of ETHUSDT are stored" in lines
    assert "verdict\tgood: return 21 % >= 15 %" in lines
    assert lines[-3:] == [
        "# next",
        "sentinel promote s1\tlet it trade on paper",
        "sentinel report bt-1\twhy: each limit, equity, trades",
    ]
    assert "Total return" not in out


def test_generate_with_backtest_shows_the_metrics(gateway: Any, run: Any) -> None:
    gateway(answers({**told.RESULT, "strategies": [{**told.BEST, "kind": "python.classify"}]}))
    lines = run("generate", told.TEXT, "--backtest")[1].splitlines()
    assert "Total return\t+21.00 %" in lines
    assert "Closed trades\t40" in lines
    assert lines[-4] == "sentinel screen s1 --symbol BTCUSDT\twhat it picks now"


def test_generate_lists_variants_best_first_with_what_they_cost(gateway: Any, run: Any) -> None:
    both = {"strategies": [told.BEST, told.SECOND], "attempts": [told.ATTEMPT, told.FAILED_ATTEMPT], "cost_usd": 0.002}
    server = gateway(answers({**told.RESULT, **both}))
    _, out, _ = run("generate", told.TEXT, "--variants", "5", "--model")
    assert (server.asked[0][2]["variants"], server.asked[0][2]["engine"]) == (5, "llm")
    lines = out.splitlines()
    assert "1\ts1\tgood\t21.00 %\t1.50\t-4.00 %\t40\tthe compiler\t1" in lines
    assert "2\ts2\t-\t-\t-\t-\t-\tm-1\t2" in lines
    assert "spent\t2 attempts, 900 tokens in, 120 out, 0.0020 USD, in part estimated" in lines


def test_generate_as_json_prints_the_result_of_the_api(gateway: Any, run: Any) -> None:
    gateway(answers())
    assert json.loads(run("generate", told.TEXT, "--json")[1]) == told.RESULT


def test_generate_saves_the_code_of_the_best(gateway: Any, run: Any, tmp_path: Path) -> None:
    gateway(answers())
    place = tmp_path / "made" / "dip.py"
    status, out, _ = run("generate", told.TEXT, "--save", str(place))
    assert (status, place.read_text()) == (0, told.CODE)
    assert f"saved: {place}" in out


def test_generate_that_cannot_save_fails_and_says_where(gateway: Any, run: Any, tmp_path: Path) -> None:
    gateway(answers())
    status, _, err = run("generate", told.TEXT, "--save", str(tmp_path))
    assert status == 1
    assert "--save" in err


@pytest.mark.parametrize(
    ("verdict", "wanted", "status"), [("good", "good", 0), ("good", "excellent", 3), (None, "poor", 3)]
)
def test_generate_below_min_verdict_ends_with_3(
    gateway: Any, run: Any, verdict: str | None, wanted: str, status: int
) -> None:
    gateway(answers({**told.RESULT, "strategies": [{**told.BEST, "verdict": verdict}]}))
    assert run("generate", told.TEXT, "--min-verdict", wanted)[0] == status


def test_refused_sentence_is_drawn_with_a_mark_under_the_phrase(gateway: Any, run: Any) -> None:
    gateway({GENERATE: (422, told.PROBLEM)})
    status, out, err = run("generate", told.TEXT)
    assert (status, out) == (1, "")
    lines = err.splitlines()
    assert lines[0] == "    " + told.TEXT
    assert lines[1] == "    " + " " * 48 + "^" * 16
    assert lines[2] == "these words are not understood [prompt.not_understood]"
    assert lines[3] == '  nearest: "the volume is high", "the trend is up"'
    assert lines[4].startswith("  hint: leave it out")
    assert lines[5:] == ["sentinel: no strategy was made, the phrase is marked above [prompt.not_understood]"]


def test_generation_that_fails_later_is_drawn_the_same_way(gateway: Any, run: Any) -> None:
    failed = {
        **told.RUNNING,
        "state": "failed",
        "code": "prompt.not_understood",
        "detail": "no",
        "findings": [told.PHRASE],
    }
    gateway({GENERATE: (202, told.RUNNING), JOB: (200, failed)})
    status, _, err = run("generate", told.TEXT)
    assert status == 1
    assert "^" * 16 in err


def test_generation_that_fails_for_another_reason_says_it(gateway: Any, run: Any) -> None:
    failed = {**told.RUNNING, "state": "failed", "code": "model.budget", "detail": "1 USD is spent", "hint": "tomorrow"}
    gateway({GENERATE: (202, told.RUNNING), JOB: (200, failed)})
    status, _, err = run("generate", told.TEXT)
    assert (status, err) == (1, "sentinel: 1 USD is spent [model.budget]\n  hint: tomorrow\n")


def test_gateway_that_goes_away_meanwhile_leaves_the_job_to_look_at(gateway: Any, run: Any) -> None:
    no_http = 7
    gateway({GENERATE: (202, told.RUNNING), JOB: (no_http, {})})
    status, _, err = run("generate", told.TEXT)
    assert status == 4
    assert "`sentinel jobs g1`" in err


def test_generation_still_being_judged_shows_the_code_and_where_to_look(
    gateway: Any, run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(generating, "JUDGED_WITHIN_S", 0.0)
    gateway(
        {GENERATE: (202, told.RUNNING), JOB: (200, told.RUNNING), ("GET", "/api/v1/strategies/s1"): (200, told.BEST)}
    )
    status, out, _ = run("generate", told.TEXT, "--save", str(tmp_path / "dip.py"))
    assert status == 0
    assert "    # RSI is below 30" in out
    assert "sentinel jobs g1 --result" in out
    assert (tmp_path / "dip.py").read_text() == told.CODE


@pytest.mark.parametrize(
    "arguments", [["--variants", "0"], ["--variants", "11"], ["--min-verdict", "superb"], ["--offline", "--model"]]
)
def test_generate_with_wrong_options_ends_with_2(run: Any, arguments: list[str]) -> None:
    assert run("generate", told.TEXT, *arguments)[0] == 2


def test_line_of_an_attempt_tells_whose_it_is_and_what_stopped_it() -> None:
    assert line_of(told.ATTEMPT, 1) == "✓ attempt 1 by compiler: proposed as s1"
    stopped = line_of({**told.FAILED_ATTEMPT, "variant": 2, "number": 3}, 5)
    assert stopped == "✗ variant 2, attempt 3 by m-1: stopped at check: os may not be imported and 1 more"


def test_attempts_are_told_once_each_in_whatever_order_they_come() -> None:
    screen = io.StringIO()
    late = {**told.FAILED_ATTEMPT, "variant": 2}
    with Steps(Console(file=screen, width=120)).shown() as steps:
        for tried in ([late], [told.ATTEMPT, late], [told.ATTEMPT, late]):
            steps.see({**told.RUNNING, "attempts": tried, "variants": 2})
    lines = [line.strip() for line in screen.getvalue().splitlines() if "attempt" in line]
    assert [line.split(":")[0] for line in lines] == [
        "✗ variant 2, attempt 1 by m-1",
        "✓ variant 1, attempt 1 by compiler",
    ]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (None, "waiting for strategy_gen"),
        ({"phase": "write", "done": 0, "total": 1}, "writing"),
        ({"phase": "check, attempt 2", "done": 1, "total": 5}, "checking the code (attempt 2), 1 of 5 variants ready"),
        ({"phase": "new step", "done": 0, "total": None}, "new step"),
    ],
)
def test_step_is_told_in_words(said: Any, words: str) -> None:
    assert doing({**told.RUNNING, "progress": said}) == words


def test_job_is_judging_once_code_was_proposed_and_nothing_else_goes_on() -> None:
    assert is_judging(told.RUNNING)
    assert not is_judging({**told.RUNNING, "attempts": [told.FAILED_ATTEMPT]})
    assert not is_judging({**told.RUNNING, "progress": {"phase": "write"}})


def test_generate_of_nothing_is_wrong_usage(run: Any) -> None:
    status, _, err = run("generate", "  ")
    assert status == 2
    assert "say what to trade and when" in err


def test_generate_into_a_folder_is_refused_before_anything_is_asked(gateway: Any, run: Any, tmp_path: Path) -> None:
    server = gateway(answers())
    status, _, err = run("generate", told.TEXT, "--save", str(tmp_path))
    assert (status, server.asked) == (1, [])
    assert "name a file in it" in err


def test_result_of_a_sentence_is_shown_as_generate_shows_it(gateway: Any, run: Any) -> None:
    gateway(answers())
    shown = run("jobs", "g1", "--result")[1]
    assert shown.splitlines()[0] == "# rsi dip"
    assert json.loads(run("jobs", "g1", "--result", "--json")[1]) == told.RESULT


def test_job_of_a_sentence_shows_its_attempts_and_strategies(gateway: Any, run: Any) -> None:
    job = {**told.DONE, "attempts": [told.FAILED_ATTEMPT], "strategies": [told.BEST], "at": "2024-01-01T00:00:00Z"}
    gateway({JOB: (200, job)})
    lines = run("jobs", "g1")[1].splitlines()
    assert f"text\t{told.TEXT}" in lines
    assert "attempt\t✗ attempt 1 by m-1: stopped at check: os may not be imported and 1 more" in lines
    assert "strategy\ts1 good: return 21 % >= 15 %" in lines


def test_why_of_a_strategy_reaches_its_sentence(gateway: Any, run: Any) -> None:
    fact = {"name": "dip", "text": told.TEXT, "engine": "compiler", "step": "judge", "number": 1, "variant": 1}
    kinds = (("strategy", "s1", None), ("attempt", "a1", "s1"), ("generation", "g1", "a1"))
    steps = [{"kind": k, "id": i, "of": of, "at": None, "missing": False, "fact": fact} for k, i, of in kinds]
    gateway({("GET", "/api/v1/lineage/strategy/s1"): (200, {"steps": steps})})
    lines = run("why", "s1")[1].splitlines()
    assert lines[2] == f"   └─ generation g1 at -: text {told.TEXT}, engine compiler"
