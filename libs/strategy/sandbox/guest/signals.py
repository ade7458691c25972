"""`generate_signals` over many symbols: one df each, one symbol's error stops no other."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from libs.strategy.sandbox.guest.asof import AsOf
from libs.strategy.sandbox.guest.columns import FloatArray
from libs.strategy.sandbox.guest.explain import added_columns
from libs.strategy.sandbox.guest.faults import StrategyError, fault_of
from libs.strategy.sandbox.guest.frame import frame_of, times_of
from libs.strategy.sandbox.guest.outcome import Outcome
from libs.strategy.sandbox.guest.program import Program
from libs.strategy.sandbox.guest.result import actions_of

CONTRACT = "generate_signals"


def run_signals(program: Program, asof: AsOf, args: dict[str, Any]) -> Outcome:
    """Return the actions of each symbol of `args["symbols"]`, called with `args["parameters"]`.

    Payload: (T,) int8 of every symbol without an error, in order; then, if `args["explain"]` and for a job of one symbol, the
    columns it added as float64, named in `values["columns"]`. Raises StrategyError if there is no such function and when memory runs out.
    """
    function = program.function(CONTRACT)
    values: dict[str, Any] = dict(program.constants())
    told: list[dict[str, Any]] = []
    parts: list[bytes] = []
    columns: Mapping[str, FloatArray] = {}
    explained = bool(args.get("explain")) and len(args["symbols"]) == 1
    for symbol in args["symbols"]:
        error = None
        rows = asof.stored_rows(symbol)
        if rows:
            asof.rest()
            try:
                said = program.apart(partial(_said, program, asof, symbol, args["parameters"], explained=explained))
                parts.append(said[0])
                columns = said[1]
            except MemoryError as out:
                program.reserve.clear()
                raise StrategyError(fault_of(out, function)) from None
            except BaseException as raised:  # noqa: BLE001  whatever one symbol raises, the others go on
                error = fault_of(raised, function).brief()
        told.append({"symbol": symbol, "rows": rows, "error": error})
    if columns:
        values["columns"] = list(columns)
        parts.extend(column.astype("<f8").tobytes() for column in columns.values())
    return Outcome(CONTRACT, told, b"".join(parts), values=values)


def _said(
    program: Program, asof: AsOf, symbol: str, parameters: Mapping[str, Any], *, explained: bool
) -> tuple[bytes, Mapping[str, FloatArray]]:
    """Return the actions of one symbol as bytes, and the columns it added."""
    bars = asof.take(symbol)
    asof.stop = bars.rows
    times = times_of(bars)
    frame = frame_of(bars, times)
    program.begin_call()
    answer = program.function(CONTRACT)(frame, **parameters)
    return actions_of(answer, times).tobytes(), added_columns(frame, times) if explained else {}
