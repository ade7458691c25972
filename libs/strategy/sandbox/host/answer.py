"""Reading a result frame strictly against what was asked.

Decides whether a frame answers its job; anything else is a ProtocolError, however small the difference: an honest child never
makes it. Never unpickles, never trusts a length, a symbol, a row or a figure of the child.
"""

import struct
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from libs.strategy.sandbox.host import strict
from libs.strategy.sandbox.host.answers import (
    Answer,
    BatchAnswer,
    CheckAnswer,
    ClassifyAnswer,
    Detail,
    Failure,
    Pick,
    SignalsAnswer,
    SymbolError,
    Told,
)
from libs.strategy.sandbox.host.failures import diagnostics_of, line_number, read_failure, told_of
from libs.strategy.sandbox.host.strict import ProtocolError
from libs.strategy.sandbox.wire import MAX_FRAME_HEADER_BYTES, Op

CONTRACTS: dict[Op, tuple[str, ...]] = {
    "check": ("",),
    "signals": ("generate_signals", "predict_proba"),
    "classify": ("classify_symbol",),
    "batch": ("run_batch_backtest", "run_screening"),
}
"""Functions that may have answered, by op."""

MOST_PICKS = 100_000
MOST_AT_ONCE = 10_000
"""Picks of one as-of time, as the guest allows them."""
MOST_COLUMNS = 8
LONGEST_TITLE = 40
_LENGTHS = struct.Struct("<II")
_SYMBOL_KEYS = ("symbol", "rows", "error")
_TOLD_KEYS = ("warnings", "printed", "claimed", "values", "repeatable")


def read_answer(op: Op, args: Mapping[str, Any], rows: Mapping[str, int], frame: bytes) -> Answer | Failure:
    """Return what a child answered to a job of these args and rows; raises ProtocolError."""
    header, payload = split(frame)
    head = strict.load(header)
    if not isinstance(head, dict) or not strict.flag_of(head.get("ok"), "ok"):
        if payload:
            raise ProtocolError("a failure carries a payload")
        return read_failure(head)
    return _READERS[op](head, payload, args, rows)


def split(frame: bytes) -> tuple[bytes, bytes]:
    """Return header and payload of a frame whose lengths match exactly; raises ProtocolError."""
    if len(frame) < _LENGTHS.size:
        raise ProtocolError(f"{len(frame)} bytes are no frame")
    header, payload = _LENGTHS.unpack_from(frame)
    if header > MAX_FRAME_HEADER_BYTES or _LENGTHS.size + header + payload != len(frame):
        raise ProtocolError(f"a frame of {len(frame)} bytes says {header} + {payload}")
    start = _LENGTHS.size + header
    return frame[_LENGTHS.size : start], frame[start:]


def _signals(head: Any, payload: bytes, args: Mapping[str, Any], rows: Mapping[str, int]) -> SignalsAnswer:
    contract, errors, told = _headed("signals", head, args, rows)
    good = {symbol: rows[symbol] for symbol in args["symbols"] if symbol not in errors}
    count = sum(good.values())
    explained = len(good) if args.get("explain") and len(args["symbols"]) == 1 else 0
    names = _column_names(told.values.get("columns", []), MOST_COLUMNS * explained)
    if len(payload) != count + 8 * count * len(names):
        raise ProtocolError(f"a payload of {len(payload)} bytes for {count} bars and {len(names)} columns")
    values = np.frombuffer(payload, np.int8, count)
    if count and (values.min() < -1 or values.max() > 1):
        raise ProtocolError("an action is not -1, 0 or 1")
    floats = np.frombuffer(payload[count:], "<f8").astype(np.float64).reshape(len(names), count)
    if np.isinf(floats).any():
        raise ProtocolError("a column holds an infinite value")
    return SignalsAnswer(contract, _cut(values, good), dict(zip(names, floats, strict=True)), errors, told)


def _column_names(value: Any, most: int) -> list[str]:
    names = strict.list_of(value, "columns", most)
    for name in names:
        if not isinstance(name, str) or not name.isprintable() or strict.clean(name, LONGEST_TITLE) != name:
            raise ProtocolError("a column has no plain name")
    if len(set(names)) != len(names):
        raise ProtocolError("two columns have one name")
    return names


def _classify(head: Any, payload: bytes, args: Mapping[str, Any], rows: Mapping[str, int]) -> ClassifyAnswer:
    contract, errors, told = _headed("classify", head, args, rows, ("details_bytes",))
    first = {symbol: _first(symbol, args, rows) for symbol in args["symbols"]}
    called = {symbol: rows[symbol] - first[symbol] for symbol in args["symbols"] if symbol not in errors}
    count = sum(called.values())
    size = strict.whole_of(head["details_bytes"], "details_bytes", 0, len(payload))
    if size + count != len(payload):
        raise ProtocolError(f"a payload of {len(payload)} bytes holds {count} answers and {size} bytes of details")
    hits = np.frombuffer(payload, np.int8, count)
    if count and (hits.min() < 0 or hits.max() > 1):
        raise ProtocolError("a classification is not 0 or 1")
    found = strict.list_of(strict.load(payload[count:]) if size else [], "details", count)
    details = _details(found, args["symbols"], called, first)
    cut = {symbol: part.astype(np.bool_) for symbol, part in _cut(hits, called).items()}
    return ClassifyAnswer(contract, first, cut, details, errors, told)


