"""Formats hold both ways, and nothing a child writes passes that is not exactly a frame."""

import json
import struct
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.strategy.sandbox.wire import (
    MAX_FRAME_HEADER_BYTES,
    Hello,
    JobHeader,
    Limits,
    Status,
    Switches,
    WireError,
    pack_frame,
    unpack_frame,
)

JOB = JobHeader(7, "classify", Limits(cpu_s=1, wall_s=1.5), 99, {"symbols": ["BTCUSDT"], "last_only": True})


def told(**changes: object) -> bytes:
    return json.dumps(asdict(JOB) | changes).encode()


def test_job_header_encoded_and_decoded_is_the_same() -> None:
    assert JobHeader.decode(JOB.encode()) == JOB


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        told(op="exec"),
        told(id=True),
        told(id=-1),
        told(seed=1.5),
        told(extra=1),
        told(args=[]),
        told(limits={}, args=None),
        told(limits={"cpu_s": 0}),
        told(limits={"wall_s": "1"}),
        told(limits={"memory_mb": 1.5}),
        told(limits={"other": 1}),
        json.dumps({"id": 1}).encode(),
    ],
)
def test_job_header_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        JobHeader.decode(data)


def test_job_header_above_32_kb_is_refused_before_it_is_sent() -> None:
    with pytest.raises(WireError, match="job header of"):
        JobHeader(1, "signals", args={"symbols": ["BTCUSDT"] * 4_000}).encode()


def test_hello_and_status_encoded_and_decoded_are_the_same() -> None:
    hello = Hello(True, python="3.11.7", capabilities={"landlock": "abi 7"}, self_test="passed")
    status = Status(3, None, 31, cpu_s=0.25, max_rss_kb=70_000, spare=True)
    assert Hello.decode(hello.encode()) == hello
    assert Status.decode(status.encode()) == status


def test_switches_absent_are_at_their_safe_default() -> None:
    assert Switches.decode("{}") == Switches()
    assert Switches.decode(Switches(sandbox="off").encode()).sandbox == "off"
    safe = asdict(Switches())
    assert safe == {
        "sandbox": "on",
        "unguarded": False,
        "seccomp": True,
        "landlock": True,
        "namespaces": True,
        "drop_uid": True,
        "spares": 1,
    }


def test_switch_with_a_typing_error_is_refused() -> None:
    with pytest.raises(WireError, match="fields"):
        Switches.decode('{"secomp": false}')


def test_frame_packed_and_unpacked_is_the_same() -> None:
    assert unpack_frame(pack_frame({"ok": True, "values": {"x": 1.5}}, b"\x01\xff")) == (
        {"ok": True, "values": {"x": 1.5}},
        b"\x01\xff",
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 7,
        b"\0" * 8,
        pack_frame({}) + b"x",
        pack_frame({})[:-1],
        pack_frame({}) * 2,
        struct.pack("<II", 2, 2**32 - 1) + b"{}",
        struct.pack("<II", 2, 0) + b"[]",
        struct.pack("<II", 3, 0) + b"NaN",
        struct.pack("<II", 9, 0) + b'{"a":NaN}',
        struct.pack("<II", 11, 0) + b'{"a":1e999}',
        struct.pack("<II", 15, 0) + b'{"a":-Infinity}',
        struct.pack("<II", 40_000, 0) + b'{"a":' + b"[" * 39_995,
        struct.pack("<II", 6_006, 0) + b'{"a":' + b"9" * 6_000 + b"}",
        struct.pack("<II", MAX_FRAME_HEADER_BYTES + 2, 0) + b"{}".ljust(MAX_FRAME_HEADER_BYTES + 2),
    ],
)
def test_frame_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        unpack_frame(data)


@given(st.binary(max_size=200))
def test_frame_of_any_bytes_is_refused_or_a_dictionary(data: bytes) -> None:
    try:
        header, payload = unpack_frame(data)
    except WireError:
        return
    assert isinstance(header, dict)
    assert len(payload) <= len(data)


@pytest.mark.parametrize("header", [{"a": float("nan")}, {"a": object()}, {"a": "x" * MAX_FRAME_HEADER_BYTES}])
def test_frame_header_that_is_no_json_or_too_long_is_not_packed(header: dict[str, object]) -> None:
    with pytest.raises(WireError):
        pack_frame(header)
