"""One pass over a syntax tree: bounds, what stands where, who binds which name, and the hash of the normalised tree.

Iterative, so that nesting cannot exhaust the stack before the bound on it is seen. Judges nothing but size.
"""

import ast
import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, TypeVar

from libs.strategy.check.allowed import CHILDREN
from libs.strategy.check.grammar import GRAMMAR, is_documentation
from libs.strategy.check.report import Diagnostic
from libs.strategy.check.scopes import IMPORTED, Scope
from libs.strategy.check.source import Refused

MAX_NODES = 12_000
MAX_DEPTH = 60
"""Levels of nesting in the tree; an `elif`, a bracket, an operator and a call are one each."""

_Node = TypeVar("_Node", bound=ast.AST)
_Pending = tuple[ast.AST, ast.AST | None, Scope, int]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_BODIES = frozenset({"body", "orelse", "finalbody"})
_INSIDE: dict[type[ast.AST], frozenset[str]] = {
    **dict.fromkeys(_FUNCTIONS, frozenset({"args", "body"})),
    **dict.fromkeys(_COMPREHENSIONS, frozenset({"elt", "key", "value", "generators"})),
    ast.ClassDef: frozenset({"body"}),
}
_AROUND: dict[type[ast.AST], frozenset[str]] = {
    ast.arguments: frozenset({"defaults", "kw_defaults"}),
    ast.arg: frozenset({"annotation"}),
}


@dataclass(slots=True)
class Walked:
    """A tree, looked through once.

    found: node type -> nodes in source order. parents: node -> the one around it. scopes: node -> the scope it stands in.
    code_hash: see `Report`.
    """

    tree: ast.Module
    module: Scope
    found: dict[type[ast.AST], list[Any]] = field(default_factory=lambda: defaultdict(list))
    parents: dict[ast.AST, ast.AST | None] = field(default_factory=dict)
    scopes: dict[ast.AST, Scope] = field(default_factory=dict)
    code_hash: str = ""

    def all(self, *kinds: type[_Node]) -> list[_Node]:
        """Return the nodes of these types, each type in source order."""
        return [node for kind in kinds for node in self.found.get(kind, ())]


def walk(tree: ast.Module) -> Walked:
    """Look through a tree. Raises Refused where it has more than 12,000 nodes or 60 levels."""
    walked = Walked(tree, Scope("module"))
    tokens: list[str] = []
    stack: list[_Pending] = [(tree, None, walked.module, 1)]
    count = 0
    while stack:
        node, parent, scope, depth = stack.pop()
        count += 1
        if depth > MAX_DEPTH or count > MAX_NODES:
            raise Refused(_too_big(node, parent, depth))
        kind = type(node)
        walked.found[kind].append(node)
        walked.parents[node] = parent
        walked.scopes[node] = scope
        bind = _BINDERS.get(kind)
        if bind:
            bind(node, scope)
        stack.extend(reversed(_children(node, parent, scope, depth + 1, tokens)))
    walked.code_hash = hashlib.sha256("\n".join(tokens).encode()).hexdigest()
    return walked


def _children(node: ast.AST, parent: ast.AST | None, scope: Scope, depth: int, tokens: list[str]) -> list[_Pending]:
    """Return what stands inside a node, and add the node to the tokens of the hash, with counts so that no two trees share them."""
    kind = type(node)
    fields, leaves = GRAMMAR.get(kind) or (kind._fields, ())
    tokens.append(kind.__name__)
    for leaf in leaves:
        tokens.append(_leaf(getattr(node, leaf)))
    inside, around = _INSIDE.get(kind, ()), _AROUND.get(kind, ())
    inner = _opened(node, scope) if inside else scope
    pending: list[_Pending] = []
    for name in fields:
        value = getattr(node, name, None)
        here = inner if name in inside else scope.above() if name in around else scope
        if isinstance(value, list):
            if name in _BODIES:
                value = [one for one in value if not is_documentation(one)]
            if value:
                tokens.append(name + (_holes(value) if None in value else str(len(value))))
                pending.extend((one, node, here, depth) for one in value if isinstance(one, ast.AST))
        elif isinstance(value, ast.AST):
            tokens.append(name)
            pending.append((value, node, here, depth))
    return _placed(node, parent, pending)


