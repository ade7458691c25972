"""Turns a name with its arguments into a node: decides what each call takes, fills in defaults, and refuses the rest."""

import difflib
from dataclasses import dataclass

from libs.common.errors import BadStrategyError
from libs.market.frame import COLUMNS
from libs.strategy.conditions.functions import CROSSINGS, FUNCTIONS, INSTEAD, SHIFT, WORDS, Function, Setting
from libs.strategy.conditions.lexer import Token, fault
from libs.strategy.conditions.text import number_text
from libs.strategy.conditions.tree import (
    And,
    Arithmetic,
    Column,
    Comparison,
    Crossing,
    Indicator,
    Negative,
    Node,
    Not,
    Number,
    Numeric,
    Or,
    Shift,
    nodes,
)

_CALLS = (*FUNCTIONS, SHIFT, *CROSSINGS)


@dataclass(frozen=True, slots=True)
class Argument:
    """A part of the text and the column where it starts."""

    node: Node
    column: int


def numeric(given: Argument, at: str) -> Numeric:
    """Return the argument's node; raises BadStrategyError if it is a truth."""
    if isinstance(given.node, Number | Column | Indicator | Shift | Negative | Arithmetic):
        return given.node
    raise fault(at, given.column, "a condition stands where a number belongs", "conditions are joined by and, or, not")


def moving(given: Argument, at: str, role: str) -> Numeric:
    """Return the argument's node; raises BadStrategyError if it is a truth, or a number that never changes."""
    node = numeric(given, at)
    if is_constant(node):
        raise fault(at, given.column, f"{role} never changes", "use a column or an indicator, such as close")
    return node


def is_truth(node: Node) -> bool:
    """Tell whether the node is true or false, and no number."""
    return isinstance(node, Comparison | Crossing | Not | And | Or)


def is_constant(node: Node) -> bool:
    """Tell whether nothing in the node depends on the bars."""
    return not any(isinstance(one, Column | Indicator) for one in nodes(node))


def unknown(name: Token, at: str) -> BadStrategyError:
    """Return the error for a name that the language does not have, or that stands in the wrong place."""
    if name.text in FUNCTIONS:
        return fault(at, name.column, f"{name.text} stands without its parentheses", f"write {example(name.text)}")
    if name.text in (SHIFT, *CROSSINGS):
        return fault(at, name.column, f"{name.text} stands without its parentheses", _USE[name.text])
    if name.text in WORDS:
        return fault(at, name.column, f"{name.shown} stands where a number, column or indicator belongs")
    near = difflib.get_close_matches(name.text[:32], (*COLUMNS, *_CALLS), n=1)
    hint = INSTEAD.get(name.text) or (f"did you mean {near[0]}" if near else f"known: {', '.join((*COLUMNS, *_CALLS))}")
    return fault(at, name.column, f"{name.shown} is not known here", hint)


def called(name: Token, arguments: list[Argument], output: Token | None, at: str) -> Node:
    """Return the node of a call; output: the name behind its dot. Raises BadStrategyError with the column."""
    if name.text in COLUMNS:
        raise fault(at, name.column, f"{name.text} is a column and takes nothing", f"write {name.text}")
    if name.text not in _CALLS:
        raise unknown(name, at)
    if output is not None and name.text not in FUNCTIONS:
        raise fault(at, output.column, f"{name.text} has no columns to choose from")
    if name.text == SHIFT:
        return _shift(name, arguments, at)
    if name.text in CROSSINGS:
        return _crossing(name, arguments, at)
    return _indicator(name, arguments, output, at)


def example(name: str) -> str:
    """Return a call of an indicator as it is written, such as `macd(12, 26, 9).line`."""
    function = FUNCTIONS[name]
    source = ["high" if name == "highest" else "low"] if function.source == "required" else []
    shown = [*source, *(number_text(one.default or 20) for one in function.settings)]
    return f"{name}({', '.join(shown)})" + (f".{function.outputs[0]}" if function.outputs else "")


_USE = {
    SHIFT: "write shift(close, 1) for the bar before",
    "crosses_above": "write crosses_above(close, sma(50))",
    "crosses_below": "write crosses_below(close, sma(50))",
}


