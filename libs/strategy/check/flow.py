"""Guesses what expressions hold: the price frame, a column of it, a number made of the whole column, ...

Follows assignments in source order from the first argument of `generate_signals` (and any argument named df) and from
`get_price_data`. A guess only ever leads to a warning; what is not understood has no kind, and nothing is said about it.
"""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from libs.strategy.check.flow_words import (
    CALENDAR_COLUMNS,
    COLUMNS,
    FRAME_TO_FRAME,
    INDEXERS,
    NUMPY_WHOLE,
    SERIES_TO_SERIES,
    WHOLE,
    WINDOWS,
)
from libs.strategy.check.modules import member_of
from libs.strategy.check.walk import Walked

What = Literal[
    "frame",
    "table",
    "series",
    "new",
    "array",
    "view",
    "window",
    "groups",
    "resampler",
    "higher",
    "at",
    "whole",
    "last",
    "bars",
    "list",
]


@dataclass(frozen=True, slots=True)
class Kind:
    """What an expression holds.

    frame, series: prices or made of them. table, new: a DataFrame or Series made here. array, view: values of a column, a view being read-only.
    window: rolling, ewm, expanding. groups, resampler: before they are summed up; higher: after. at: `.iloc` and its companions.
    whole: made of a whole column at once. last: taken from its end. bars, list: what `get_price_data` answers, `count` bars of it.
    origin: where a whole, last, higher value was made.
    """

    what: What
    origin: ast.AST | None = None
    count: int = 0


_VALUES = ("series", "array", "view")


def is_values(kind: Kind | None) -> bool:
    """Tell whether an expression holds one value per bar."""
    return kind is not None and kind.what in _VALUES


class Flow:
    """Kinds of the expressions of one source; `kind(node)` after construction."""

    def __init__(self, walked: Walked) -> None:
        """walked: a source within bounds, so that recursion here is shallow."""
        self._walked = walked
        self._known: dict[tuple[int, str], Kind | None] = {}
        self._kinds: dict[ast.AST, Kind | None] = {}
        for node in walked.parents:
            self._enter(node)

    def kind(self, node: ast.AST | None) -> Kind | None:
        """Return what an expression holds at its place, None where that is not known."""
        if node is None:
            return None
        if node not in self._kinds:
            rule = _RULES.get(type(node))
            self._kinds[node] = rule(self, node) if rule else None
        return self._kinds[node]

    def _enter(self, node: ast.AST) -> None:
        if isinstance(node, ast.FunctionDef):
            self._enter_function(node)
        elif isinstance(node, ast.Assign):
            kind = self.kind(node.value)
            for target in node.targets:
                self._set(target, kind)
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
            self._set(node.target, self.kind(node.value))
        elif isinstance(node, ast.For):
            self.kind(node.iter)
            self._set(node.target, None)
        elif isinstance(node, ast.expr):
            self.kind(node)

    def _enter_function(self, function: ast.FunctionDef) -> None:
        arguments = [*function.args.posonlyargs, *function.args.args]
        for argument in arguments:
            first = argument is arguments[0] and function.name == "generate_signals"
            if first or argument.arg == "df":
                self._known[id(self._walked.scopes[argument]), argument.arg] = Kind("frame")

    def _set(self, target: ast.AST, kind: Kind | None) -> None:
        if isinstance(target, ast.Name):
            scope = self._walked.scopes[target].find(target.id)
            self._known[id(scope), target.id] = kind
        elif isinstance(target, ast.Tuple | ast.List):
            for one in target.elts:
                self._set(one, None)

    def _name(self, node: ast.Name) -> Kind | None:
        scope = self._walked.scopes[node].find(node.id)
        return self._known.get((id(scope), node.id))

    def _attribute(self, node: ast.Attribute) -> Kind | None:
        of = self.kind(node.value)
        if of is None:
            return None
        if of.what in ("groups", "resampler", "higher", "last"):
            return of
        if node.attr in INDEXERS and of.what in ("frame", "series", "new"):
            return Kind("at", count=of.what == "new")
        if node.attr in ("values", "array") and of.what in ("frame", "series"):
            return Kind("view")
        return Kind("series") if of.what == "frame" and node.attr in COLUMNS else None

    def _subscript(self, node: ast.Subscript) -> Kind | None:
        of = self.kind(node.value)
        if of is None:
            return None
        if of.what in ("groups", "resampler", "higher", "last"):
            return of
        key = node.slice
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            return Kind("series") if of.what == "frame" else Kind("list", count=of.count) if of.what == "bars" else None
        if of.what == "frame":
            return of if isinstance(key, ast.List) else None
        row = key.elts[0] if isinstance(key, ast.Tuple) and key.elts else key
        if of.what in ("at", *_VALUES) and is_negative(row) and not of.count:
            return Kind("last", node)
        return None

    def _call(self, node: ast.Call) -> Kind | None:
        if isinstance(node.func, ast.Attribute):
            member = member_of(node.func, self._walked)
            return self._of_module(node, member) if member else self._method(node, node.func)
        if isinstance(node.func, ast.Name):
            return self._function(node, node.func.id)
        return None

    def _function(self, node: ast.Call, name: str) -> Kind | None:
        first = self.kind(node.args[0]) if node.args else None
        if name == "get_price_data":
            days = next((word.value for word in node.keywords if word.arg == "days"), None)
            given = node.args[2] if len(node.args) > 2 else days
            count = 30 if given is None else given.value if isinstance(given, ast.Constant) else None
            return Kind("bars", count=count) if isinstance(count, int) else None
        if name in ("max", "min", "sum", "sorted") and is_values(first) and len(node.args) == 1:
            return Kind("whole", node)
        if name in ("list", "tuple") and is_values(first):
            return Kind("array")
        return first if name in ("float", "abs", "round", "int") else None

    def _of_module(self, node: ast.Call, member: str) -> Kind | None:
        kinds = [self.kind(argument) for argument in node.args]
        if member == "pandas.DataFrame":
            return Kind("table")
        if not any(is_values(kind) for kind in kinds):
            return Kind("new") if member == "pandas.Series" else None
        if member in NUMPY_WHOLE:
            return Kind("whole", node)
        if member == "pandas.Series":
            return Kind("series")
        if member in ("numpy.asarray", "numpy.ravel"):
            return Kind("array" if kinds[0] and kinds[0].what == "array" else "view")
        return Kind("array") if member.startswith("numpy.") else None

    def _method(self, node: ast.Call, func: ast.Attribute) -> Kind | None:
        of = self.kind(func.value)
        rule = _METHODS.get(of.what) if of else None
        return rule(node, func.attr, of) if of and rule else None

    def _both(self, *nodes: ast.AST) -> Kind | None:
        kinds = [kind for node in nodes if (kind := self.kind(node))]
        for wanted in ("series", "array", "view", "higher", "whole", "last"):
            for kind in kinds:
                if kind.what == wanted:
                    return Kind("array") if wanted == "view" else kind
        return None


