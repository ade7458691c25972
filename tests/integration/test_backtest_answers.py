"""What `cmd.backtest.run` and `cmd.backtest.set_verdict` answer: success, duplicate, evidence or none, and a person's verdict."""

import json

import pytest

from libs.common.commands import RunBacktest, SetVerdict
from libs.common.events import BacktestCompleted, VerdictSet
from libs.common.values import from_epoch_ms
from libs.market.catalog import CatalogWriter
from services.backtest import trials_store
from services.backtest.reports import Reports
from tests.support.research import AT, BARS, answered, research, rows, rules
from tests.unit.backtest.builders import HOUR_MS, START_MS, walk


@pytest.fixture
async def bench(tmp_path):
    async with research(tmp_path) as opened:
        yield opened


async def test_same_bytes_for_the_same_family_and_others_for_another_try(bench):
    first = await answered(bench, rules=rules())
    again = await answered(bench, rules=rules(), force=True)
    await answered(bench, rules=rules(30))
    other = await answered(bench, key="3", rules=rules(), force=True)
    assert first["report_key"] == again["report_key"] != other["report_key"]
    assert first["backtest_id"] == other["backtest_id"]
    assert (first["evidence"]["tries"], other["evidence"]["tries"]) == (1, 2)


async def test_known_definition_is_a_duplicate_whatever_the_bars_if_asked_so(bench, tmp_path):
    asked = {"rules": rules(), "known_by": "definition"}
    first = await answered(bench, **asked)
    longer = walk(BARS + 10, 3).between(START_MS + BARS * HOUR_MS, None)
    CatalogWriter(tmp_path / "catalog").append("BTCUSDT", "1h", longer, "test", False)
    again = await answered(bench, key="2", **asked)
    assert (again["status"], again["backtest_id"]) == ("duplicate", first["backtest_id"])
    by_data = await answered(bench, rules=rules())
    assert (by_data["status"], by_data["bars"]) == ("success", 2_160)
    assert by_data["backtest_id"] != first["backtest_id"]
    assert (await answered(bench, **asked, force=True))["status"] == "success"
    assert (await answered(bench, **asked, fee=0.002))["status"] == "success"


async def test_known_definition_answers_no_request_for_another_window(bench):
    asked = {"rules": rules(), "known_by": "definition", "evidence": "none"}
    ends = [from_epoch_ms(START_MS + bars * HOUR_MS) for bars in (BARS - 200, BARS - 100)]
    told = [await answered(bench, **asked, end=end) for end in ends]
    assert [each["window_end"] for each in told] == [end.isoformat() for end in ends]
    assert (await answered(bench, key="2", **asked, end=ends[0]))["backtest_id"] == told[0]["backtest_id"]
    newest = await answered(bench, **asked)
    assert newest["window_end"] == from_epoch_ms(START_MS + BARS * HOUR_MS).isoformat()


async def test_duplicate_counts_as_a_try_of_whoever_else_asks(bench):
    await answered(bench, rules=rules(), asked_by="ann")
    for n in range(2):
        assert (await answered(bench, key=str(n), rules=rules(), asked_by="bob"))["status"] == "duplicate"
    found = await rows(bench, trials_store.TRIALS)
    assert len(found) == len({row.family_id for row in found}) == 2
    assert found[0].shown_until_ms == found[1].shown_until_ms


async def test_backtest_without_evidence_opens_nothing_and_is_no_answer_to_one_with(bench):
    short = await answered(bench, rules=rules(), evidence="none")
    assert (short["gate"], short["evidence"]["level"]) == ([], "none")
    assert short["reasons"][0]["words"] == "alert: look-ahead has not been examined"
    assert (await answered(bench, rules=rules()))["status"] == "success"
    assert (await answered(bench, key="2", rules=rules(), evidence="none"))["status"] == "duplicate"


async def test_backtest_with_a_stop_says_that_paper_cannot_trade_it(bench, tmp_path):
    told = await answered(bench, rules=rules(), stop_loss=0.005)
    assert "paper" not in told["gate"]
    words = [reason["words"] for reason in told["reasons"]]
    assert "paper: agents do not trade stop-loss, take-profit or trailing stops in this version" in words
    trades = json.loads(Reports(tmp_path / "reports").read(told["report_key"]))["trades"]
    stopped = [trade for trade in trades if trade["exit_by"] == "stop_loss"]
    assert stopped
    assert {trade["exit_reason"] for trade in stopped} == {"stop loss"}


async def test_verdict_set_by_a_person_stands_beside_the_computed_one(bench):
    first = await answered(bench, rules=rules())
    command = SetVerdict.first(
        key="v", at=AT, code_hash=first["code_hash"], verdict="good", reason="fits the fund", asked_by="ann"
    )
    published = await bench.deliver(command)
    [told] = [VerdictSet.model_validate_json(body) for subject, body in published if subject.startswith("backtests.")]
    assert (told.backtest_id, told.verdict, told.computed) == (first["backtest_id"], "good", first["verdict"])
    assert (told.set_by, told.reason) == ("ann", "fits the fund")
    again = await answered(bench, key="2", rules=rules())
    assert again["verdict"] == first["verdict"]
    assert again["verdict_set"] == {
        "verdict": "good",
        "reason": "fits the fund",
        "set_by": "ann",
        "at": AT.isoformat(),
    }
    assert again["gate"] == first["gate"]


@pytest.mark.parametrize(
    ("fields", "code", "pointer"),
    [
        ({}, "backtest.unnamed", "/backtest_id"),
        ({"backtest_id": "bt-nope"}, "backtest.unknown", "/backtest_id"),
        ({"code_hash": "nope"}, "backtest.unknown", "/code_hash"),
    ],
)
async def test_verdict_on_no_backtest_is_refused(bench, fields, code, pointer):
    refused = await answered(bench, SetVerdict, verdict="good", reason="r", **fields)
    assert (refused["code"], refused["pointer"]) == (code, pointer)
    assert await rows(bench, trials_store.VERDICTS) == []


async def test_completed_backtest_tells_everyone_its_evidence(bench):
    published = await bench.deliver(RunBacktest.first(key="c", at=AT, rules=rules()))
    [told] = [
        BacktestCompleted.model_validate_json(body) for subject, body in published if subject.startswith("backtests.")
    ]
    assert told.evidence.look_ahead_passed
    assert told.evidence.lookback > 1
    assert told.gate[0] == "alert"
