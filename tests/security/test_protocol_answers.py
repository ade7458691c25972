"""Every way of the list to forge an answer, one by one. The first test of each kind shows that the honest frame is taken."""

import json
import struct
from typing import Any

import numpy as np
import pytest

from libs.strategy.sandbox.host.answer import read_answer
from libs.strategy.sandbox.host.answers import ClassifyAnswer, Detail, SignalsAnswer
from libs.strategy.sandbox.host.strict import ProtocolError
from tests.security import frames
from tests.security.frames import read, refused

NAN, INF = float("nan"), float("inf")
GOOD = frames.signals()


def test_honest_signals_are_read_and_an_error_keeps_to_its_symbol() -> None:
    error = {"type": "KeyError", "message": "'rsi'\nx", "line": 4}
    symbols = [
        {"symbol": "BTCUSDT", "rows": 5, "error": error},
        {"symbol": "ETHUSDT", "rows": 3, "error": None},
    ]
    answer = read("signals", frames.signals(bytes([1, 255, 0]), symbols=symbols, printed="a\nb\x1b[31m"))
    assert isinstance(answer, SignalsAnswer)
    assert {symbol: list(actions) for symbol, actions in answer.actions.items()} == {"ETHUSDT": [1, -1, 0]}
    assert answer.errors["BTCUSDT"].message == "'rsi' x"
    assert answer.told.printed == "a\nb[31m"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        GOOD[:7],
        GOOD[:-1],
        GOOD + b"\0",
        GOOD + GOOD,
        struct.pack("<II", 2**32 - 1, 2**32 - 1) + GOOD[8:],
        struct.pack("<II", 70_000, 0) + b" " * 70_000,
        frames.frame(b"{"),
        frames.frame(b"\xff\xfe"),
        frames.frame(b"[]"),
        frames.frame(b"null"),
        frames.frame(b"[" * 60_000),
        frames.frame(b'{"ok":' * 9_000),
        frames.frame(b'{"ok": true, "ok": false}'),
        frames.frame(b'{"ok": 1}'),
        frames.frame(b'{"ok": true}'),
        frames.frame(b"\x80\x04N."),
        frames.frame(b'{"ok": ' + b"9" * 5_000 + b"}"),
    ],
)
def test_forged_frame_is_refused(data: bytes) -> None:
    refused("signals", data)


@pytest.mark.parametrize(
    "changed",
    [
        {"op": "classify"},
        {"contract": "run_screening"},
        {"contract": ["generate_signals"]},
        {"foreign": 1},
        {"symbols": []},
        {"symbols": {}},
        {"symbols": frames.head("signals", "")["symbols"][::-1]},
        {"symbols": [*frames.head("signals", "")["symbols"], {"symbol": "X", "rows": 0, "error": None}]},
        {"symbols": [{"symbol": "BTCUSDT", "rows": 4, "error": None}, {"symbol": "ETHUSDT", "rows": 4, "error": None}]},
        {"symbols": [{"symbol": "BTCUSDT", "rows": 5}, {"symbol": "ETHUSDT", "rows": 3}]},
        {
            "symbols": [
                {"symbol": "BTCUSDT", "rows": 5.0, "error": None},
                {"symbol": "ETHUSDT", "rows": 3, "error": None},
            ]
        },
        {"warnings": [{"code": "a"}]},
        {"warnings": [{"code": "a", "message": "b"}] * 51},
        {"warnings": "text"},
        {"printed": 5},
        {"claimed": []},
        {"claimed": {"a": {"b": {"c": {"d": {"e": {"f": {"g": {}}}}}}}}},
        {"claimed": {"a": 1, "a\u200b": 2}},
        {"claimed": {"a": 2**63}},
        {"values": {"columns": ["rsi"]}},
        {"repeatable": 1},
    ],
)
def test_forged_header_of_signals_is_refused(changed: dict[str, Any]) -> None:
    refused("signals", frames.signals(**changed))


@pytest.mark.parametrize("payload", [b"", bytes(7), bytes(9), bytes([2] * 8), bytes([0] * 7 + [128])])
def test_forged_actions_are_refused(payload: bytes) -> None:
    refused("signals", frames.signals(payload))


