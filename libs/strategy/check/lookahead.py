"""Explains shapes of code that use prices from after the bar being decided. Warnings only: evidence decides, by reruns.

Some shapes are wrong wherever they stand (`shift(-1)`); others only where they meet a value per bar, which `Flow` guesses.
"""

import ast
from collections.abc import Callable, Iterator
from typing import Any

from libs.strategy.check.flow import Flow, Kind, is_negative, is_true, is_values, keyword
from libs.strategy.check.flow_words import FINDERS, MEETINGS, NUMPY_CENTERED, NUMPY_FINDERS, NUMPY_SAME
from libs.strategy.check.modules import member_of
from libs.strategy.check.notes import Notes
from libs.strategy.check.walk import Walked

_WHOLE = "compare with what was known by then: .expanding().{0}() or .rolling(100).{0}()"
_IN_WINDOWS = {
    "percentile": "quantile",
    "average": "mean",
    "amax": "max",
    "amin": "min",
    "sorted": "rank",
    "mode": "median",
}
_BACKWARD = ("bfill", "backfill")


def judge_lookahead(walked: Walked, flow: Flow, notes: Notes) -> None:
    """Remark every shape known to look ahead, with what to write instead."""
    for call in walked.all(ast.Call):
        member = member_of(call.func, walked)
        if member:
            _judge_numeric(call, member, flow, notes)
        elif isinstance(call.func, ast.Attribute):
            _judge_method(call, call.func, flow, notes)
    for subscript in walked.all(ast.Subscript):
        _judge_subscript(subscript, flow, notes)
    for node, sides in _meetings(walked):
        _judge_meeting(node, sides, flow, notes)


def _judge_method(call: ast.Call, func: ast.Attribute, flow: Flow, notes: Notes) -> None:
    rule = _SHAPES.get(func.attr)
    if rule:
        rule(call, func, notes)
    of = flow.kind(func.value)
    if func.attr in FINDERS and (is_values(of) or (of and of.what == "frame")):
        message = f"{func.attr} looks at the whole column, also at bars after the one being decided"
        window = "rank()" if func.attr == "rank" else "apply(...)"
        notes.warn(func, "lookahead.whole_series", message, f"use a window: .rolling(100).{window}")
    if func.attr in ("transform", "apply") and of and of.what == "groups" and call.args and _sums_up(call.args[0]):
        message = "each bar gets the value of its whole group, also of later bars"
        notes.warn(
            func,
            "lookahead.group",
            message,
            "use a running value: .cummax(), .cummin(), .cumsum(), or .shift(1) of groups",
        )
    if func.attr in MEETINGS:
        _judge_higher(flow, notes, func.value, *call.args)


def _judge_higher(flow: Flow, notes: Notes, *nodes: ast.expr) -> None:
    for node in nodes:
        kind = flow.kind(node)
        if kind and kind.what == "higher" and kind.origin:
            message = "a higher bar carries its opening time, so its close is seen before it is known"
            notes.warn(kind.origin, "lookahead.resample", message, "take the bar before: .shift(1), or label='right'")


def _judge_numeric(call: ast.Call, member: str, flow: Flow, notes: Notes) -> None:
    if member == "numpy.roll" and is_negative(call.args[1] if len(call.args) > 1 else keyword(call, "shift")):
        message = "np.roll by a negative number brings later bars to earlier ones"
        notes.warn(call, "lookahead.shift", message, "roll by a positive number, and drop what wraps around")
    if member == "pandas.merge_asof":
        direction = keyword(call, "direction")
        if isinstance(direction, ast.Constant) and direction.value in ("forward", "nearest"):
            message = f'direction="{direction.value}" takes rows from the future'
            notes.warn(direction, "lookahead.merge", message, 'use direction="backward"')
    if member in ("pandas.merge_asof", "pandas.merge", "pandas.concat"):
        _judge_higher(flow, notes, *call.args)
    if not any(is_values(flow.kind(argument)) for argument in call.args):
        return
    if member in NUMPY_FINDERS:
        message = f"{member} looks at the whole column, also at bars after the one being decided"
        notes.warn(call, "lookahead.whole_series", message, "use a window: .rolling(100).apply(...)")
    mode = keyword(call, "mode")
    same = member in NUMPY_SAME and isinstance(mode, ast.Constant) and mode.value == "same"
    if member in NUMPY_CENTERED or same:
        message = f"{member} takes each value from bars on both sides of it"
        notes.warn(call, "lookahead.centered", message, "use .diff() or .rolling(n), which look back only")


def _judge_subscript(subscript: ast.Subscript, flow: Flow, notes: Notes) -> None:
    of = flow.kind(subscript.value)
    if of is None or not (is_values(of) or of.what in ("frame", "at")) or not isinstance(subscript.ctx, ast.Load):
        return
    key = subscript.slice
    row = key.elts[0] if isinstance(key, ast.Tuple) and key.elts else key
    if isinstance(row, ast.Slice) and is_negative(row.step):
        message = "bars in reverse order: windows over them look ahead"
        notes.warn(subscript, "lookahead.reversed", message, "keep the order of time")
    if not of.count and (_ahead(row) or (isinstance(row, ast.Slice) and _reaches_ahead(row))):
        message = "this reads a later bar than the one at hand"
        notes.warn(row, "lookahead.next_bar", message, "decide from the bar at hand and earlier ones: [i], [i - 1]")