def _placed(node: ast.AST, parent: ast.AST | None, pending: list[_Pending]) -> list[_Pending]:
    """Mend the two places that do not follow their field: the first iterable of a comprehension, the target of `:=`."""
    if isinstance(node, ast.comprehension) and isinstance(parent, _COMPREHENSIONS) and node is parent.generators[0]:
        return [(one, up, here.above() if one is node.iter else here, depth) for one, up, here, depth in pending]
    if isinstance(node, ast.NamedExpr):
        return [(one, up, here.lasting() if one is node.target else here, depth) for one, up, here, depth in pending]
    return pending


def _holes(values: list[Any]) -> str:
    return "".join("-" if one is None else "+" for one in values)


def _opened(node: ast.AST, scope: Scope) -> Scope:
    if isinstance(node, ast.ClassDef):
        return Scope("class", scope)
    if isinstance(node, _COMPREHENSIONS):
        return Scope("comprehension", scope)
    inner = Scope("function", scope)
    if isinstance(node, _FUNCTIONS):
        arguments = [*node.args.posonlyargs, *node.args.args]
        inner.first = arguments[0].arg if arguments else None
    return inner


def _leaf(value: object) -> str:
    if isinstance(value, ast.AST):
        return type(value).__name__
    if isinstance(value, list):
        return " ".join(_leaf(one) for one in value)
    return ascii(value)


def _too_big(node: ast.AST, parent: ast.AST | None, depth: int) -> Diagnostic:
    place = node if hasattr(node, "lineno") else parent
    line, column = getattr(place, "lineno", 1), 1
    if depth > MAX_DEPTH:
        message = f"the code is nested more than {MAX_DEPTH} levels deep"
        return Diagnostic(
            "syntax.too_deep", "error", message, line, column, None, "give parts of it names of their own"
        )
    message = f"the code has more than {MAX_NODES:,} parts"
    return Diagnostic("syntax.too_large", "error", message, line, column, None, "leave out data and unused code")


def _bind_name(node: ast.Name, scope: Scope) -> None:
    if not isinstance(node.ctx, ast.Load):
        scope.bind(node.id)


def _bind_import(node: ast.Import, scope: Scope) -> None:
    for alias in node.names:
        top = alias.name.partition(".")[0]
        scope.bind(alias.asname or top, alias.name if alias.asname else top)


def _bind_from(node: ast.ImportFrom, scope: Scope) -> None:
    children = CHILDREN.get(node.module or "", {})
    for alias in node.names:
        scope.bind(alias.asname or alias.name, children.get(alias.name, IMPORTED))


def _bind_named(node: Any, scope: Scope) -> None:
    if node.name:
        scope.bind(node.name)


def _bind_rest(node: ast.MatchMapping, scope: Scope) -> None:
    if node.rest:
        scope.bind(node.rest)


def _send_out(node: ast.Global | ast.Nonlocal, scope: Scope) -> None:
    for name in node.names:
        scope.outer[name] = "global" if isinstance(node, ast.Global) else "nonlocal"


_BINDERS: dict[type[ast.AST], Any] = {
    ast.Name: _bind_name,
    ast.Import: _bind_import,
    ast.ImportFrom: _bind_from,
    ast.MatchMapping: _bind_rest,
    ast.Global: _send_out,
    ast.Nonlocal: _send_out,
    ast.arg: lambda node, scope: scope.bind(node.arg),
    **dict.fromkeys(
        (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler, ast.MatchAs, ast.MatchStar),
        _bind_named,
    ),
}
