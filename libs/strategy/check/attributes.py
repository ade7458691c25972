"""Judges attributes of objects whose type nobody knows before running, by name alone."""

import ast
from collections.abc import Iterator
from string import Formatter

from libs.strategy.check.allowed import denied_attribute
from libs.strategy.check.modules import module_of
from libs.strategy.check.notes import Notes
from libs.strategy.check.walk import Walked

_DISPATCHES = frozenset({"agg", "aggregate", "apply", "transform", "map"})
_HINTS = {
    "eval": "write the expression out: df['a'] + df['b']",
    "query": "write the condition out: df[df['close'] > 100]",
    "format_map": "use an f-string",
    "__class__": "use isinstance",
    "__dict__": "name the attributes you need",
    "__name__": "write the name as a text",
}


def judge_attributes(walked: Walked, notes: Notes) -> None:
    """Remark denied and private attributes, unsafe `format`, `to_string` into a file, and methods named by text."""
    for attribute in walked.all(ast.Attribute):
        if not module_of(attribute.value, walked):
            _judge(attribute, walked, notes)
    for call in walked.all(ast.Call):
        _judge_dispatch(call, notes)


def _judge(attribute: ast.Attribute, walked: Walked, notes: Notes) -> None:
    name = attribute.attr
    if name.startswith("__") and name.endswith("__"):
        _judge_dunder(attribute, walked, notes)
    elif name.startswith("_"):
        _judge_private(attribute, walked, notes)
    elif reason := denied_attribute(name):
        notes.error(attribute, "attribute.denied", f".{name} is not available: {reason}", _HINTS.get(name))
    elif name == "format" and not _is_plain_format(attribute.value):
        message = ".format works on a literal text whose fields are plain names or numbers"
        notes.error(attribute, "text.format", message, "use an f-string")
    elif name == "to_string" and not _is_plain_call(walked.parents[attribute], attribute):
        notes.error(attribute, "attribute.denied", ".to_string with a target writes a file", "call it as x.to_string()")


def _judge_dunder(attribute: ast.Attribute, walked: Walked, notes: Notes) -> None:
    of = attribute.value
    by_super = isinstance(of, ast.Call) and isinstance(of.func, ast.Name) and of.func.id == "super"
    if not (by_super and attribute.attr in ("__init__", "__post_init__")):
        message = f".{attribute.attr} leads into the interpreter, not to data"
        notes.error(attribute, "attribute.dunder", message, _HINTS.get(attribute.attr))


def _judge_private(attribute: ast.Attribute, walked: Walked, notes: Notes) -> None:
    of, name = attribute.value, attribute.attr
    own = isinstance(of, ast.Name) and walked.scopes[of].is_own_object(of.id)
    if denied_attribute(name) and not (own and not name.startswith("__")):
        message = f".{name} is private to the object"
        notes.error(attribute, "attribute.private", message, "a class may use self._name inside its own methods")


def _is_plain_format(of: ast.expr) -> bool:
    return isinstance(of, ast.Constant) and isinstance(of.value, str) and _has_plain_fields(of.value)


def _has_plain_fields(text: str, level: int = 0) -> bool:
    try:
        fields = [(name or "", spec or "") for _, name, spec, _ in Formatter().parse(text)]
    except ValueError:
        return False
    return all(
        "." not in name and "[" not in name and (not spec or (level < 2 and _has_plain_fields(spec, level + 1)))
        for name, spec in fields
    )


def _is_plain_call(call: ast.AST | None, attribute: ast.Attribute) -> bool:
    return (
        isinstance(call, ast.Call)
        and call.func is attribute
        and not call.args
        and all(keyword.arg not in (None, "buf") for keyword in call.keywords)
    )


def _judge_dispatch(call: ast.Call, notes: Notes) -> None:
    if isinstance(call.func, ast.Attribute) and call.func.attr in _DISPATCHES:
        for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
            for node, text in _texts(argument):
                reason = denied_attribute(text)
                if reason:
                    notes.error(node, "attribute.denied", f"the method {text} is not available: {reason}")


def _texts(node: ast.expr) -> Iterator[tuple[ast.expr, str]]:
    pending = [node]
    while pending:
        one = pending.pop()
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one, one.value
        elif isinstance(one, ast.List | ast.Tuple):
            pending.extend(one.elts)
        elif isinstance(one, ast.Dict):
            pending.extend(one.values)
