"""Forged answers of batch runs, failures and checks. The first test of each kind shows that the honest frame is taken."""

import json
import struct
from typing import Any

import pytest

from libs.strategy.sandbox.host.answers import BatchAnswer, CheckAnswer, Failure
from libs.strategy.sandbox.host.strict import ProtocolError
from tests.security import frames
from tests.security.frames import read, refused

LONE = "\ud83d"


def test_honest_screening_is_read_in_the_order_of_its_times() -> None:
    told = [
        frames.pick(asof_ms=8),
        frames.pick(data={"a": [1, "b", None, True, {"c": 2.5}]}),
        frames.pick(ticker="ETHUSDT"),
    ]
    answer = read("batch", frames.screening(told, claimed={"summary": {"return": 99}}))
    assert isinstance(answer, BatchAnswer)
    assert [(each.asof_ms, each.ticker) for each in answer.picks] == [(4, "BTCUSDT"), (4, "ETHUSDT"), (8, "BTCUSDT")]
    assert answer.picks[0].data == {"a": [1, "b", None, True, {"c": 2.5}]}
    assert answer.told.claimed == {"summary": {"return": 99}}


@pytest.mark.parametrize(
    "changed",
    [
        {"asof_ms": 5},
        {"asof_ms": 4.0},
        {"asof_ms": True},
        {"asof_ms": "4"},
        {"ticker": "DOGEUSDT"},
        {"ticker": ["BTCUSDT"]},
        {"ticker": None},
        {"classification": 1},
        {"classification": "buy"},
        {"score": True},
        {"score": "5"},
        {"score": [5]},
        {"data": "text"},
        {"data": []},
        {"entry_price": 1},
    ],
)
def test_forged_pick_is_refused(changed: dict[str, Any]) -> None:
    refused("batch", frames.screening([frames.pick(**changed)]))


def test_forged_screening_is_refused() -> None:
    refused("batch", frames.screening([frames.pick()] * 3))
    refused("batch", frames.screening([frames.pick(asof_ms=moment) for moment in (4, 4, 8, 8, 8)]))
    refused("batch", frames.screening({}))
    refused("batch", frames.screening(b""))
    refused("batch", frames.screening(b"[" * 100_000 + b"]" * 100_000))
    refused("batch", frames.screening([], contract="run_batch_backtest"))
    refused("batch", frames.screening([]) + b" ")
    refused("batch", frames.screening(json.dumps([frames.pick()]).replace('"score"', '"score": 2, "score"').encode()))
    without = frames.pick()
    del without["score"]
    refused("batch", frames.screening([without]))


def test_failure_is_read_with_every_text_cut_and_cleaned() -> None:
    answer = read("signals", frames.failure(message="\x1b]0;x\x07" + LONE + "a" * 9_000, hint="b\r\nc", type="T" * 999))
    assert isinstance(answer, Failure)
    assert answer.error.message == "]0;x" + "a" * 496
    assert (answer.error.hint, len(answer.error.type)) == ("b c", 80)
    json.dumps(answer.error.message).encode()


@pytest.mark.parametrize(
    "changed",
    [
        {"code": "sandbox.unavailable"},
        {"code": None},
        {"message": None},
        {"line": "3"},
        {"line": -1},
        {"line": True},
        {"line": 10**9},
        {"column": 2.5},
        {"hint": []},
        {"foreign": 1},
    ],
)
def test_forged_failure_is_refused(changed: dict[str, Any]) -> None:
    refused("signals", frames.failure(**changed))


def test_failure_with_a_payload_is_refused() -> None:
    data = frames.failure()
    refused("signals", data[:4] + struct.pack("<I", 1) + data[8:] + b"x")


def test_check_is_read_and_its_forgeries_refused() -> None:
    remark = {"code": "a.b", "severity": "warning", "message": "m", "line": 1, "column": 2, "hint": None}

    def told(**changed: Any) -> bytes:
        return frames.frame(
            {"ok": True, "op": "check", "contracts": ["python.signals"], "diagnostics": [remark], **changed}
        )

    answer = read("check", told())
    assert isinstance(answer, CheckAnswer)
    assert (answer.contracts, answer.diagnostics[0].column) == (("python.signals",), 2)
    for changed in (
        {"op": "signals"},
        {"contracts": [1]},
        {"contracts": ["x"] * 9},
        {"diagnostics": [{**remark, "severity": "fatal"}]},
        {"diagnostics": [{**remark, "line": None}]},
        {"diagnostics": [remark] * 201},
        {"more": 1},
    ):
        refused("check", told(**changed))
    refused("check", frames.frame(json.loads(told()[8:]), b" "))


def test_million_of_empty_lists_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(ProtocolError, match="more than 250,000 lists"):
        read("batch", frames.screening(b"[" + b"[]," * 400_000 + b"[]]"))


def test_data_of_endless_values_is_cut() -> None:
    answer = read("batch", frames.screening([frames.pick(data={"a": [0] * 5_000, "b": 1, "k" * 99: 1})]))
    data = answer.picks[0].data
    assert len(data["a"]) == 999
    assert list(data) == ["a"]