def is_negative(node: ast.AST | None) -> bool:
    """Tell whether an expression is written with a minus in front: `-1`, `-n`."""
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """Return the value of a keyword argument, None if it is not given."""
    return next((word.value for word in call.keywords if word.arg == name), None)


def is_true(node: ast.AST | None) -> bool:
    """Tell whether an expression is the word True."""
    return isinstance(node, ast.Constant) and node.value is True


def _of_frame(node: ast.Call, method: str, of: Kind) -> Kind | None:
    if method in FRAME_TO_FRAME:
        return of
    if method == "get" and node.args and isinstance(node.args[0], ast.Constant):
        return Kind("series")
    if method == "apply":
        return Kind("series")
    return _of_either(node, method)


def _of_series(node: ast.Call, method: str, of: Kind) -> Kind | None:
    return of if method in SERIES_TO_SERIES else _of_either(node, method)


def _of_either(node: ast.Call, method: str) -> Kind | None:
    if method in WINDOWS:
        return Kind("window")
    if method in ("groupby", "resample"):
        label = keyword(node, "label")
        closed = isinstance(label, ast.Constant) and label.value == "right"
        return Kind("window" if closed else "groups" if method == "groupby" else "resampler", node)
    if method == "to_numpy":
        return Kind("array" if is_true(keyword(node, "copy")) else "view")
    if method in ("tolist", "to_list"):
        return Kind("array")
    if method == "tail":
        return Kind("last", node)
    return Kind("whole", node) if method in WHOLE else None


def _of_array(node: ast.Call, method: str, of: Kind) -> Kind | None:
    if method in ("copy", "astype", "round", "clip", "cumsum", "cumprod"):
        return Kind("array")
    return Kind("whole", node) if method in WHOLE else None


def _of_groups(node: ast.Call, method: str, of: Kind) -> Kind | None:
    running = method in CALENDAR_COLUMNS or method in ("transform", "apply", *WINDOWS)
    return Kind("series") if running else Kind("higher", of.origin)


def _of_higher(node: ast.Call, method: str, of: Kind) -> Kind | None:
    moved = node.args[0] if node.args else keyword(node, "periods")
    return Kind("series") if method == "shift" and not is_negative(moved) else of


def _of_bars(node: ast.Call, method: str, of: Kind) -> Kind | None:
    return Kind("list", count=of.count) if method == "get" else None


_METHODS: dict[str, Callable[[ast.Call, str, Kind], Kind | None]] = {
    "frame": _of_frame,
    "series": _of_series,
    "array": _of_array,
    "view": _of_array,
    "window": lambda node, method, of: Kind("series"),
    "groups": _of_groups,
    "resampler": lambda node, method, of: Kind("higher", of.origin),
    "higher": _of_higher,
    "last": lambda node, method, of: of,
    "bars": _of_bars,
}
_RULES: dict[type[ast.AST], Callable[[Flow, Any], Kind | None]] = {
    ast.Name: Flow._name,
    ast.Attribute: Flow._attribute,
    ast.Subscript: Flow._subscript,
    ast.Call: Flow._call,
    ast.BinOp: lambda flow, node: flow._both(node.left, node.right),
    ast.UnaryOp: lambda flow, node: flow.kind(node.operand),
    ast.Compare: lambda flow, node: flow._both(node.left, *node.comparators),
    ast.IfExp: lambda flow, node: flow._both(node.body, node.orelse),
}
