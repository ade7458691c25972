"""What a job may ask. Read once, when the job is made, so that neither guest nor reader meets a question without sense."""

from collections.abc import Mapping
from typing import Any

from libs.common.errors import BadInputError
from libs.strategy.sandbox.host.answer import CONTRACTS
from libs.strategy.sandbox.wire import Op

_LARGEST_MS = 2**53


def check_asked(op: Op, args: Mapping[str, Any], rows: Mapping[str, int]) -> None:
    """Raise BadInputError `sandbox.job`, with a pointer into the args, unless they are what `op` needs.

    All but check: symbols (no symbol twice, each in rows) and parameters. signals: explain, optional. classify: first (row
    by symbol), last_only and told (newest rows whose details are wanted), all optional. batch: contract, start_ms, end_ms, limit (or None)
    and asof_ms (ascending: what code was shown of a later time it could remember at an earlier one).
    """
    if any(type(count) is not int or count < 0 for count in rows.values()):
        raise _bad("rows holds what is no number of bars", "/rows")
    if op == "check":
        return
    _check_symbols(args.get("symbols"), rows)
    if not isinstance(args.get("parameters"), dict):
        raise _bad("parameters is not an object", "/parameters")
    if op == "classify":
        first = args.get("first", {})
        if not isinstance(first, dict) or not all(_is_whole(row) for row in first.values()):
            raise _bad("first is not a row for each symbol", "/first")
        if args.get("told") is not None and not _is_whole(args["told"]):
            raise _bad("told is not a number of rows", "/told")
    if op == "batch":
        _check_batch(args)


def _check_symbols(symbols: Any, rows: Mapping[str, int]) -> None:
    if not isinstance(symbols, list) or not all(isinstance(symbol, str) and symbol in rows for symbol in symbols):
        raise _bad("symbols is not a list of symbols with rows", "/symbols")
    if len(set(symbols)) != len(symbols):
        raise _bad("symbols names one twice", "/symbols")


def _check_batch(args: Mapping[str, Any]) -> None:
    if args.get("contract") not in CONTRACTS["batch"]:
        raise _bad(f"contract is none of {', '.join(CONTRACTS['batch'])}", "/contract")
    for name in ("start_ms", "end_ms"):
        if not _is_whole(args.get(name)):
            raise _bad(f"{name} is not a time in milliseconds", f"/{name}")
    if args.get("limit") is not None and not (_is_whole(args["limit"]) and args["limit"] > 0):
        raise _bad("limit is not a whole number above 0", "/limit")
    moments = args.get("asof_ms")
    if not isinstance(moments, list) or not all(map(_is_whole, moments)) or sorted(set(moments)) != moments:
        raise _bad("asof_ms is not a list of ascending times in milliseconds", "/asof_ms")


def _is_whole(value: Any) -> bool:
    return type(value) is int and 0 <= value < _LARGEST_MS


def _bad(detail: str, pointer: str) -> BadInputError:
    return BadInputError(f"the job cannot be sent: {detail}", code="sandbox.job", pointer=pointer)
