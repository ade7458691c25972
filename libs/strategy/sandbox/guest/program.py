"""A strategy's code as a running module: checked, compiled, executed anew for each symbol, its functions and constants found.

Decides what the code can name. The kernel decides what it can do.
"""

import builtins
import sys
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from decimal import Context, setcontext
from inspect import CO_VARKEYWORDS
from types import FunctionType, ModuleType
from typing import Any, TypeVar

import pandas as pd

from libs.strategy.check.allowed import DATA_FUNCTIONS, PROVIDED
from libs.strategy.check.contracts import CONTRACTS, MAX_HORIZON, SIGNAL_MODES
from libs.strategy.sandbox.guest.builtins import allowed_builtins
from libs.strategy.sandbox.guest.chance import draws, reset
from libs.strategy.sandbox.guest.faults import STRATEGY_FILE, StrategyError, fault_of, refused, shown
from libs.strategy.sandbox.guest.modules import modules_for
from libs.strategy.sandbox.guest.output import Printed
from libs.strategy.sandbox.guest.reserve import Reserve

MODULE_NAME = "strategy"

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """What a strategy finds around it: the data functions, where it prints, the as-of time, and the memory kept back.

    data_functions: makes those of these names anew, because code can hang what it wants to remember on a function.
    """

    data_functions: Callable[[Collection[str]], Mapping[str, Any]]
    printed: Printed
    now_ms: Callable[[], int]
    reserve: Reserve


class Program:
    """A strategy ready to be called.

    names: its globals. draws: whether it can use random numbers. reserve: to be cleared by whoever catches MemoryError from a call.
    """

    def __init__(self, text: str, seed: int, world: World, *, guarded: bool):
        """Execute the source once; see `load`."""
        self.draws = not guarded or draws(text)
        self.reserve = world.reserve
        self._world = world
        self._seed = seed
        self._code = compile(text, STRATEGY_FILE, "exec", dont_inherit=True)
        self._asked = tuple(name for name in sorted(DATA_FUNCTIONS) if not guarded or _may_name(text, name))
        self._given = _given(text, seed, world, guarded=guarded)
        self.names: dict[str, Any] = sys.modules[MODULE_NAME].__dict__ if MODULE_NAME in sys.modules else {}
        self._untouched = copy_context()
        self._context = self._untouched.copy()
        self._filters = list(warnings.filters)
        self._used = False
        self._execute()

    def apart(self, call: Callable[[], _T]) -> _T:
        """Return `call()`, made as if it was the first thing this code does in its life.

        What a strategy says of a symbol must not depend on which others share its fork: its own globals, NumPy's error state, decimal
        contexts and filters of warnings begin anew. Raises what executing the code or the call raises.
        """
        if self._used:
            self._context = self._untouched.copy()
            if warnings.filters != self._filters:
                warnings.resetwarnings()
                watch_warnings()
            self._world.printed.is_muted = True  # what it prints was kept the first time
            try:
                self._execute()
            except MemoryError:
                self.reserve.clear()
                raise
            finally:
                self._world.printed.is_muted = False
        self._used = True
        return self._context.run(call)

    def function(self, contract: str) -> Callable[..., Any]:
        """Return the function of a contract; raises StrategyError naming those that are there."""
        found: Callable[..., Any] | None = self.names.get(contract)
        if callable(found):
            return found
        there = [name for name in CONTRACTS if callable(self.names.get(name))]
        raise refused(
            "strategy.contract",
            f"the code defines no function {contract}",
            f"it defines {', '.join(there)}" if there else f"define {contract}",
        )

    def constants(self) -> dict[str, Any]:
        """Return SIGNAL_MODE and HORIZON where the code sets them; raises StrategyError for values that mean nothing."""
        found: dict[str, Any] = {}
        mode = self.names.get("SIGNAL_MODE")
        if mode is not None:
            if type(mode) is not str or mode not in SIGNAL_MODES:
                raise refused("strategy.contract", f"SIGNAL_MODE is {shown(mode)}", 'use "action" or "position"')
            found["SIGNAL_MODE"] = mode
        horizon = self.names.get("HORIZON")
        if horizon is not None:
            if type(horizon) is not int or not 1 <= horizon <= MAX_HORIZON:
                raise refused("strategy.contract", f"HORIZON is {shown(horizon)}", f"give bars from 1 to {MAX_HORIZON}")
            found["HORIZON"] = horizon
        return found

    def begin_call(self) -> None:
        """Make the random numbers of the next call those of every call."""
        if self.draws:
            reset(self._seed)

    def _execute(self) -> None:
        names = self.names
        names.clear()
        names.update(self._given)
        names.update(self._world.data_functions(self._asked))
        names["__builtins__"] = {**names["__builtins__"], "print": self._world.printed.print_function()}
        self.begin_call()
        self._context.run(setcontext, Context())
        self._context.run(exec, self._code, names)


def load(text: str, seed: int, world: World, *, guarded: bool) -> Program:
    """Return the program of a source that the checker accepted.

    guarded: give it only allowed names; otherwise Python's own built-ins. Raises StrategyError with what the code raised while it
    was executed, and MemoryError.
    """
    try:
        return Program(text, seed, world, guarded=guarded)
    except MemoryError:
        world.reserve.clear()
        raise
    except BaseException as error:  # noqa: BLE001  SystemExit of a strategy is an error like any other
        raise StrategyError(fault_of(error)) from None


def accepted(function: Callable[..., Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that a function declares: those of a code's other contracts are not its own."""
    if type(function) is not FunctionType or function.__code__.co_flags & CO_VARKEYWORDS:
        return dict(parameters)
    code = function.__code__
    declared = code.co_varnames[code.co_posonlyargcount : code.co_argcount + code.co_kwonlyargcount]
    return {name: value for name, value in parameters.items() if name in declared}


def _given(text: str, seed: int, world: World, *, guarded: bool) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": MODULE_NAME, "__builtins__": vars(builtins)}
    if not guarded:
        return names
    importer = modules_for(world.now_ms, seed)
    names["__builtins__"] = allowed_builtins(importer.import_function())
    for name, (module, inner) in PROVIDED.items():
        if _may_name(text, name):
            found = importer.module(module)
            names[name] = found if inner is None else getattr(found, inner)
    return names


def _may_name(text: str, name: str) -> bool:
    return name in text or not text.isascii()


def watch_warnings() -> None:
    """Ignore Python's warnings except the one about chained assignment, which is a mistake that changes results."""
    warnings.simplefilter("ignore")
    warnings.simplefilter("default", pd.errors.ChainedAssignmentError)


def chained(caught: list[warnings.WarningMessage]) -> list[dict[str, str]]:
    """Return one remark for each line of the strategy that assigns through a chain of indexing."""
    lines = sorted({each.lineno for each in caught if each.filename == STRATEGY_FILE})
    return [
        {
            "code": "strategy.chained_assignment",
            "message": f"line {line}: the assignment changes a copy and is lost; write df.loc[rows, 'column'] = value",
        }
        for line in lines[:10]
    ]


def decoded(source: bytes) -> str:
    """Return the source as text; a byte order mark and coding cookies mean nothing. Raises StrategyError if it is not UTF-8."""
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refused("strategy.rejected", f"the code is not UTF-8 at byte {error.start}", "save it as UTF-8") from None


@contextmanager
def own_module() -> Iterator[None]:
    """Have a module of the strategy's name for a while, where dataclasses look up the types it writes as texts."""
    sys.modules[MODULE_NAME] = ModuleType(MODULE_NAME)
    try:
        yield
    finally:
        del sys.modules[MODULE_NAME]