def _shift(name: Token, arguments: list[Argument], at: str) -> Shift:
    if len(arguments) != 2:
        raise fault(at, name.column, f"shift takes 2 arguments, {len(arguments)} given", _USE[SHIFT])
    of, bars = arguments
    if isinstance(bars.node, Number) and bars.node.value < 0:
        raise fault(at, bars.column, "shift looks back only: this bar would see the future", "use n of 1 or more")
    return Shift(moving(of, at, "the first argument"), int(_setting(bars, Setting("n", None, 1), at)))


def _crossing(name: Token, arguments: list[Argument], at: str) -> Crossing:
    if len(arguments) != 2:
        raise fault(at, name.column, f"{name.text} takes 2 arguments, {len(arguments)} given", _USE[name.text])
    first, second = (numeric(one, at) for one in arguments)
    if is_constant(first) and is_constant(second):
        raise fault(at, name.column, "two numbers that never change never cross", _USE[name.text])
    return Crossing(CROSSINGS[name.text], first, second)


def _indicator(name: Token, arguments: list[Argument], output: Token | None, at: str) -> Indicator:
    function = FUNCTIONS[name.text]
    source, given = _split(name, function, arguments, at)
    if len(given) > len(function.settings):
        known = ", ".join(one.name for one in function.settings) or "no numbers"
        raise fault(
            at, given[len(function.settings)].column, f"{name.text} takes {known}", f"write {example(name.text)}"
        )
    settings = []
    for place, setting in enumerate(function.settings):
        if place < len(given):
            settings.append(_setting(given[place], setting, at))
        elif setting.default is not None:
            settings.append(float(setting.default))
        else:
            raise fault(at, name.column, f"{name.text} lacks its {setting.name}", f"write {example(name.text)}")
    _check_rising(name, function, settings, at)
    return Indicator(name.text, source, tuple(settings), _output(name, function, output, at))


def _split(
    name: Token, function: Function, arguments: list[Argument], at: str
) -> tuple[Numeric | None, list[Argument]]:
    """Return the source, None for the usual one, and the arguments behind it: a bare number is never a source."""
    has_source = bool(arguments) and not isinstance(arguments[0].node, Number)
    if function.source == "none":
        if has_source:
            raise fault(
                at, arguments[0].column, f"{name.text} takes its columns by itself", f"write {example(name.text)}"
            )
        return None, arguments
    if has_source:
        source = moving(arguments[0], at, f"the source of {name.text}")
        usual = function.source == "optional" and source == Column("close")
        return (None if usual else source), arguments[1:]
    if function.source == "required":
        raise fault(at, name.column, f"{name.text} needs to know of what", f"write {example(name.text)}")
    return None, arguments


def _setting(given: Argument, setting: Setting, at: str) -> float:
    kind = "whole number" if setting.whole else "number"
    hint = f"a {kind} from {number_text(setting.least)} to {number_text(setting.most)}"
    if not isinstance(given.node, Number):
        raise fault(at, given.column, f"{setting.name} is not a plain number", hint)
    value = given.node.value
    if not setting.least <= value <= setting.most or (setting.whole and value != int(value)):
        raise fault(at, given.column, f"{setting.name} is {number_text(value)}", hint)
    return value


def _check_rising(name: Token, function: Function, settings: list[float], at: str) -> None:
    if function.rising is None:
        return
    names = [setting.name for setting in function.settings]
    small, large = (settings[names.index(one)] for one in function.rising)
    if small >= large:
        detail = f"{function.rising[0]} {number_text(small)} is not below {function.rising[1]} {number_text(large)}"
        raise fault(at, name.column, detail, f"write {example(name.text)}")


def _output(name: Token, function: Function, output: Token | None, at: str) -> str:
    shown = ", ".join(f".{one}" for one in function.outputs)
    if output is None:
        if function.outputs:
            raise fault(at, name.column, f"{name.text} has {len(function.outputs)} columns", f"choose one: {shown}")
        return ""
    if output.text not in function.outputs:
        hint = f"choose one: {shown}" if function.outputs else "leave it out"
        raise fault(at, output.column, f"{name.text} has no column {output.shown}", hint)
    return output.text
