"""Which values are tried: a grid of all combinations, or as many random ones as asked for.

Decides that a draw depends on nothing but what was asked. The parameters of code are those it declares; of rules any number in them,
named by its JSON pointer, such as `/indicators/rsi/period`.
"""

import copy
import hashlib
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from libs.common.errors import BadInputError, BadStrategyError
from libs.strategy.spec import Strategy, code_hash, parse, tuned
from services.backtest.core.fingerprint import canonical

MOST_TRIES = 10_000
LARGEST = 1e15
"""Bound of a range and of its steps: whole numbers up to it are exact as floats, and a draw fits 64 bits."""

_RANGE = frozenset({"low", "high", "step"})

Values = dict[str, Any]


def combinations(strategy: Strategy, options: Mapping[str, Any]) -> list[Values]:
    """Return the values of every try, each once, in order; options: space, method, count.

    Raises BadInputError (pointer below /space) for a range that makes no sense or more than 10,000 tries, BadStrategyError for
    parameters that the strategy does not have or values that they do not take.
    """
    space: Mapping[str, Any] = options["space"]
    names = sorted(space)
    for name in names:
        _check(name, space[name])
    found = _grid(names, space) if options["method"] == "grid" else _drawn(names, strategy, options)
    for values in found:
        with_values(strategy, values)
    return found


def with_values(strategy: Strategy, values: Values) -> Strategy:
    """Return the strategy with other values of its parameters; raises BadStrategyError."""
    if strategy.code is not None:
        return tuned(strategy, values)
    rules = copy.deepcopy(strategy.rules)
    for pointer, value in values.items():
        _put(rules, pointer, value)
    timeframe = strategy.timeframe.value
    changed = parse(rules=rules, symbols=strategy.symbols[:1], timeframe=timeframe, signal_mode=strategy.signal_mode)
    return replace(strategy, rules=changed.rules)


def _grid(names: Sequence[str], space: Mapping[str, Any]) -> list[Values]:
    choices = [_choices(name, space[name]) for name in names]
    count = math.prod(map(len, choices))
    if count > MOST_TRIES:
        raise BadInputError(
            f"the grid has {count:,} combinations, {MOST_TRIES:,} are allowed",
            code="sweep.too_many",
            pointer="/space",
            hint="take fewer values, or method random",
        )
    return [dict(zip(names, values, strict=True)) for values in itertools.product(*choices)]


def _drawn(names: Sequence[str], strategy: Strategy, options: Mapping[str, Any]) -> list[Values]:
    told = [code_hash(strategy), strategy.parameters, options["space"], options["count"]]
    generator = np.random.default_rng(int.from_bytes(hashlib.sha256(canonical(told)).digest()[:8], "little"))
    space, wanted = options["space"], options["count"]
    found: dict[bytes, Values] = {}
    for _ in range(20 * wanted):
        values = {name: _draw(space[name], generator) for name in names}
        found.setdefault(canonical(values), values)
        if len(found) == wanted:
            break
    return list(found.values())


def _draw(said: Any, generator: np.random.Generator) -> Any:
    if isinstance(said, list):
        return said[int(generator.integers(len(said)))]
    low, high = said["low"], said["high"]
    if "step" in said:
        return _rounded(low + said["step"] * int(generator.integers(_steps(said) + 1)), said)
    if isinstance(low, int) and isinstance(high, int):
        return int(generator.integers(low, high + 1))
    return float(generator.uniform(low, high))


def _choices(name: str, said: Any) -> list[Any]:
    if isinstance(said, list):
        return list({canonical(value): value for value in said}.values())
    if "step" not in said:
        raise BadInputError(
            f"{name[:64]} has no step", code="sweep.space", pointer=f"/space/{name[:64]}", hint="a grid needs one"
        )
    if _steps(said) >= MOST_TRIES:
        raise BadInputError(
            f"{name[:64]} has {_steps(said) + 1:,} values", code="sweep.too_many", pointer=f"/space/{name[:64]}"
        )
    return [_rounded(said["low"] + step * said["step"], said) for step in range(_steps(said) + 1)]


def _steps(said: Mapping[str, Any]) -> int:
    return int((said["high"] - said["low"]) / said["step"] + 1e-9)


def _rounded(value: float, said: Mapping[str, Any]) -> float | int:
    """Return a whole number where all bounds are whole; other values without the noise of their sum."""
    return value if all(isinstance(each, int) for each in said.values()) else round(float(value), 12)


def _check(name: str, said: Any) -> None:
    wrong = ""
    if isinstance(said, list):
        plain = all(value is None or isinstance(value, bool | int | float | str) for value in said)
        wrong = "" if said and plain else "is a list of at least one plain value"
    elif not isinstance(said, dict) or not {"low", "high"} <= said.keys() <= _RANGE:
        wrong = 'is a list of values, or {"low", "high", "step"}'
    elif any(isinstance(value, bool) or not isinstance(value, int | float) for value in said.values()):
        wrong = "has a bound that is no number"
    elif any(not abs(value) <= LARGEST for value in said.values()):
        wrong = f"has a bound beyond {LARGEST:g}"
    elif said["low"] > said["high"] or said.get("step", 1) <= 0:
        wrong = "needs low <= high and step > 0"
    elif said["high"] - said["low"] > LARGEST * said.get("step", 1):
        wrong = f"has more than {LARGEST:g} steps"
    if wrong:
        raise BadInputError(f"{name[:64]} {wrong}", code="sweep.space", pointer=f"/space/{name[:64]}")


def _put(rules: Any, pointer: str, value: Any) -> None:
    *path, last = pointer.split("/")[1:] if pointer.startswith("/") else [""]
    place = rules
    for key in path:
        place = _inside(place, key, pointer)
    known = _inside(place, last, pointer)
    if isinstance(known, dict | list):
        raise _no_number(pointer)
    place[int(last) if isinstance(place, list) else last] = value


def _inside(place: Any, key: str, pointer: str) -> Any:
    if isinstance(place, list) and key.isdecimal() and int(key) < len(place):
        return place[int(key)]
    if isinstance(place, dict) and key in place:
        return place[key]
    raise _no_number(pointer)


def _no_number(pointer: str) -> BadStrategyError:
    return BadStrategyError(
        f"the rules have no value at {pointer[:64]!r}",
        pointer=f"/space/{pointer[:64]}",
        hint="name one by its JSON pointer, such as /indicators/rsi/period",
    )
