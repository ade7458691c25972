"""Whether a classifier that never hits in truth never worked: it catches its own errors and answers False.

Decides by calling it again on a few bars while watching for exceptions in its own lines, so that ordinary runs pay nothing.
"""

import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

from libs.strategy.sandbox.guest.asof import AsOf
from libs.strategy.sandbox.guest.faults import STRATEGY_FILE, Fault, fault_of

TRIES = 12
_ORDINARY = (StopIteration, GeneratorExit, StopAsyncIteration)


def swallowed(call: Callable[[str], Any], asof: AsOf, rows: Mapping[str, range]) -> Fault | None:
    """Return the fault of the last try if every one of 12 calls, spread over symbols and bars, caught an error; else None.

    rows: the bars of each symbol that were decided, none empty. The newest bar of a symbol is always among those tried.
    """
    found: Fault | None = None
    for symbol, row in _tries(rows):
        asof.take(symbol)
        asof.stop = row + 1
        found = _watched(call, symbol)
        if found is None:
            return None
    return found


def _tries(rows: Mapping[str, range]) -> list[tuple[str, int]]:
    symbols = list(rows)
    picked = symbols[:: max(1, len(symbols) // TRIES)][:TRIES]
    each = max(1, TRIES // max(1, len(picked)))
    return [
        (symbol, rows[symbol][len(rows[symbol]) - 1 - step * len(rows[symbol]) // each])
        for symbol in picked
        for step in range(each)
    ]


def _watched(call: Callable[[str], Any], symbol: str) -> Fault | None:
    caught: list[Fault] = []

    def inside(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "exception" and not issubclass(argument[0], _ORDINARY):
            caught[:] = [fault_of(argument[1].with_traceback(argument[2]))]
        return inside

    def entering(frame: FrameType, event: str, argument: Any) -> Any:
        return inside if frame.f_code.co_filename == STRATEGY_FILE else None

    before = sys.gettrace()
    sys.settrace(entering)
    try:
        call(symbol)
    except MemoryError:
        raise
    except BaseException as error:  # noqa: BLE001  a stranger's code may raise anything
        return fault_of(error)
    finally:
        sys.settrace(before)
    return caught[0] if caught else None