@pytest.mark.parametrize("number", [NAN, INF, -INF])
def test_number_that_is_none_is_refused_anywhere(number: float) -> None:
    refused("signals", frames.signals(claimed={"return": number}))
    refused("batch", frames.screening([frames.pick(score=number)]))
    refused("batch", frames.screening(json.dumps([frames.pick(score=77)]).replace("77", "-1e999").encode()))
    refused("classify", frames.classify([[0, 2, number, None, None]]))


def test_columns_of_an_explained_run_are_read() -> None:
    column = np.array([np.nan, 1, 2, 3, 4])
    symbols = [{"symbol": "BTCUSDT", "rows": 5, "error": None}]

    def answer(names: list[Any], data: bytes, **args: Any) -> Any:
        told = frames.signals(bytes(5) + data, symbols=symbols, values={"columns": names})
        return read_answer("signals", {**frames.EXPLAIN_ARGS, **args}, frames.ROWS, told)

    assert np.array_equal(answer(["rsi  14"], column.tobytes()).columns["rsi  14"], column, equal_nan=True)
    forged: list[tuple[list[Any], bytes]] = [
        (["rsi"], column.tobytes()[:-1]),
        (["rsi", "rsi"], column.tobytes() * 2),
        (["a\x07"], column.tobytes() * 2),
        (["r" * 41], column.tobytes()),
        ([5], column.tobytes()),
        ([str(number) for number in range(9)], column.tobytes() * 9),
        (["rsi"], np.full(5, np.inf).tobytes()),
    ]
    for names, data in forged:
        with pytest.raises(ProtocolError):
            answer(names, data)
    with pytest.raises(ProtocolError):
        answer(["rsi"], column.tobytes(), explain=False)


def test_honest_classification_is_read() -> None:
    told = [[1, 2, None, -1, {"note": "x\u202ey"}], [0, 4, 0.5, 1, None], [0, 2, 3, None, None]]
    answer = read("classify", frames.classify(told, bytes([1, 0, 1, 0, 0, 1])))
    assert isinstance(answer, ClassifyAnswer)
    assert answer.first == {"BTCUSDT": 2, "ETHUSDT": 0}
    assert {symbol: list(hits) for symbol, hits in answer.hits.items()} == {
        "BTCUSDT": [True, False, True],
        "ETHUSDT": [False, False, True],
    }
    assert answer.details["BTCUSDT"] == (Detail(2, 3.0, None, None), Detail(4, 0.5, 1, None))
    assert answer.details["ETHUSDT"] == (Detail(2, None, -1, {"note": "xy"}),)


@pytest.mark.parametrize(
    "detail",
    [
        [0, 2, 1, 1],
        [0, 1, 1, 1, None],
        [0, 5, 1, 1, None],
        [2, 2, 1, 1, None],
        [-1, 2, 1, 1, None],
        [True, 2, 1, 1, None],
        [0, 2.0, 1, 1, None],
        [0, 2, True, 1, None],
        [0, 2, "1", 1, None],
        [0, 2, 10**400, 1, None],
        [0, 2, 1, 2, None],
        [0, 2, 1, True, None],
        [0, 2, 1, "buy", None],
        [0, 2, 1, 1, []],
        {},
        None,
    ],
)
def test_forged_detail_is_refused(detail: Any) -> None:
    refused("classify", frames.classify([detail]))


def test_forged_classification_is_refused() -> None:
    twice = [0, 2, 1, 1, None]
    refused("classify", frames.classify([twice, twice]))
    refused("classify", frames.classify([[0, row, 1, 1, None] for row in (2, 3, 4)] + [[1, 0, 1, 1, None]] * 4))
    refused("classify", frames.classify(hits=bytes([2] * 6)))
    refused("classify", frames.classify(hits=bytes([255] * 6)))
    refused("classify", frames.classify(hits=bytes(5)))
    refused("classify", frames.classify(details_bytes=1))
    refused("classify", frames.classify(details_bytes=-1))
    refused("classify", frames.classify(details_bytes=True))
    refused("classify", frames.classify(b"[" * 60_000))
    refused("classify", frames.classify(b"{}"))
    failed = frames.head("classify", "")["symbols"]
    failed[0] = {**failed[0], "error": {"type": "E", "message": "", "line": None}}
    refused("classify", frames.classify([twice], bytes(3), symbols=failed))