def _meetings(walked: Walked) -> Iterator[tuple[ast.AST, list[ast.expr]]]:
    """Give every place where values meet: operators, comparisons, methods with arguments."""
    for operation in walked.all(ast.BinOp):
        yield operation, [operation.left, operation.right]
    for compare in walked.all(ast.Compare):
        yield compare, [compare.left, *compare.comparators]
    for call in walked.all(ast.Call):
        if isinstance(call.func, ast.Attribute):
            yield call, [call.func.value, *call.args, *(word.value for word in call.keywords)]


def _judge_meeting(node: ast.AST, sides: list[ast.expr], flow: Flow, notes: Notes) -> None:
    kinds = [flow.kind(side) for side in sides]
    per_bar = any(is_values(kind) for kind in kinds)
    compared = isinstance(node, ast.Compare) and not any(_is_zero(side) for side in sides)
    for kind in kinds:
        if kind and kind.origin and (per_bar or compared):
            _warn_meeting(kind, kind.origin, notes)


def _warn_meeting(kind: Kind, origin: ast.AST, notes: Notes) -> None:
    if kind.what == "whole":
        func = getattr(origin, "func", None)
        name = getattr(func, "attr", getattr(func, "id", "mean"))
        message = f"{name} of the whole column is made of bars after the one being decided"
        notes.warn(
            func if isinstance(func, ast.Attribute) else origin, "lookahead.whole_series", message, _WHOLE.format(name)
        )
    elif kind.what == "last":
        message = "the last value of the column is in the future of every bar but the last"
        notes.warn(origin, "lookahead.last_value", message, "compare bar by bar: the column itself, or .shift(1) of it")
    elif kind.what == "higher":
        message = "a higher bar carries its opening time, so its close is seen before it is known"
        notes.warn(origin, "lookahead.resample", message, "take the bar before: .shift(1), or label='right'")


def _shift(call: ast.Call, func: ast.Attribute, notes: Notes) -> None:
    moved = call.args[0] if call.args else keyword(call, "periods")
    if is_negative(moved):
        message = f"{func.attr} by a negative number brings later bars to earlier ones"
        notes.warn(func, "lookahead.shift", message, f"look back with a positive number: .{func.attr}(1)")


def _rolling(call: ast.Call, func: ast.Attribute, notes: Notes) -> None:
    centered = keyword(call, "center") or (call.args[2] if len(call.args) > 2 else None)
    if is_true(centered):
        message = "a centered window reaches into the future by half its length"
        notes.warn(func, "lookahead.centered", message, "leave center out: the window then ends at the bar")


def _backfill(call: ast.Call, func: ast.Attribute, notes: Notes) -> None:
    notes.warn(
        func,
        "lookahead.backfill",
        f"{func.attr} fills gaps with later values",
        "use .ffill(), or leave NaN: it never signals",
    )


def _fills(call: ast.Call, func: ast.Attribute, notes: Notes) -> None:
    method = keyword(call, "method")
    if isinstance(method, ast.Constant) and method.value in _BACKWARD:
        notes.warn(
            func, "lookahead.backfill", f'method="{method.value}" fills gaps with later values', 'use method="ffill"'
        )


def _interpolate(call: ast.Call, func: ast.Attribute, notes: Notes) -> None:
    notes.warn(func, "lookahead.backfill", "interpolate draws a line to the next known value", "use .ffill()")


def _sort_index(call: ast.Call, func: ast.Attribute, notes: Notes) -> None:
    ascending = keyword(call, "ascending")
    if isinstance(ascending, ast.Constant) and ascending.value is False:
        message = "bars in reverse order: windows over them look ahead"
        notes.warn(func, "lookahead.reversed", message, "keep the order of time")


_SHAPES: dict[str, Callable[[ast.Call, ast.Attribute, Notes], Any]] = {
    **dict.fromkeys(("shift", "diff", "pct_change"), _shift),
    "rolling": _rolling,
    **dict.fromkeys(_BACKWARD, _backfill),
    **dict.fromkeys(("fillna", "reindex", "asfreq"), _fills),
    "interpolate": _interpolate,
    "sort_index": _sort_index,
}


def _windowed(name: str) -> str:
    """Return the name under which rolling and expanding windows have a function of whole columns."""
    plain = name.removeprefix("nan")
    return _IN_WINDOWS.get(plain, plain)


def _sums_up(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value in (
        "max",
        "min",
        "mean",
        "sum",
        "last",
        "std",
        "median",
        "count",
        "size",
    )


def _ahead(row: ast.AST | None) -> bool:
    """Tell whether an index is written as a name plus a number: `i + 1`."""
    return (
        isinstance(row, ast.BinOp)
        and isinstance(row.op, ast.Add)
        and isinstance(row.left, ast.Name)
        and isinstance(row.right, ast.Constant)
        and isinstance(row.right.value, int)
        and row.right.value > 0
    )


def _reaches_ahead(row: ast.Slice) -> bool:
    upper = row.upper
    if not (isinstance(row.lower, ast.Name) and isinstance(upper, ast.BinOp) and isinstance(upper.op, ast.Add)):
        return False
    return isinstance(upper.left, ast.Name) and upper.left.id == row.lower.id and not _is_one(upper.right)


def _is_one(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value == 1


def _is_zero(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value == 0
