"""Judges what is taken from modules: imports, `np.x` chains, modules passed around as values, assignments into them."""

import ast

from libs.strategy.check.allowed import CHILDREN, MODULES, PROVIDED, denied_attribute
from libs.strategy.check.notes import Notes
from libs.strategy.check.scopes import IMPORTED
from libs.strategy.check.walk import Walked

_PANDAS_INSTEAD = "compute it with pandas or numpy, for example df['close'].ewm(span=12, adjust=False).mean()"
_NO_REACH = "a strategy reaches no files, processes or network; data come from get_price_data and its companions"
_HINTS = {
    **dict.fromkeys(
        ("talib", "ta", "pandas_ta", "tulipy", "finta", "talipp", "scipy", "sklearn", "statsmodels", "numba"),
        _PANDAS_INSTEAD,
    ),
    **dict.fromkeys(
        (
            "os",
            "sys",
            "io",
            "pathlib",
            "subprocess",
            "socket",
            "requests",
            "urllib",
            "http",
            "shutil",
            "tempfile",
            "sqlite3",
        ),
        _NO_REACH,
    ),
    **dict.fromkeys(("yfinance", "ccxt", "binance", "aiohttp", "httpx", "websocket", "websockets"), _NO_REACH),
    **dict.fromkeys(("threading", "multiprocessing", "asyncio", "concurrent"), "a strategy runs alone, in one thread"),
    **dict.fromkeys(("logging", "pprint"), "use print; its first lines are shown with the result"),
}
_GONE = {
    "numpy": {
        "float": "use float", "int": "use int", "bool": "use bool", "object": "use object", "str": "use str",
        "NaN": "use np.nan", "NAN": "use np.nan", "Inf": "use np.inf", "infty": "use np.inf", "float_": "use np.float64",
        "trapz": "use np.trapezoid", "in1d": "use np.isin", "product": "use np.prod", "cumproduct": "use np.cumprod",
        "alltrue": "use np.all", "sometrue": "use np.any",
    },
    "pandas": {
        "options": "leave it out: nothing needs to be set", "set_option": "leave it out: nothing needs to be set",
        "eval": "write the expression out", "Float64Index": "use pd.Index", "Int64Index": "use pd.Index",
    },
}  # fmt: skip


def judge_modules(walked: Walked, notes: Notes) -> None:
    """Remark imports, attributes and uses of modules that are not available."""
    _judge_imports(walked, notes)
    for name in walked.all(ast.Name):
        _judge_use(name, walked, notes)
    for attribute in walked.all(ast.Attribute):
        _judge_use(attribute, walked, notes)
        module = module_of(attribute.value, walked)
        if module:
            _judge_member(attribute, module, notes)
        if not isinstance(attribute.ctx, ast.Load) and _is_from_module(attribute.value, walked):
            message = "modules and what is in them cannot be changed"
            notes.error(attribute, "module.assigned", message, "use a name of your own")


def module_of(node: ast.AST, walked: Walked) -> str | None:
    """Return the full name of the module that an expression is (`np`, `np.linalg`), None if it is none."""
    path: list[str] = []
    while isinstance(node, ast.Attribute):
        path.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    module = _named(node, walked)
    while module and path:
        module = CHILDREN.get(module, {}).get(path.pop())
    return module


def member_of(node: ast.AST, walked: Walked) -> str | None:
    """Return the full name of what an expression takes from a module (`numpy.roll` for `np.roll`), None if it does not."""
    if isinstance(node, ast.Attribute):
        module = module_of(node.value, walked)
        return f"{module}.{node.attr}" if module else None
    return None


def _named(name: ast.Name, walked: Walked) -> str | None:
    scope = walked.scopes[name].find(name.id)
    if scope:
        return scope.bound[name.id] if scope.bound[name.id] in MODULES else None
    module, member = PROVIDED.get(name.id, (None, None))
    return None if member else module


def _judge_imports(walked: Walked, notes: Notes) -> None:
    for plain in walked.all(ast.Import):
        for alias in plain.names:
            if alias.name not in MODULES:
                _unknown_module(alias, alias.name, notes)
    for taken in walked.all(ast.ImportFrom):
        _judge_from(taken, notes)


def _judge_use(node: ast.Name | ast.Attribute, walked: Walked, notes: Notes) -> None:
    """Remark a module that stands anywhere but before a dot."""
    if isinstance(node.ctx, ast.Load) and not isinstance(walked.parents[node], ast.Attribute):
        module = module_of(node, walked)
        if module:
            message = f"the module {module} is not a value to pass on"
            notes.error(node, "module.value", message, f"write {module}.name where it is used")


def _judge_from(taken: ast.ImportFrom, notes: Notes) -> None:
    module = taken.module or ""
    if taken.level:
        notes.error(taken, "import.relative", "there is no package to import from", "import numpy or pandas by name")
    elif module not in MODULES:
        _unknown_module(taken, module, notes)
    else:
        for alias in taken.names:
            if alias.name == "*":
                notes.error(
                    alias,
                    "import.star",
                    "a star import hides where names come from",
                    f"import {module} and write the names",
                )
            elif alias.name not in MODULES[module] and alias.name not in CHILDREN[module]:
                message = f"{alias.name} cannot be imported from {module}"
                notes.error(alias, "import.unknown_name", message, _member_hint(alias.name, module, notes))


def _judge_member(attribute: ast.Attribute, module: str, notes: Notes) -> None:
    if attribute.attr not in MODULES[module] and attribute.attr not in CHILDREN[module]:
        message = f"{module}.{attribute.attr} is not available"
        notes.error(attribute, "module.unknown_name", message, _member_hint(attribute.attr, module, notes))


def _member_hint(name: str, module: str, notes: Notes) -> str | None:
    return (
        _GONE.get(module, {}).get(name)
        or denied_attribute(name)
        or notes.near(name, MODULES[module] | CHILDREN[module].keys())
    )


def _unknown_module(node: ast.AST, name: str, notes: Notes) -> None:
    top = name.partition(".")[0]
    known = {module for module in MODULES if "." not in module}
    hint = _HINTS.get(top) or notes.near(name, MODULES) or f"available: {', '.join(sorted(known - {'__future__'}))}"
    notes.error(node, "import.unknown_module", f"the module {name} is not available in a strategy", hint)


def _is_from_module(node: ast.AST, walked: Walked) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    if not isinstance(node, ast.Name):
        return False
    scope = walked.scopes[node].find(node.id)
    return _named(node, walked) is not None or bool(scope and scope.bound[node.id] == IMPORTED)
