"""One job inside the child: check, execute, call, and say what came of it.

Runs after the process was locked down, so no file can be opened here: every module is imported above, and `warmup` has touched what
numpy and pandas load late. Decides the header and payload that the child writes; the parent believes none of it.

Header of an answer: ok, op, contract, symbols [{symbol, rows, error {type, message, line} | null}], warnings [{code, message}],
printed, claimed, values, repeatable; details_bytes for classify. `values` holds SIGNAL_MODE and HORIZON where the code sets them and,
if the args ask by `"explain": true` and one symbol is asked about, `columns`: names of float64 columns of T bars each that follow the
actions in the payload. Header of a failure: ok, op, error {code, type, message, line, column, hint}, diagnostics, printed.
"""

import json
import warnings
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeAlias

from libs.strategy.check import Report, check
from libs.strategy.sandbox.guest.asof import AsOf
from libs.strategy.sandbox.guest.batch import run_batch
from libs.strategy.sandbox.guest.classify import Classifying
from libs.strategy.sandbox.guest.data import DataFunctions
from libs.strategy.sandbox.guest.faults import Fault, StrategyError, fault_of
from libs.strategy.sandbox.guest.outcome import Outcome
from libs.strategy.sandbox.guest.output import Printed
from libs.strategy.sandbox.guest.program import Program, World, chained, decoded, load, own_module, watch_warnings
from libs.strategy.sandbox.guest.rehearsal import CODE, SYMBOL, made_up_market
from libs.strategy.sandbox.guest.reserve import Reserve, reserve
from libs.strategy.sandbox.guest.signals import run_signals
from libs.strategy.sandbox.layout import read_market
from libs.strategy.sandbox.wire import JobHeader, Op

Answer: TypeAlias = tuple[dict[str, Any], bytes]

_OPERATIONS: dict[str, Callable[[Program, AsOf, dict[str, Any]], Outcome]] = {
    "signals": run_signals,
    "classify": lambda program, asof, args: Classifying(program, asof, args).run(),
    "batch": run_batch,
}
_MOST_DIAGNOSTICS = 50
_MOST_HEADER_BYTES = 60 * 1024


def run(header: JobHeader, source: bytes, market: memoryview, *, guarded: bool) -> Answer:
    """Return header and payload of the result frame of one job.

    source: UTF-8. market: the mapped market file. guarded: judge the code by the checker first and give it only allowed names; without,
    it gets Python's own built-ins (tests of the kernel's walls). Whatever the strategy does wrong is a header whose `ok` is false.
    """
    printed, kept = Printed(), reserve()
    try:
        with own_module(), warnings.catch_warnings(record=True) as caught:
            watch_warnings()
            return _answered(header, source, market, (printed, kept), caught, guarded=guarded)
    except StrategyError as error:
        return _failure(header, error.fault, printed)
    except MemoryError as error:
        kept.clear()
        fault = fault_of(error)
        error.__traceback__ = None
        return _failure(header, fault, printed)


def rehearse() -> None:
    """Run a small strategy of each common contract on made-up bars, and forget it. Raises RuntimeError if it does not answer."""
    market = made_up_market()
    operations: tuple[Op, ...] = ("signals", "classify")
    for op in operations:
        job = JobHeader(0, op, args={"symbols": [SYMBOL], "parameters": {}, "explain": True})
        told, _ = run(job, CODE, market, guarded=True)
        if not told["ok"] or told["symbols"][0]["error"] is not None:
            raise RuntimeError(f"the rehearsal failed: {told}"[:500])


def _answered(
    header: JobHeader,
    source: bytes,
    market: memoryview,
    kept: tuple[Printed, Reserve],
    caught: list[warnings.WarningMessage],
    *,
    guarded: bool,
) -> Answer:
    report = check(source) if guarded or header.op == "check" else None
    if report is not None and not report.ok:
        return _rejected(header, report)
    if report is not None and header.op == "check":
        return {
            "ok": True,
            "op": "check",
            "contracts": list(report.contracts),
            "diagnostics": _diagnostics(report),
        }, b""
    index = read_market(market)
    asof = AsOf(index, market)
    data = DataFunctions(asof, index)
    printed, memory = kept
    world = World(data.functions, printed, asof.now_ms, memory)
    program = load(decoded(source), header.seed, world, guarded=guarded)
    outcome = _OPERATIONS[header.op](program, asof, header.args)
    remarks = [*outcome.warnings, *chained(caught)]
    if data.fundamentals_asked and not index.point_in_time:
        message = "fundamentals are those of today, not of the bar being decided: a result on history may know too much"
        remarks.append({"code": "strategy.not_point_in_time", "message": message})
    told = {
        "ok": True,
        "op": header.op,
        "contract": outcome.contract,
        "symbols": outcome.symbols,
        "warnings": remarks,
        "printed": printed.shown(),
        "claimed": outcome.claimed,
        "values": outcome.values,
        "repeatable": True,
    }
    return _fitting(told | outcome.extra), outcome.payload


def _rejected(header: JobHeader, report: Report) -> Answer:
    first = next(each for each in report.diagnostics if each.severity == "error")
    fault = Fault("strategy.rejected", "RejectedError", first.message, first.line, first.column, first.hint)
    told, payload = _failure(header, fault, Printed())
    return told | {"diagnostics": _diagnostics(report)}, payload


def _failure(header: JobHeader, fault: Fault, printed: Printed) -> Answer:
    told: dict[str, Any] = {
        "ok": False,
        "op": header.op,
        "error": fault.told(),
        "diagnostics": [],
        "printed": printed.shown(),
    }
    return _fitting(told), b""


def _diagnostics(report: Report) -> list[dict[str, Any]]:
    keys = ("code", "severity", "message", "line", "column", "hint")
    return [
        {key: value for key, value in asdict(each).items() if key in keys}
        for each in report.diagnostics[:_MOST_DIAGNOSTICS]
    ]


def _fitting(told: dict[str, Any]) -> dict[str, Any]:
    """Return the header with what was printed, then messages of symbols, cut until it fits into its 64 kB."""
    for longest in (1_024, 0):
        if _size(told) <= _MOST_HEADER_BYTES:
            return told
        told = told | {"printed": told["printed"][:longest]}
    for longest in (120, 40, 0):
        if _size(told) <= _MOST_HEADER_BYTES:
            return told
        told = told | {"symbols": [_shorter(each, longest) for each in told.get("symbols", [])]}
    return told


def _shorter(told: dict[str, Any], longest: int) -> dict[str, Any]:
    error = told["error"]
    return told if error is None else told | {"error": error | {"message": error["message"][:longest]}}


def _size(told: dict[str, Any]) -> int:
    return len(json.dumps(told, separators=(",", ":")))
