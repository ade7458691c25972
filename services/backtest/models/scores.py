"""How good probabilities are, beside what needs no model. Pure."""

import numpy as np
import numpy.typing as npt

from libs.market.frame import FloatArray
from services.backtest.models.samples import Labels

_LEAST = 1e-15


def scores(up: Labels, chance: FloatArray) -> dict[str, float | int | None]:
    """Return accuracy, balanced accuracy, log loss and Brier score of the chances of "up", (n,), n >= 1.

    Accuracy: the side above one half is the right one. Balanced: the mean of both labels' shares of right answers, None where one label is
    absent. Log loss in nats, chances cut to [1e-15, 1 - 1e-15]. Brier: mean squared distance. Sources: Brier, Verification of forecasts expressed in
    terms of probability (1950); definitions as in scikit-learn's accuracy_score, balanced_accuracy_score, log_loss, brier_score_loss.
    """
    said, truth = chance > 0.5, up == 1
    cut = np.clip(chance, _LEAST, 1.0 - _LEAST)
    return {
        "rows": len(up),
        "accuracy": float(np.mean(said == truth)),
        "balanced_accuracy": _balanced(said, truth),
        "log_loss": float(-np.mean(np.where(truth, np.log(cut), np.log(1.0 - cut)))),
        "brier": float(np.mean((chance - up) ** 2)),
    }


def always_up(up: Labels, share_before: float) -> dict[str, float | int | None]:
    """Return the scores of who always says "up", and gives it the share of ups there were in training as its chance."""
    found = scores(up, np.full(len(up), share_before))
    truth = up == 1
    said = np.ones(len(up), np.bool_)
    return {**found, "accuracy": float(np.mean(truth)), "balanced_accuracy": _balanced(said, truth)}


def _balanced(said: npt.NDArray[np.bool_], truth: npt.NDArray[np.bool_]) -> float | None:
    if truth.all() or not truth.any():
        return None
    return float((np.mean(said[truth]) + np.mean(~said[~truth])) / 2.0)