def _batch(head: Any, payload: bytes, args: Mapping[str, Any], rows: Mapping[str, int]) -> BatchAnswer:
    contract, errors, told = _headed("batch", head, args, rows)
    if contract != args["contract"]:
        raise ProtocolError("another contract answered")
    moments = {moment: place for place, moment in enumerate(args["asof_ms"])}
    universe = frozenset(args["symbols"])
    at_once = args["limit"] if contract == "run_screening" and args.get("limit") else MOST_AT_ONCE
    found = strict.list_of(strict.load(payload), "picks", min(MOST_PICKS, len(moments) * at_once))
    picks = [_pick(each, universe, moments) for each in found]
    if max(Counter(pick.asof_ms for pick in picks).values(), default=0) > at_once:
        raise ProtocolError(f"more than {at_once} picks at one time")
    picks.sort(key=lambda pick: moments[pick.asof_ms])
    return BatchAnswer(contract, tuple(picks), errors, told)


def _check(head: Any, payload: bytes, args: Mapping[str, Any], rows: Mapping[str, int]) -> CheckAnswer:
    strict.fields_of(head, "header", ("ok", "op", "contracts", "diagnostics"))
    if payload or head["op"] != "check":
        raise ProtocolError("a check carries a payload, or another op was answered")
    contracts = strict.list_of(head["contracts"], "contracts", 8)
    found = tuple(strict.text_of(each, "contract", 64) for each in contracts)
    return CheckAnswer(found, diagnostics_of(head["diagnostics"]))


_READERS: dict[Op, Callable[[Any, bytes, Mapping[str, Any], Mapping[str, int]], Answer]] = {
    "check": _check,
    "signals": _signals,
    "classify": _classify,
    "batch": _batch,
}

_Headed: TypeAlias = tuple[str, dict[str, SymbolError], Told]


def _headed(op: Op, head: Any, args: Mapping[str, Any], rows: Mapping[str, int], more: tuple[str, ...] = ()) -> _Headed:
    strict.fields_of(head, "header", ("ok", "op", "contract", "symbols", *more), _TOLD_KEYS)
    if head["op"] != op or head["contract"] not in CONTRACTS[op]:
        raise ProtocolError("another op or contract was answered")
    told = strict.list_of(head["symbols"], "symbols", len(args["symbols"]))
    if len(told) != len(args["symbols"]):
        raise ProtocolError(f"{len(told)} symbols answered, {len(args['symbols'])} asked")
    errors = {}
    for asked, each in zip(args["symbols"], told, strict=True):
        strict.fields_of(each, "symbol", _SYMBOL_KEYS)
        if each["symbol"] != asked or each["rows"] != rows[asked] or type(each["rows"]) is not int:
            raise ProtocolError("symbols or rows are not those asked")
        if each["error"] is not None:
            errors[asked] = _symbol_error(each["error"])
    return head["contract"], errors, told_of(head)


def _symbol_error(value: Any) -> SymbolError:
    read = strict.fields_of(value, "error", ("type", "message", "line"))
    kind, message = strict.text_of(read["type"], "type", 80), strict.text_of(read["message"], "message")
    return SymbolError(kind, message, line_number(read["line"]))


def _cut(values: Any, lengths: Mapping[str, int]) -> dict[str, Any]:
    ends = np.cumsum([0, *lengths.values()])
    return {symbol: values[ends[place] : ends[place + 1]] for place, symbol in enumerate(lengths)}


def _first(symbol: str, args: Mapping[str, Any], rows: Mapping[str, int]) -> int:
    if args.get("last_only"):
        return max(0, rows[symbol] - 1)
    return min(rows[symbol], int(args.get("first", {}).get(symbol, 0)))


def _details(
    found: list[Any], symbols: list[str], called: Mapping[str, int], first: Mapping[str, int]
) -> dict[str, tuple[Detail, ...]]:
    read: dict[str, dict[int, Detail]] = {symbol: {} for symbol in called}
    for each in found:
        if not isinstance(each, list) or len(each) != 5:
            raise ProtocolError("a detail has not five parts")
        symbol = symbols[strict.whole_of(each[0], "symbol index", 0, len(symbols) - 1)]
        if symbol not in called:
            raise ProtocolError("a detail is of a symbol that failed")
        row = strict.whole_of(each[1], "row", first[symbol], first[symbol] + called[symbol] - 1)
        if row in read[symbol]:
            raise ProtocolError("two details are of one bar")
        read[symbol][row] = Detail(row, _score(each[2]), _signal(each[3]), _data(each[4]))
    return {symbol: tuple(rows[row] for row in sorted(rows)) for symbol, rows in read.items() if rows}


def _pick(value: Any, symbols: frozenset[str], moments: Mapping[int, int]) -> Pick:
    read = strict.fields_of(value, "pick", ("asof_ms", "ticker", "classification", "score", "data"))
    if type(read["asof_ms"]) is not int or read["asof_ms"] not in moments:
        raise ProtocolError("a pick is of a time not asked")
    if not isinstance(read["ticker"], str) or read["ticker"] not in symbols:
        raise ProtocolError("a pick is of a symbol not asked")
    said = strict.flag_of(read["classification"], "classification")
    return Pick(read["asof_ms"], read["ticker"], said, _score(read["score"]), _data(read["data"]))


def _score(value: Any) -> float | None:
    return None if value is None else strict.number_of(value, "score")


def _signal(value: Any) -> int | None:
    return None if value is None else strict.whole_of(value, "signal", -1, 1)


def _data(value: Any) -> dict[str, strict.Plain] | None:
    return None if value is None else strict.plain_of(value, "data")
