"""Judges names: every one must be defined by the source, or be among those a strategy is given."""

import ast
from collections.abc import Iterator, Mapping

from libs.strategy.check.allowed import BUILTINS, DATA_FUNCTIONS, DUNDER_METHODS, PROVIDED
from libs.strategy.check.grammar import ALWAYS_FINE, refusal
from libs.strategy.check.notes import Notes
from libs.strategy.check.walk import Walked

GIVEN = BUILTINS | DATA_FUNCTIONS | PROVIDED.keys()
"""Names that need no definition."""

_NO_FILES = "a strategy has no files: prices come as df or from get_price_data(symbol)"
_NO_TEXT_CODE = "code in texts does not run: write it out"
_NO_LOOKUP = "write the attribute or the name itself"
_HINTS = {
    "open": _NO_FILES,
    **dict.fromkeys(("eval", "exec", "compile", "__import__"), _NO_TEXT_CODE),
    **dict.fromkeys(("getattr", "setattr", "delattr", "hasattr", "globals", "locals", "vars", "dir"), _NO_LOOKUP),
    "type": "use isinstance(value, kind)",
    "id": "compare with is, or key by the value itself",
    "memoryview": "use an array",
    **dict.fromkeys(("input", "breakpoint", "exit", "quit", "help"), "a strategy runs alone: leave it out"),
    "df": "df is the argument of generate_signals(df): use it inside, or pass it on",
    "ta": "compute the indicator with pandas, for example df['close'].ewm(span=12, adjust=False).mean()",
    "talib": "compute the indicator with pandas, for example df['close'].rolling(20).mean()",
    "__del__": "leave the method out",
    "xrange": "did you mean range",
    "unicode": "did you mean str",
}
_NAMING: Mapping[type[ast.AST], str] = {
    ast.Name: "id",
    ast.FunctionDef: "name",
    ast.AsyncFunctionDef: "name",
    ast.ClassDef: "name",
    ast.ExceptHandler: "name",
    ast.MatchAs: "name",
    ast.MatchStar: "name",
    ast.MatchMapping: "rest",
    ast.arg: "arg",
    ast.keyword: "arg",
}


def judge_names(walked: Walked, notes: Notes) -> None:
    """Remark unknown names, names that begin with two underscores, and data functions hidden by the source's own."""
    for name in walked.all(ast.Name):
        if isinstance(name.ctx, ast.Load) and not name.id.startswith("__"):
            _judge_known(name, walked, notes)
    for node, word in _words(walked):
        if word.startswith("__") and not _is_allowed_dunder(node, word, walked):
            hint = "use one underscore" if not word.endswith("__") else _HINTS.get(word)
            notes.error(node, "name.dunder", f"{word} is kept for the interpreter", hint)
    for node in walked.all(ast.FunctionDef):
        if node.name in DATA_FUNCTIONS:
            message = f"this {node.name} hides the one that serves real data"
            notes.warn(node, "data.shadowed", message, "leave the definition out and call it")


def judge_syntax(walked: Walked, notes: Notes) -> None:
    """Remark every part of the language that is not available."""
    for kind, nodes in walked.found.items():
        for node in () if kind in ALWAYS_FINE else nodes:
            refused = refusal(node)
            if refused:
                notes.error(_shown(node, walked), *refused)


def is_main_guard(compare: ast.AST | None, walked: Walked) -> bool:
    """Tell whether a comparison is the one of `if __name__ == "__main__":` at the top level."""
    if not isinstance(compare, ast.Compare) or len(compare.ops) != 1 or not isinstance(compare.ops[0], ast.Eq):
        return False
    above = walked.parents[compare]
    sides = [compare.left, compare.comparators[0]]
    names = [side.id for side in sides if isinstance(side, ast.Name)]
    texts = [side.value for side in sides if isinstance(side, ast.Constant)]
    inside_if = isinstance(above, ast.If) and compare is above.test and walked.parents[above] is walked.tree
    return inside_if and names == ["__name__"] and texts == ["__main__"]


def _judge_known(name: ast.Name, walked: Walked, notes: Notes) -> None:
    scope = walked.scopes[name]
    if name.id in GIVEN or scope.find(name.id):
        return
    hint = _HINTS.get(name.id) or notes.near(name.id, scope.visible() | GIVEN) or _ELSE
    notes.error(name, "name.unknown", f"{name.id} is not defined or not available", hint)


_ELSE = "define it first; np, pd, math and the data functions are there without an import"


def _is_allowed_dunder(node: ast.AST, word: str, walked: Walked) -> bool:
    if isinstance(node, ast.FunctionDef):
        return word in DUNDER_METHODS and walked.scopes[node].kind == "class"
    return isinstance(node, ast.Name) and is_main_guard(walked.parents[node], walked)


def _words(walked: Walked) -> Iterator[tuple[ast.AST, str]]:
    """Give every word that names something, attributes left out."""
    for kind, field in _NAMING.items():
        for node in walked.found.get(kind, ()):
            yield node, getattr(node, field) or ""
    for alias in walked.all(ast.alias):
        yield alias, alias.asname or ("" if alias.name == "__future__" else alias.name)
    for kind in (ast.Global, ast.Nonlocal):
        for sent in walked.found.get(kind, ()):
            for word in sent.names:
                yield sent, word


def _shown(node: ast.AST, walked: Walked) -> ast.AST:
    """Return the nearest node around this one that has a place."""
    shown: ast.AST | None = node
    while shown and not hasattr(shown, "lineno"):
        shown = walked.parents[shown]
    return shown or node
