"""Frames as an honest child writes them, to be damaged by the tests."""

import json
import struct
from typing import Any

import pytest

from libs.strategy.sandbox.host.answer import read_answer
from libs.strategy.sandbox.host.strict import ProtocolError

ROWS = {"BTCUSDT": 5, "ETHUSDT": 3}
SYMBOLS = list(ROWS)
SIGNALS_ARGS: dict[str, Any] = {"symbols": SYMBOLS, "parameters": {}}
EXPLAIN_ARGS: dict[str, Any] = {"symbols": ["BTCUSDT"], "parameters": {}, "explain": True}
CLASSIFY_ARGS: dict[str, Any] = {"symbols": SYMBOLS, "parameters": {}, "first": {"BTCUSDT": 2}, "last_only": False}
SCREEN_ARGS: dict[str, Any] = {
    "contract": "run_screening",
    "symbols": SYMBOLS,
    "start_ms": 0,
    "end_ms": 9,
    "limit": 2,
    "parameters": {},
    "asof_ms": [4, 8],
}


def frame(header: Any, payload: bytes = b"") -> bytes:
    """Return a frame with true lengths; header: JSON value, or bytes as they are."""
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<II", len(head), len(payload)) + head + payload


def head(op: str, contract: str, /, **changed: Any) -> dict[str, Any]:
    """Return the header of a good answer."""
    symbols = [{"symbol": symbol, "rows": rows, "error": None} for symbol, rows in ROWS.items()]
    told: dict[str, Any] = {"warnings": [], "printed": "", "claimed": None, "values": {}, "repeatable": True}
    return {"ok": True, "op": op, "contract": contract, "symbols": symbols, **told, **changed}


def signals(payload: bytes = bytes(8), **changed: Any) -> bytes:
    """Return the answer of `generate_signals` for 5 + 3 bars."""
    return frame(head("signals", "generate_signals", **changed), payload)


def classify(details: Any = (), hits: bytes = bytes(6), **changed: Any) -> bytes:
    """Return the answer of `classify_symbol` for bars 2 to 4 and 0 to 2."""
    told = details if isinstance(details, bytes) else json.dumps(list(details)).encode()
    return frame(head("classify", "classify_symbol", **{"details_bytes": len(told), **changed}), hits + told)


def pick(**changed: Any) -> dict[str, Any]:
    """Return one line of a screening."""
    return {"asof_ms": 4, "ticker": "BTCUSDT", "classification": True, "score": 1.5, "data": None, **changed}


def screening(picks: Any, **changed: Any) -> bytes:
    """Return the answer of `run_screening`."""
    told = picks if isinstance(picks, bytes) else json.dumps(picks).encode()
    return frame(head("batch", "run_screening", **changed), told)


def failure(**changed: Any) -> bytes:
    """Return the failure of a code that raised."""
    error = {"code": "strategy.raised", "type": "KeyError", "message": "'x'", "line": 3, "column": 5, "hint": None}
    return frame({"ok": False, "op": "signals", "error": {**error, **changed}, "diagnostics": [], "printed": ""})


def read(op: Any, data: bytes) -> Any:
    """Return what the host reads from a frame that answers the op's args."""
    args = {"signals": SIGNALS_ARGS, "classify": CLASSIFY_ARGS, "batch": SCREEN_ARGS, "check": {}}
    return read_answer(op, args[op], ROWS, data)


def refused(op: str, data: bytes) -> None:
    """Check that the host refuses a frame, in few words that can be printed."""
    with pytest.raises(ProtocolError) as caught:
        read(op, data)
    assert len(str(caught.value)) < 400
    assert str(caught.value).isprintable()
