"""Computes conditions on whole columns, each shared part once.

Decides what missing values mean: a result that is not a finite number (not warm, divided by zero) is NaN, a comparison with NaN is
neither true nor false, and only what is true is ever a signal.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from libs.market.frame import FloatArray, Frame
from libs.strategy.conditions.functions import FUNCTIONS
from libs.strategy.conditions.tree import (
    And,
    Arithmetic,
    Column,
    Comparison,
    Crossing,
    Indicator,
    Negative,
    Not,
    Number,
    Numeric,
    Operator,
    Or,
    Shift,
    Sign,
    Truth,
)

BoolArray: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Where a condition is true and where it is false, (T,) each; unknown where it is neither."""

    true: BoolArray
    false: BoolArray

    def __and__(self, other: "Known") -> "Known":
        """Return where both are true, and where one is false."""
        return Known(self.true & other.true, self.false | other.false)

    def __or__(self, other: "Known") -> "Known":
        """Return where one is true, and where both are false."""
        return Known(self.true | other.true, self.false & other.false)

    def __invert__(self) -> "Known":
        """Return the opposite; unknown stays unknown."""
        return Known(self.false, self.true)


class Evaluator:
    """Values of trees on one frame. Every value of a bar depends on that bar and earlier ones only."""

    def __init__(self, frame: Frame):
        """Keep the bars; nothing is computed before it is asked for."""
        self.bars = len(frame)
        self._frame = frame
        self._numbers: dict[Numeric, FloatArray] = {}
        self._truths: dict[Truth, Known] = {}
        self._calls: dict[tuple[str, Numeric | None, tuple[float, ...]], tuple[FloatArray, ...]] = {}

    def number(self, node: Numeric) -> FloatArray:
        """Return the (T,) values of a node, NaN where it has none; nobody writes into them."""
        found = self._numbers.get(node)
        if found is None:
            with np.errstate(all="ignore"):
                found = self._numbers[node] = self._number(node)
        return found

    def truth(self, node: Truth) -> Known:
        """Return where a condition is true and where false."""
        found = self._truths.get(node)
        if found is None:
            found = self._truths[node] = self._truth(node)
        return found

    def _number(self, node: Numeric) -> FloatArray:
        match node:
            case Number(value=value):
                return np.full(self.bars, value)
            case Column(name=name):
                column: FloatArray = getattr(self._frame, name)
                return column
            case Indicator():
                return self._indicator(node)
            case Shift(of=of, bars=bars):
                return _shifted(self.number(of), bars)
            case Negative(of=of):
                return -self.number(of)
            case Arithmetic(operator=operator, left=left, right=right):
                return _finite(_OPERATORS[operator](self.number(left), self.number(right)))

    def _indicator(self, node: Indicator) -> FloatArray:
        function = FUNCTIONS[node.name]
        call = (node.name, node.source, node.settings)
        found = self._calls.get(call)
        if found is None:
            source = self._frame.close if node.source is None else self.number(node.source)
            found = tuple(_finite(one) for one in function.compute(self._frame, source, node.settings))
            self._calls[call] = found
        return found[function.outputs.index(node.output) if node.output else 0]

    def _truth(self, node: Truth) -> Known:
        match node:
            case Comparison():
                pairs = (_compared(sign, self.number(a), self.number(b)) for a, sign, b in node.pairs())
                return reduce(Known.__and__, pairs)
            case Crossing(above=above, first=first, second=second):
                return _crossed(above, self.number(first), self.number(second))
            case Not(of=of):
                return ~self.truth(of)
            case And(parts=parts):
                return reduce(Known.__and__, map(self.truth, parts))
            case Or(parts=parts):
                return reduce(Known.__or__, map(self.truth, parts))


def _finite(values: FloatArray) -> FloatArray:
    return np.where(np.isfinite(values), values, np.nan)


def _compared(sign: Sign, left: FloatArray, right: FloatArray) -> Known:
    holds, fails = _SIGNS[sign]
    return Known(holds(left, right), fails(left, right))


def _crossed(above: bool, first: FloatArray, second: FloatArray) -> Known:
    before: Sign = "<=" if above else ">="
    now: Sign = ">" if above else "<"
    return _compared(before, _shifted(first, 1), _shifted(second, 1)) & _compared(now, first, second)


def _shifted(values: FloatArray, bars: int) -> FloatArray:
    result = np.full(len(values), np.nan)
    result[bars:] = values[:-bars]
    return result


def _differ(left: FloatArray, right: FloatArray) -> BoolArray:
    return (left < right) | (left > right)


_OPERATORS: dict[Operator, Callable[[FloatArray, FloatArray], FloatArray]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
}
_SIGNS: dict[Sign, tuple[Callable[[FloatArray, FloatArray], Any], Callable[[FloatArray, FloatArray], Any]]] = {
    "<": (np.less, np.greater_equal),
    "<=": (np.less_equal, np.greater),
    ">": (np.greater, np.less_equal),
    ">=": (np.greater_equal, np.less),
    "==": (np.equal, _differ),
    "!=": (_differ, np.equal),
}
