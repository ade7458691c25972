"""How far a classifier looks: at its own symbol only, or at others too. One that stays at home need not be handed the whole market.

Decides on the safe side: whatever is not plainly a question about the function's own symbol counts as a look elsewhere.
"""

import ast
from functools import lru_cache

_OWN = frozenset({"get_price_data", "get_fundamental_data"})
_OTHERS = frozenset({"get_multiple_symbols_data", "scan_universe"})
_FUNCTION = "classify_symbol"


@lru_cache(maxsize=64)
def stays_home(code: str) -> bool:
    """Tell whether `classify_symbol` in the code asks about the symbol it is called for and about no other."""
    tree = ast.parse(code)
    function = next((node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == _FUNCTION), None)
    if function is None or not function.args.args:
        return False
    symbol = function.args.args[0].arg
    allowed = {id(node.func) for node in ast.walk(function) if isinstance(node, ast.Call) and _asks(node, symbol)}
    return not any(_leaves(node, symbol, allowed) for node in ast.walk(tree) if node is not function.args.args[0])


def _asks(call: ast.Call, symbol: str) -> bool:
    if not isinstance(call.func, ast.Name) or call.func.id not in _OWN:
        return False
    named = [word.value for word in call.keywords if word.arg == "symbol"]
    first = call.args[0] if call.args else named[0] if named else None
    return isinstance(first, ast.Name) and first.id == symbol


def _leaves(node: ast.AST, symbol: str, allowed: set[int]) -> bool:
    if isinstance(node, ast.Name):
        if node.id in _OTHERS or node.id == _FUNCTION:
            return True
        return (node.id in _OWN and id(node) not in allowed) or (
            node.id == symbol and not isinstance(node.ctx, ast.Load)
        )
    if isinstance(node, ast.arg):
        return node.arg == symbol or node.arg in _OWN
    if isinstance(node, ast.alias | ast.ExceptHandler):
        return symbol in (node.name, getattr(node, "asname", None))
    return isinstance(node, ast.Constant) and node.value in (*_OWN, *_OTHERS)
