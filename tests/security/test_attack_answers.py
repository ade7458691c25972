"""Answers of a child that broke out of checker and guards: however it fills its pipe, the service stays free for the others."""

import json
import struct
import time
from contextlib import suppress
from typing import Any

import pytest

from libs.strategy.python import LIMITS
from libs.strategy.sandbox.guest.batch import MOST_BYTES
from libs.strategy.sandbox.guest.classify import MOST_DETAIL_BYTES
from libs.strategy.sandbox.host.answer import read_answer
from libs.strategy.sandbox.host.job import longest_answer
from libs.strategy.sandbox.host.strict import ProtocolError

BARS = 240_000
ROWS = {"AAA": BARS}
ARGS: dict[str, Any] = {"symbols": ["AAA"], "parameters": {}}
PATIENCE_S = 10.0
"""For one answer; those of 16 MB took 2 s, during half of which no other thread of the service moved."""


def many_keys(size: int) -> str:
    return "{" + ",".join(f'"{key:x}":0' for key in range(size // 11)) + "}"


def many_numbers(size: int) -> str:
    return "[" + ",".join(f"9.99999999999999999e-3{exponent % 24:02}" for exponent in range(size // 26)) + "]"


def many_details(size: int) -> str:
    data = "{" + ",".join(f'"{key}":0' for key in range(1_000)) + "}"
    return "[" + ",".join(f"[0,{row},1,1,{data}]" for row in range(size // 7_900)) + "]"


def bare_details(size: int) -> str:
    return "[" + ",".join(f"[0,{row},1,1,null]" for row in range(size // 22)) + "]"


def classified(details: str) -> bytes:
    told = {"symbol": "AAA", "rows": BARS, "error": None}
    head = {
        "ok": True,
        "op": "classify",
        "contract": "classify_symbol",
        "symbols": [told],
        "details_bytes": len(details),
    }
    header = json.dumps(head).encode()
    payload = bytes(BARS) + details.encode()
    return struct.pack("<II", len(header), len(payload)) + header + payload


@pytest.mark.parametrize("details", [many_keys, many_numbers, many_details, bare_details])
def test_longest_answer_of_a_classifier_is_read_quickly(details: Any) -> None:
    most = min(LIMITS.result_bytes, longest_answer("classify", ROWS, ARGS))
    frame = classified(details(most - BARS - 70_000))
    assert len(frame) <= most
    started = time.thread_time()
    with suppress(ProtocolError):
        read_answer("classify", ARGS, ROWS, frame)
    assert time.thread_time() - started < PATIENCE_S


def test_longest_answer_has_room_for_all_an_honest_child_says() -> None:
    assert longest_answer("classify", ROWS, ARGS) >= BARS + MOST_DETAIL_BYTES
    assert longest_answer("batch", ROWS, ARGS) >= MOST_BYTES
