"""From the number a classifier gives to a probability that can be believed: applying a calibration that was fitted when it was trained.

Decides how the two kinds are evaluated; fitting them is the training's business. Knows numpy alone, because the child uses it.
"""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

KINDS = ("none", "sigmoid", "isotonic")
MOST_STEPS = 10_000
"""Steps of an isotonic curve."""


def is_calibration(told: Any) -> bool:
    """Tell whether `told` is one: {"kind": "none"}, {"kind": "sigmoid", "slope", "shift"} or {"kind": "isotonic", "x", "y"}.

    x rises strictly, y does not fall, all of y lies in 0..1, and there are as many of one as of the other, at least one.
    """
    if not isinstance(told, dict) or told.get("kind") not in KINDS:
        return False
    if told["kind"] == "sigmoid":
        return all(_is_number(told.get(name)) for name in ("slope", "shift"))
    return told["kind"] == "none" or _is_curve(told.get("x"), told.get("y"))


def calibrated(told: Mapping[str, Any], raw: FloatArray) -> FloatArray:
    """Return probabilities, (n,) in 0..1, of raw scores in 0..1.

    Sigmoid: 1 / (1 + exp(-(slope * raw + shift))). Isotonic: linear between its points, flat beyond them. Sources: Platt, Probabilistic Outputs
    for Support Vector Machines (1999); Zadrozny and Elkan, Transforming Classifier Scores into Accurate Multiclass Probability Estimates (2002).
    """
    if told["kind"] == "none":
        return raw
    if told["kind"] == "isotonic":
        return np.interp(raw, np.asarray(told["x"], np.float64), np.asarray(told["y"], np.float64))
    score = np.clip(told["slope"] * raw + told["shift"], -700.0, 700.0)
    found: FloatArray = 1.0 / (1.0 + np.exp(-score))
    return found


def _is_curve(x: Any, y: Any) -> bool:
    for values in (x, y):
        if not isinstance(values, list) or not 0 < len(values) <= MOST_STEPS or not all(map(_is_number, values)):
            return False
    rising = all(left < right for left, right in itertools.pairwise(x))
    climbing = all(left <= right for left, right in itertools.pairwise(y))
    return len(x) == len(y) and rising and climbing and y[0] >= 0.0 and y[-1] <= 1.0


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) <= 1e300
