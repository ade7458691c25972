"""What a strategy of kind `model` is told: which model, and from which probability on it buys or sells. Decides what is refused; loads nothing."""

import re
from collections.abc import Mapping
from typing import Any

from libs.common.errors import BadStrategyError

MODEL = "model"
"""The kind, and the parameter that names the model by the SHA-256 of its file."""

BUY_ABOVE = 0.55
SELL_BELOW = 0.45

_ID = re.compile(r"[0-9a-f]{64}")
_NAMES = (MODEL, "buy_above", "sell_below")


def read_terms(parameters: Any) -> dict[str, Any]:
    """Return the parameters with defaults written out: model, buy_above (default 0.55), sell_below (default 0.45).

    Raises BadStrategyError with a pointer unless the model is 64 hexadecimal digits and 0 <= sell_below <= buy_above <= 1.
    """
    if not isinstance(parameters, Mapping):
        raise BadStrategyError("the parameters are not an object", pointer="/parameters")
    foreign = sorted(str(name)[:40] for name in parameters if name not in _NAMES)
    if foreign:
        raise BadStrategyError(
            f"a model has no parameter {foreign[0]!r}",
            pointer=f"/parameters/{foreign[0]}",
            hint=f"it has {', '.join(_NAMES)}",
        )
    model = parameters.get(MODEL)
    if not isinstance(model, str) or not _ID.fullmatch(model):
        raise BadStrategyError(
            "the strategy names no model", pointer="/parameters/model", hint="give the id that the training answered"
        )
    bounds = {"buy_above": BUY_ABOVE, "sell_below": SELL_BELOW}
    for name in bounds:
        value = parameters.get(name, bounds[name])
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise BadStrategyError(f"{name} is no probability", pointer=f"/parameters/{name}", hint="from 0 to 1")
        bounds[name] = float(value)
    if bounds["sell_below"] > bounds["buy_above"]:
        raise BadStrategyError(
            "sell_below is above buy_above",
            pointer="/parameters/sell_below",
            hint="between the two the model holds",
        )
    return {MODEL: model, **bounds}
