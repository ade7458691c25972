"""`generate_signals` over many symbols: one df each, one symbol's error stops no other."""

from typing import Any

from libs.strategy.sandbox.guest.asof import AsOf
from libs.strategy.sandbox.guest.explain import added_columns
from libs.strategy.sandbox.guest.faults import StrategyError, fault_of
from libs.strategy.sandbox.guest.frame import frame_of, times_of
from libs.strategy.sandbox.guest.outcome import Outcome
from libs.strategy.sandbox.guest.program import Program
from libs.strategy.sandbox.guest.result import actions_of


def run_signals(program: Program, asof: AsOf, args: dict[str, Any]) -> Outcome:
    """Return the actions of each symbol of `args["symbols"]`, called with `args["parameters"]`.

    Payload: (T,) int8 of every symbol without an error, in order; then, if `args["explain"]` and for a job of one symbol, the
    columns it added as float64, named in `values["columns"]`. Raises StrategyError if there is no such function and when memory runs out.
    """
    function = program.function("generate_signals")
    values: dict[str, Any] = dict(program.constants())
    told: list[dict[str, Any]] = []
    parts: list[bytes] = []
    columns: dict[str, Any] = {}
    explained = bool(args.get("explain")) and len(args["symbols"]) == 1
    for symbol in args["symbols"]:
        error = None
        bars = asof.take(symbol)
        asof.stop = bars.rows
        if bars.rows:
            times = times_of(bars)
            frame = frame_of(bars, times)
            program.begin_call()
            try:
                parts.append(actions_of(function(frame, **args["parameters"]), times).tobytes())
                columns = dict(added_columns(frame, times)) if explained else {}
            except MemoryError as out:
                program.reserve.clear()
                raise StrategyError(fault_of(out, function)) from None
            except BaseException as raised:  # noqa: BLE001  whatever one symbol raises, the others go on
                error = fault_of(raised, function).brief()
        told.append({"symbol": symbol, "rows": bars.rows, "error": error})
    if columns:
        values["columns"] = list(columns)
        parts.extend(column.astype("<f8").tobytes() for column in columns.values())
    return Outcome("generate_signals", told, b"".join(parts), values=values)
