"""Explains what pandas 3, numpy 2 and the data functions do otherwise than much published code expects. Warnings only."""

import ast
import re

from libs.strategy.check.flow import Flow, is_true, keyword
from libs.strategy.check.flow_words import FREQUENCIES, INDEXERS, REMOVED, TAKES_FREQUENCY
from libs.strategy.check.modules import member_of
from libs.strategy.check.notes import Notes
from libs.strategy.check.walk import Walked

_FREQUENCY = re.compile(r"(\d*)([A-Z]+)((?:-[A-Z]{3})?)")
_FRAMES = ("frame", "table")
_UNSEEDED = {"numpy.random.default_rng": "np.random.default_rng(7)", "random.Random": "random.Random(7)"}


def judge_traps(walked: Walked, flow: Flow, notes: Notes) -> None:
    """Remark writes that do not arrive, spellings that are gone, and too few bars asked for."""
    ranged = _ranged(walked)
    for subscript in walked.all(ast.Subscript):
        if isinstance(subscript.ctx, ast.Load):
            _judge_count(subscript, flow, notes)
        else:
            _judge_write(subscript, flow, notes)
        _judge_position(subscript, ranged, flow, notes)
    for changed in walked.all(ast.AugAssign):
        kind = flow.kind(changed.target)
        if kind and kind.what == "view" and isinstance(changed.target, ast.Name):
            _warn_view(changed.target, notes)
    for call in walked.all(ast.Call):
        _judge_call(call, walked, flow, notes)


def _judge_write(subscript: ast.Subscript, flow: Flow, notes: Notes) -> None:
    of = subscript.value
    kind = flow.kind(of)
    if kind and kind.what == "view":
        _warn_view(subscript, notes)
    through = of.value if isinstance(of, ast.Attribute) and of.attr in INDEXERS else of
    if (through is not of and isinstance(through, ast.Subscript | ast.Attribute) and _is_column(through, flow)) or (
        isinstance(of, ast.Subscript) and (_is_column(of, flow) or _is_row(of, flow))
    ):
        _warn_chain(subscript, notes)


def _is_column(node: ast.expr, flow: Flow) -> bool:
    """Tell whether an expression is `df["x"]` or `df.close`."""
    if not isinstance(node, ast.Subscript | ast.Attribute):
        return False
    of = flow.kind(node.value)
    named = isinstance(node, ast.Attribute) or (
        isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)
    )
    return bool(of and of.what in _FRAMES and named and getattr(node, "attr", "") not in ("values", *INDEXERS))


def _is_row(node: ast.Subscript, flow: Flow) -> bool:
    """Tell whether an expression is `df.loc[...]` or the like."""
    return (
        isinstance(node.value, ast.Attribute) and node.value.attr in INDEXERS and _holds_frame(node.value.value, flow)
    )


def _holds_frame(node: ast.expr, flow: Flow) -> bool:
    kind = flow.kind(node)
    return bool(kind and kind.what in _FRAMES)


def _judge_position(subscript: ast.Subscript, ranged: set[str], flow: Flow, notes: Notes) -> None:
    kind = flow.kind(subscript.value)
    if kind is None or kind.what not in ("series", "new"):
        return
    key = subscript.slice.operand if isinstance(subscript.slice, ast.UnaryOp) else subscript.slice
    number = isinstance(key, ast.Constant) and isinstance(key.value, int) and not isinstance(key.value, bool)
    if number or (isinstance(key, ast.Name) and key.id in ranged):
        message = "a number in brackets is a label, not a position: bars are labelled by time"
        notes.warn(subscript, "pandas.position", message, "write .iloc[...] for positions")


def _ranged(walked: Walked) -> set[str]:
    """Return names that count through `range(...)`."""
    return {
        loop.target.id
        for loop in walked.all(ast.For)
        if isinstance(loop.target, ast.Name)
        and isinstance(loop.iter, ast.Call)
        and isinstance(loop.iter.func, ast.Name)
        and loop.iter.func.id == "range"
    }


def _judge_count(subscript: ast.Subscript, flow: Flow, notes: Notes) -> None:
    kind = flow.kind(subscript.value)
    if kind is None or kind.what != "list":
        return
    key = subscript.slice
    edges = [key.lower, key.upper] if isinstance(key, ast.Slice) else [key]
    needed = max((_reach(edge) for edge in edges), default=0)
    if needed > kind.count:
        message = f"this reaches back {needed} bars, but get_price_data is asked for {kind.count}"
        notes.warn(subscript, "data.too_few_bars", message, f"ask for days={needed}")


def _reach(edge: ast.expr | None) -> int:
    """Return how many bars an index from the end needs, 0 where it is not written as a number."""
    negative = isinstance(edge, ast.UnaryOp) and isinstance(edge.op, ast.USub)
    value = edge.operand if isinstance(edge, ast.UnaryOp) and negative else edge
    return value.value if negative and isinstance(value, ast.Constant) and isinstance(value.value, int) else 0


def _judge_call(call: ast.Call, walked: Walked, flow: Flow, notes: Notes) -> None:
    member = member_of(call.func, walked)
    if member in _UNSEEDED and not call.args and not call.keywords:
        message = "without a seed each run differs, and cannot be repeated"
        notes.warn(call, "random.unseeded", message, f"write {_UNSEEDED[member]}")
    if not isinstance(call.func, ast.Attribute):
        return
    _judge_frequency(call, call.func.attr, notes)
    if not member:
        _judge_method(call, call.func, flow, notes)


def _judge_method(call: ast.Call, func: ast.Attribute, flow: Flow, notes: Notes) -> None:
    kind = flow.kind(func.value)
    if func.attr == "fillna" and keyword(call, "method"):
        message = "fillna no longer takes a method"
        notes.warn(func, "pandas.fillna_method", message, "write .ffill()")
    if func.attr in ("applymap", "iteritems") or (
        func.attr in REMOVED and kind and kind.what in (*_FRAMES, "series", "new")
    ):
        notes.warn(func, "pandas.removed", f"pandas no longer has .{func.attr}", REMOVED[func.attr])
    if is_true(keyword(call, "inplace")) and _is_column(func.value, flow):
        message = "inplace on a column changes a copy of it, not the frame"
        notes.warn(func, "pandas.inplace", message, f"write df['x'] = df['x'].{func.attr}(...)")


def _judge_frequency(call: ast.Call, name: str, notes: Notes) -> None:
    if name not in TAKES_FREQUENCY:
        return
    at = TAKES_FREQUENCY[name]
    given = keyword(call, "freq") or keyword(call, "rule") or (call.args[at] if len(call.args) > at else None)
    if isinstance(given, ast.Constant) and isinstance(given.value, str):
        match = _FREQUENCY.fullmatch(given.value)
        if match and match[2] in FREQUENCIES:
            message = f"pandas no longer knows the frequency {given.value}"
            notes.warn(given, "pandas.frequency", message, f'write "{match[1]}{FREQUENCIES[match[2]]}{match[3]}"')


def _warn_view(node: ast.AST, notes: Notes) -> None:
    message = "these values are a read-only view of the column: writing raises an error"
    notes.warn(node, "pandas.read_only", message, "write .to_numpy(copy=True)")


def _warn_chain(node: ast.AST, notes: Notes) -> None:
    message = "this writes into a copy: the frame does not change"
    notes.warn(node, "pandas.chained_assignment", message, "write it in one step: df.loc[rows, 'x'] = value")
