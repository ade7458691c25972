"""Finds what a source promises to be called by: contract functions, their parameters, and two module constants."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from libs.strategy.check.notes import Notes
from libs.strategy.check.report import Literals
from libs.strategy.check.walk import Walked

CONTRACTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "generate_signals": ("python.signals", ("df",)),
    "classify_symbol": ("python.classify", ("symbol",)),
    "run_batch_backtest": ("python.batch", ("start_date", "end_date", "symbols")),
    "run_screening": ("python.batch", ("universe", "limit")),
}
"""Function -> contract and documented arguments, best contract first."""

SIGNAL_MODES = ("action", "position")
DEFAULT_HORIZON = 5
"""Bars from the entry of a classifier's hit to its exit, where the code has no HORIZON."""
MAX_HORIZON = 1_000

CONSTANTS: Mapping[str, str] = {"SIGNAL_MODE": '"position"', "HORIZON": str(DEFAULT_HORIZON)}
"""Module constants that steer a run -> how one is written."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Promised:
    """What was found. See `Report` for the meaning of the fields."""

    contracts: tuple[str, ...]
    constants: dict[str, Literals]
    parameters: dict[str, Literals]


def judge_contracts(walked: Walked, notes: Notes) -> Promised:
    """Return the contracts and constants of a source, and remark missing, doubled, misshapen and unused ones."""
    defined = {name: _definitions(name, walked) for name in CONTRACTS}
    for name, functions in defined.items():
        if functions:
            _judge(name, functions, walked, notes)
    found = [name for name in CONTRACTS if defined[name]]
    contracts = tuple(dict.fromkeys(CONTRACTS[name][0] for name in found))
    if not found:
        _miss(walked, notes)
    for name in found:
        if CONTRACTS[name][0] != contracts[0]:
            message = f"a backtest runs {found[0]}; {name} is not used by it"
            notes.warn(defined[name][0], "contract.unused", message, f"keep one of them, or submit {name} on its own")
    best = [name for name in found if CONTRACTS[name][0] == contracts[0]]
    parameters = {key: value for name in best for key, value in _parameters(name, defined[name][0])}
    return Promised(contracts, dict(_constants(walked, notes)), parameters)


def _definitions(name: str, walked: Walked) -> list[_Function]:
    functions: list[_Function] = [*walked.all(ast.FunctionDef), *walked.all(ast.AsyncFunctionDef)]
    return [one for one in functions if one.name == name and walked.scopes[one] is walked.module]


def _judge(name: str, functions: list[_Function], walked: Walked, notes: Notes) -> None:
    again = [one for one in walked.all(ast.Name) if one.id == name and _rebinds(one, walked)]
    for twice in (*functions[1:], *again):
        message = f"{name} is defined twice: only the last one would count"
        notes.error(twice, "contract.twice", message, "keep one, give the other another name")
    function = functions[0]
    wanted = CONTRACTS[name][1]
    needed, accepted, named = _arity(function.args)
    if needed > len(wanted) or accepted < len(wanted) or named:
        message = f"{name} is called with {len(wanted)} argument{'s'[: len(wanted) > 1]}: {', '.join(wanted)}"
        notes.error(
            function, "contract.arity", message, f"write def {name}({', '.join(wanted)}); others need a default"
        )
    own = [
        node for node in (*walked.all(ast.Yield), *walked.all(ast.YieldFrom)) if _function_of(node, walked) is function
    ]
    if own:
        notes.error(own[0], "contract.generator", f"yield makes {name} a generator", "return the whole result at once")
    returns = [node for node in walked.all(ast.Return) if node.value and _function_of(node, walked) is function]
    if not returns and not own and isinstance(function, ast.FunctionDef):
        notes.warn(function, "contract.no_return", f"{name} returns nothing", "end it with return and the result")


def _rebinds(name: ast.Name, walked: Walked) -> bool:
    return not isinstance(name.ctx, ast.Load) and walked.scopes[name].find(name.id) is walked.module


def _arity(arguments: ast.arguments) -> tuple[int, float, int]:
    """Return how many positional arguments are needed, how many are accepted, how many keyword-only ones lack a default."""
    positional = len(arguments.posonlyargs) + len(arguments.args)
    named = sum(default is None for default in arguments.kw_defaults)
    return positional - len(arguments.defaults), float("inf") if arguments.vararg else positional, named


def _function_of(node: ast.AST, walked: Walked) -> ast.AST | None:
    above = walked.parents[node]
    while above and not isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        above = walked.parents[above]
    return above


def _parameters(name: str, function: _Function) -> Iterator[tuple[str, Literals]]:
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
    skipped = len(CONTRACTS[name][1])
    pairs = [*zip(positional, defaults, strict=True)][skipped:] + list(
        zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    )
    for argument, default in pairs:
        known, value = literal(default)
        if known and argument not in arguments.posonlyargs:
            yield argument.arg, value


def literal(node: ast.expr | None) -> tuple[bool, Literals]:
    """Return whether an expression is a plain number, text, truth value or None, and which."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        known, value = literal(node.operand)
        plain = known and isinstance(value, int | float) and not isinstance(value, bool)
        return (True, -value) if plain and isinstance(value, int | float) else (False, None)
    if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool | int | float | str)):
        return True, node.value
    return False, None


def _constants(walked: Walked, notes: Notes) -> Iterator[tuple[str, Literals]]:
    """Give the constants that are set once, by a plain statement of the top level; remark every other way to set them."""
    for name in CONSTANTS:
        if name not in walked.module.bound:
            continue
        plain = [target for target in map(_plain_target, walked.tree.body) if target and target.id == name]
        others = [one for one in walked.all(ast.Name) if one.id == name and _rebinds(one, walked) and one not in plain]
        if others or len(plain) != 1:
            place = (*others, *plain[1:], walked.tree)[0]
            message = f"{name} is set in a way that is not read before the code runs"
            notes.error(
                place, "contract.constant", message, f"write it once, at the top level: {name} = {CONSTANTS[name]}"
            )
            continue
        known, value = literal(getattr(walked.parents[plain[0]], "value", None))
        if _is_good(plain[0], known, value, notes):
            yield name, value


def _plain_target(statement: ast.stmt) -> ast.Name | None:
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target: ast.expr = statement.targets[0]
    elif isinstance(statement, ast.AnnAssign):
        target = statement.target
    else:
        return None
    return target if isinstance(target, ast.Name) else None


def _is_good(target: ast.Name, known: bool, value: Literals, notes: Notes) -> bool:
    if target.id == "SIGNAL_MODE":
        good, allowed = known and value in SIGNAL_MODES, 'write "action" or "position"'
    else:
        whole = isinstance(value, int) and not isinstance(value, bool)
        good = known and whole and 1 <= int(value or 0) <= MAX_HORIZON
        allowed = f"write a whole number of bars from 1 to {MAX_HORIZON:,}"
    if not good:
        notes.error(target, "contract.constant", f"{target.id} has a value that cannot be used", allowed)
    return good


def _miss(walked: Walked, notes: Notes) -> None:
    nested = [one for one in walked.all(ast.FunctionDef) if one.name in CONTRACTS]
    assigned = [one for one in walked.all(ast.Name) if one.id in CONTRACTS and _rebinds(one, walked)]
    place: ast.AST = (nested or assigned or [walked.tree])[0]
    hint = "define generate_signals(df), which returns one of -1, 0, 1 for each bar; or classify_symbol(symbol)"
    if nested:
        hint = "move it to the top level, out of the class or function"
    elif assigned:
        hint = "define it with def"
    notes.error(place, "contract.missing", "there is no function to run", hint)
