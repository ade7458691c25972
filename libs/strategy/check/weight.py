"""How large a source becomes once it is compiled. Python writes a `finally` block out again for every way through it, so blocks inside blocks double.

Thirty lines can take gigabytes in the compiler, which runs in services too, so this is found before it is called.
"""

import ast
from collections import defaultdict

from libs.strategy.check.report import Diagnostic
from libs.strategy.check.source import Refused
from libs.strategy.check.walk import MAX_NODES, Walked

MAX_WEIGHT = 3 * MAX_NODES
"""Parts after all copies are made; code without `finally` and `with` weighs as many as it has."""

_ALWAYS = 2
"""Copies of a `finally` block: after success and after an error; each `return`, `break` and `continue` before it adds one."""
_CLEANING = 4
"""Instructions that leaving a `with` or a named `except` takes, at every place where it is left."""

_COPYING = (ast.Try, ast.TryStar, ast.With, ast.AsyncWith)
_LEAVES = frozenset({ast.Return, ast.Break, ast.Continue})
_APART = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef})


def refuse_heavy(walked: Walked) -> None:
    """Raise Refused, at the statement that is copied too often, where the source weighs more than MAX_WEIGHT."""
    if not walked.all(*_COPYING):
        return
    sizes: dict[ast.AST, int] = defaultdict(int)
    ways: dict[ast.AST, int] = defaultdict(int)
    for node in reversed(walked.parents):
        size, out = sizes[node] + 1, ways[node] + (type(node) in _LEAVES)
        if isinstance(node, (ast.Try, ast.TryStar)) and node.finalbody:
            last, out_of_last = (sum(each[one] for one in node.finalbody) for each in (sizes, ways))
            copies = _ALWAYS + out - out_of_last
            size, out = size + (copies - 1) * last, out + (copies - 1) * out_of_last
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            size += _CLEANING * len(node.items) * (1 + out)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            size += _CLEANING * out
        if size > MAX_WEIGHT:
            raise Refused(_too_heavy(node))
        sizes[node], ways[node] = size, out
        around = walked.parents[node]
        if around is not None:
            sizes[around] += size
            ways[around] += 0 if type(node) in _APART else out


def _too_heavy(node: ast.AST) -> Diagnostic:
    line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
    message = f"its finally and with blocks are copied until the code has more than {MAX_WEIGHT:,} parts"
    return Diagnostic("syntax.too_large", "error", message, line, column, None, "put the block into a function")
