"""Random damage: whatever a child writes is either read as a whole answer or refused as such, never anything else."""

import json
import struct
from typing import Any, cast

from hypothesis import example, given, settings
from hypothesis import strategies as st

from libs.strategy.sandbox.host.answer import read_answer
from libs.strategy.sandbox.host.answers import Answer, Failure
from libs.strategy.sandbox.host.strict import ProtocolError
from libs.strategy.sandbox.wire import Op
from tests.security import frames

ARGS: dict[str, dict[str, Any]] = {
    "signals": frames.SIGNALS_ARGS,
    "classify": frames.CLASSIFY_ARGS,
    "batch": frames.SCREEN_ARGS,
    "check": {},
}
HONEST = {
    "signals": frames.signals(),
    "classify": frames.classify([[0, 2, 0.5, 1, {"a": [1]}]]),
    "batch": frames.screening([frames.pick()]),
    "check": frames.frame({"ok": True, "op": "check", "contracts": ["python.signals"], "diagnostics": []}),
}
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(categories=["L", "Cc", "Cs", "Cf"]))
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
OPS = st.sampled_from(sorted(HONEST))


def read(op: str, data: bytes) -> Answer | Failure | None:
    try:
        return read_answer(cast("Op", op), ARGS[op], frames.ROWS, data)
    except ProtocolError:
        return None


@settings(max_examples=150, deadline=None)
@given(OPS, st.binary(max_size=300))
@example("signals", struct.pack("<II", 2, 0) + b"{}")
def test_random_bytes_are_refused(op: str, data: bytes) -> None:
    assert read(op, data) is None


@settings(max_examples=150, deadline=None)
@given(OPS, st.data())
def test_frame_with_changed_bytes_is_whole_or_refused(op: str, data: st.DataObject) -> None:
    damaged = bytearray(HONEST[op])
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    assert_printable(read(op, bytes(damaged)))


@settings(max_examples=200, deadline=None)
@given(OPS, st.data())
def test_header_with_a_changed_value_is_whole_or_refused(op: str, data: st.DataObject) -> None:
    length = int.from_bytes(HONEST[op][:4], "little")
    header = json.loads(HONEST[op][8 : 8 + length])
    place: Any = header
    while isinstance(place, dict | list) and place:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            place[key] = data.draw(VALUES)
            break
        place = place[key]
    assert_printable(read(op, frames.frame(header, HONEST[op][8 + length :])))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["classify", "batch"]), VALUES)
def test_random_json_in_a_payload_is_whole_or_refused(op: str, value: Any) -> None:
    told = frames.classify([value]) if op == "classify" else frames.screening([value])
    assert_printable(read(op, told))


def assert_printable(answer: Answer | Failure | None) -> None:
    """Whatever came through can be written as UTF-8 and holds no control character but tab and line feed."""
    text = repr(answer)
    text.encode()
    assert not any(mark in text for mark in (r"\x1b", r"\x00", r"\u202e", r"\ud8"))
