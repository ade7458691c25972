"""What one call of `classify_symbol` says: hit or no hit, and with which score, signal and data.

Decides the meaning of the three documented shapes: bool, number (a score; above 0 is a hit), dict with `classification`, `signal` or
`score`, asked in this order. Refuses everything else, so that a forgotten return is seen.
"""

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from libs.strategy.sandbox.guest.faults import refused, shown
from libs.strategy.sandbox.guest.plain import plain_object

Number: TypeAlias = int | float

_SAYS = ("classification", "signal", "score")
_OWN = frozenset({*_SAYS, "data", "ticker", "symbol", "timestamp"})
_SIDES = {"buy": 1, "long": 1, "sell": -1, "short": -1, "hold": 0, "none": 0}
_HINT = "return True or False, a score, or a dict with classification, signal or score"


@dataclass(frozen=True, slots=True)
class Verdict:
    """hit: buy. score: finite. signal: 1 buy, 0 hold, -1 sell. data: plain values the code wants to be shown."""

    hit: bool
    score: Number | None = None
    signal: int | None = None
    data: dict[str, Any] | None = None


def verdict_of(answer: Any) -> Verdict:
    """Return what an answer means; raises StrategyError, code `strategy.result`."""
    if isinstance(answer, np.bool_ | bool):
        return Verdict(bool(answer))
    number = _number(answer)
    if number is not None:
        return Verdict(number > 0, number)
    if isinstance(answer, dict):
        return _of_dict(answer)
    hint = "every path of the function must end with a return: return False" if answer is None else _HINT
    raise refused("strategy.result", f"classify_symbol returns {shown(answer)}", hint)


def truth(value: Any, name: str) -> bool:
    """Return a bool, or a number above 0, as true; raises StrategyError naming `name`."""
    if isinstance(value, np.bool_ | bool):
        return bool(value)
    number = _number(value)
    if number is None:
        raise refused("strategy.result", f"{name} is {shown(value)}", "use True or False")
    return number > 0


def score_of(value: Any) -> Number | None:
    """Return a finite number, None for None; raises StrategyError for anything else."""
    if value is None:
        return None
    number = None if isinstance(value, np.bool_ | bool) else _number(value)
    if number is None:
        raise refused("strategy.result", f"score is {shown(value)}", "use a finite number")
    return number


def _of_dict(answer: dict[Any, Any]) -> Verdict:
    said = next((name for name in _SAYS if answer.get(name) is not None), None)
    if said is None:
        raise refused(
            "strategy.result", "classify_symbol returns a dict without classification, signal or score", _HINT
        )
    score, signal = score_of(answer.get("score")), _signal(answer.get("signal"))
    hits = {"signal": signal == 1, "score": score is not None and score > 0}
    hit = truth(answer["classification"], "classification") if said == "classification" else hits[said]
    own = answer.get("data")
    data = (plain_object(own) if isinstance(own, dict) else {}) | plain_object(answer, _OWN)
    return Verdict(hit, score, signal, data or None)


def _signal(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, np.bool_ | bool):
        return int(value)
    if type(value) is str and value.strip().lower() in _SIDES:
        return _SIDES[value.strip().lower()]
    number = _number(value)
    if number is None or number not in (-1, 0, 1):
        raise refused(
            "strategy.result", f"signal is {shown(value)}", "use 1 for buy, -1 for sell, 0 for hold, or True and False"
        )
    return int(number)


def _number(value: Any) -> Number | None:
    """Return a Python number, None for what is none; NaN, infinities and whole numbers beyond 64 bit are refused."""
    if isinstance(value, np.integer | np.floating):
        value = value.item()
    if type(value) is int and abs(value) < 2**63:
        return value
    if type(value) is float and math.isfinite(value):
        return value
    if type(value) in (int, float):
        raise refused("strategy.result", f"a score is {shown(value)}", "check for NaN and division by zero first")
    return None
