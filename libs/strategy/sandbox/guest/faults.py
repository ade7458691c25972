"""What went wrong in a strategy's code, told so that its author can act: code, kind, words, place, hint.

Decides the words. Nothing here trusts an exception: its text may raise, lie about its type or be endless.
"""

import math
from dataclasses import asdict, dataclass
from types import FunctionType, TracebackType
from typing import Any

from libs.strategy.sandbox.guest.words import clean

STRATEGY_FILE = "<strategy>"
"""File name a strategy is compiled under, by which its own lines are found."""

_LONGEST_MESSAGE = 400

_HINTS: tuple[tuple[str, str, str], ...] = (
    ("ValueError", "read-only", "take an own copy first: values = df['close'].to_numpy(copy=True)"),
    ("ValueError", "truth value of", "compare bar by bar: use np.where or & and | instead of if, and, or"),
    ("ValueError", "Cannot mask with non-boolean", "fill the gaps of the condition first: condition.fillna(False)"),
    (
        "TypeError",
        "fillna() got an unexpected keyword argument 'method'",
        "write .ffill() instead of fillna(method='ffill')",
    ),
    ("ValueError", "Invalid frequency: H", "write 'h' for hours, as pandas 3 does"),
    ("ValueError", "Invalid frequency: T", "write 'min' for minutes, as pandas 3 does"),
    ("AttributeError", "object has no attribute 'append'", "use pd.concat([first, second])"),
    ("KeyError", "'timestamp'", "the times are the index: df.index"),
    ("KeyError", "'date'", "the times are the index: df.index"),
    ("IndexError", "list index out of range", "there are fewer bars than asked at the start: check len() first"),
    ("IndexError", "out-of-bounds", "there are fewer bars than that at the start: check len(df) first"),
    ("ZeroDivisionError", "", "check for zero before dividing"),
    ("RecursionError", "", "a function calls itself without end"),
    ("SystemExit", "", "a strategy ends by returning its answer"),
    ("MemoryError", "", "the job may use 128 MB beyond its start: keep fewer or smaller arrays"),
)
_KINDS = {
    "strategy.rejected": "RejectedError",
    "strategy.raised": "RuntimeError",
    "strategy.result": "ResultError",
    "strategy.contract": "ContractError",
}
_TRACEBACK: Any = vars(BaseException)["__traceback__"]
_COLUMNS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong: stable dotted code, Python's name for it, one sentence, 1-based place in the strategy, what to do."""

    code: str
    type: str
    message: str
    line: int | None = None
    column: int | None = None
    hint: str | None = None

    def told(self) -> dict[str, Any]:
        """Return the fault as a JSON object."""
        return asdict(self)

    def brief(self) -> dict[str, Any]:
        """Return the fault as the error of one symbol: type, message with the hint at its end, line."""
        message = f"{self.message}; {self.hint}" if self.hint else self.message
        return {"type": self.type, "message": message, "line": self.line}

    def sentence(self) -> str:
        """Return the fault in one line."""
        at = f"line {self.line}: " if self.line else ""
        return clean(f"{at}{self.type}: {self.message}", _LONGEST_MESSAGE)


class StrategyError(Exception):
    """The strategy is at fault; carries the fault."""

    def __init__(self, fault: Fault):
        """Keep the fault."""
        super().__init__(fault.message)
        self.fault = fault


def refused(code: str, message: str, hint: str | None = None, line: int | None = None) -> StrategyError:
    """Return an error about what a strategy answers or offers, rather than about what it raised."""
    return StrategyError(Fault(code, _KINDS[code], clean(message, _LONGEST_MESSAGE), line, None, hint))


def fault_of(error: BaseException, called: object = None) -> Fault:
    """Return the fault an exception means.

    called: the strategy's function that was called; its first line is the place where no line of the strategy was reached.
    """
    if isinstance(error, StrategyError):
        found = error.fault
        return (
            found if found.line else Fault(found.code, found.type, found.message, first_line(called), None, found.hint)
        )
    line, column = place(error)
    name = clean(type.__getattribute__(type(error), "__name__"), 80)
    message = _message(error) or ("out of memory" if isinstance(error, MemoryError) else "")
    code = "strategy.memory" if isinstance(error, MemoryError) else "strategy.raised"
    return Fault(code, name, message, line or first_line(called), column, _hint(name, message))


def place(error: BaseException) -> tuple[int | None, int | None]:
    """Return line and column, both from 1, of the innermost line of the strategy that an exception went through."""
    step: TracebackType | None = _TRACEBACK.__get__(error)
    found: TracebackType | None = None
    while step is not None:
        if step.tb_frame.f_code.co_filename == STRATEGY_FILE:
            found = step
        step = step.tb_next
    if found is None:
        return _syntax_place(error)
    positions = list(found.tb_frame.f_code.co_positions())
    column = positions[found.tb_lasti // 2][2] if found.tb_lasti // 2 < len(positions) else None
    return found.tb_lineno, None if column is None else column + 1


def first_line(called: object) -> int | None:
    """Return the line where a function of the strategy begins, None for anything else."""
    if type(called) is FunctionType and called.__code__.co_filename == STRATEGY_FILE:
        return called.__code__.co_firstlineno
    return None


def _syntax_place(error: BaseException) -> tuple[int | None, int | None]:
    if type(error) is SyntaxError and error.filename == STRATEGY_FILE:
        return error.lineno, error.offset
    return None, None


def _message(error: BaseException) -> str:
    try:
        return clean(str(error), _LONGEST_MESSAGE)
    except BaseException:  # noqa: BLE001  the text of a stranger's exception is his code too
        return "(its text cannot be shown)"


def _hint(name: str, message: str) -> str | None:
    bare = message.strip("'\"")
    if name == "KeyError" and bare.lower() in _COLUMNS and bare not in _COLUMNS:
        return "columns are lower case: open high low close volume"
    return next((hint for kind, part, hint in _HINTS if kind == name and part in message), None)


def shown(value: object) -> str:
    """Return a plain value in few characters, anything else by the name of its type."""
    if type(value) in (bool, int, float, str) or value is None:
        if type(value) is int and abs(value) > 10**30:
            return "a huge int"
        if type(value) is float and math.isnan(value):
            return "NaN"
        return clean(repr(value[:60] if type(value) is str else value), 80)
    return f"a {clean(type.__getattribute__(type(value), '__name__'), 60)}"
