"""Numbers that may be undefined: a metric is a finite number, or it says why it is none.

Decides that 0, infinity and NaN never stand for "unknown".
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Times = NDArray[np.int64]

TINY = 1e-12
"""A spread below this share of the values it comes from is rounding noise, so it counts as zero."""


@dataclass(frozen=True)
class Undefined:
    """The place of a number that does not exist, with the reason in plain words."""

    reason: str


Value = float | int | Undefined


@dataclass(frozen=True)
class Metrics:
    """All metrics of one run; `reasons` has one entry for each None in `values`."""

    values: Mapping[str, float | int | None]
    reasons: Mapping[str, str]


def finite(number: float) -> Value:
    """Return `number` as a Python float, or Undefined when it left the range of a float."""
    value = float(number)
    return value if math.isfinite(value) else Undefined("the result does not fit a floating-point number")


def collect(*sheets: Mapping[str, Value]) -> Metrics:
    """Return the sheets as one set of metrics; a later sheet's name wins."""
    values: dict[str, float | int | None] = {}
    reasons: dict[str, str] = {}
    for sheet in sheets:
        for name, value in sheet.items():
            if isinstance(value, Undefined):
                values[name] = None
                reasons[name] = value.reason
            else:
                values[name] = value
    return Metrics(values, reasons)


def spread(values: Floats) -> float | None:
    """Return the sample standard deviation (ddof 1); None for fewer than two values or no spread beyond rounding."""
    if len(values) < 2:
        return None
    centred = values - values.mean()
    deviation = math.sqrt(float(centred @ centred) / (len(values) - 1))
    largest = max(float(values.max()), -float(values.min()))
    return deviation if deviation > TINY * largest else None
