"""Which parts of Python a strategy may be written in: one table of what the walk reads, one of what is refused and why.

A node that is not in the first table (a later version's syntax) is refused too.
"""

import ast
from collections.abc import Mapping

GRAMMAR: Mapping[type[ast.AST], tuple[tuple[str, ...], tuple[str, ...]]] = {
    kind: (tuple(children.split()), tuple(leaves.split()))
    for kind, children, leaves in (
        (ast.Module, "body", ""),
        (ast.FunctionDef, "decorator_list args returns body", "name"),
        (ast.AsyncFunctionDef, "decorator_list args returns body", "name"),
        (ast.ClassDef, "decorator_list bases body", "name"),
        (ast.Return, "value", ""),
        (ast.Delete, "targets", ""),
        (ast.Assign, "targets value", ""),
        (ast.AugAssign, "target value", "op"),
        (ast.AnnAssign, "target annotation value", "simple"),
        (ast.For, "target iter body orelse", ""),
        (ast.AsyncFor, "target iter body orelse", ""),
        (ast.While, "test body orelse", ""),
        (ast.If, "test body orelse", ""),
        (ast.With, "items body", ""),
        (ast.AsyncWith, "items body", ""),
        (ast.withitem, "context_expr optional_vars", ""),
        (ast.Match, "subject cases", ""),
        (ast.match_case, "pattern guard body", ""),
        (ast.MatchValue, "value", ""),
        (ast.MatchSingleton, "", "value"),
        (ast.MatchSequence, "patterns", ""),
        (ast.MatchMapping, "keys patterns", "rest"),
        (ast.MatchClass, "cls patterns kwd_patterns", "kwd_attrs"),
        (ast.MatchStar, "", "name"),
        (ast.MatchAs, "pattern", "name"),
        (ast.MatchOr, "patterns", ""),
        (ast.Raise, "exc cause", ""),
        (ast.Try, "body handlers orelse finalbody", ""),
        (ast.TryStar, "body handlers orelse finalbody", ""),
        (ast.ExceptHandler, "type body", "name"),
        (ast.Assert, "test msg", ""),
        (ast.Import, "names", ""),
        (ast.ImportFrom, "names", "module level"),
        (ast.alias, "", "name asname"),
        (ast.Global, "", "names"),
        (ast.Nonlocal, "", "names"),
        (ast.Expr, "value", ""),
        (ast.Pass, "", ""),
        (ast.Break, "", ""),
        (ast.Continue, "", ""),
        (ast.BoolOp, "values", "op"),
        (ast.NamedExpr, "target value", ""),
        (ast.BinOp, "left right", "op"),
        (ast.UnaryOp, "operand", "op"),
        (ast.Lambda, "args body", ""),
        (ast.IfExp, "test body orelse", ""),
        (ast.Dict, "keys values", ""),
        (ast.Set, "elts", ""),
        (ast.ListComp, "elt generators", ""),
        (ast.SetComp, "elt generators", ""),
        (ast.DictComp, "key value generators", ""),
        (ast.GeneratorExp, "elt generators", ""),
        (ast.comprehension, "target iter ifs", ""),
        (ast.Await, "value", ""),
        (ast.Yield, "value", ""),
        (ast.YieldFrom, "value", ""),
        (ast.Compare, "left comparators", "ops"),
        (ast.Call, "func args keywords", ""),
        (ast.keyword, "value", "arg"),
        (ast.FormattedValue, "value format_spec", "conversion"),
        (ast.JoinedStr, "values", ""),
        (ast.Constant, "", "value"),
        (ast.Attribute, "value", "attr"),
        (ast.Subscript, "value slice", ""),
        (ast.Starred, "value", ""),
        (ast.Name, "", "id"),
        (ast.List, "elts", ""),
        (ast.Tuple, "elts", ""),
        (ast.Slice, "lower upper step", ""),
        (ast.arguments, "posonlyargs args vararg kwonlyargs kw_defaults kwarg defaults", ""),
        (ast.arg, "annotation", "arg"),
    )
}
"""Node type -> fields that hold nodes, fields that hold words and values. Contexts, positions and comments are left out."""

_REFUSED: Mapping[str, tuple[str, str, str]] = {
    "AsyncFunctionDef": ("syntax.async", "async functions do not run in a strategy", "write def"),
    "AsyncFor": ("syntax.async", "async for does not run in a strategy", "write for"),
    "AsyncWith": ("syntax.async", "async with does not run in a strategy", "write with"),
    "Await": ("syntax.async", "await does not run in a strategy", "call the function without await"),
    "TryStar": ("syntax.except_star", "except* is not available", "write except"),
    "MatchClass": (
        "syntax.class_pattern",
        "class patterns in match reach attributes by name",
        "match on values, or use isinstance and if",
    ),
    "TypeAlias": ("syntax.type_statement", "type statements are not available", "leave the alias out"),
    "TemplateStr": ("syntax.template_string", "template strings are not available", "write an f-string"),
}


ALWAYS_FINE = frozenset(
    kind for kind in GRAMMAR if kind.__name__ not in _REFUSED and kind not in (ast.ClassDef, ast.FunctionDef)
)
"""Types of nodes that `refusal` never refuses."""


def refusal(node: ast.AST) -> tuple[str, str, str | None] | None:
    """Return code, message and hint of a node that may not stand in a strategy, None where it may."""
    kind = type(node)
    if kind.__name__ in _REFUSED:
        return _REFUSED[kind.__name__]
    if kind not in GRAMMAR:
        return "syntax.unavailable", f"{kind.__name__} is not available in a strategy", None
    if getattr(node, "type_params", None):
        return "syntax.type_statement", "type parameters are not available", "leave them out"
    if isinstance(node, ast.ClassDef) and node.keywords:
        return (
            "syntax.class_keywords",
            "a class takes base classes only, no keywords such as metaclass",
            "leave them out",
        )
    return None


def is_documentation(node: ast.stmt) -> bool:
    """Tell whether a statement is a bare text."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
