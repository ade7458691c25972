"""The training itself: rows, walk-forward scores, calibration, the classifier that is kept, and its card.

Pure but for scikit-learn: equal tasks and bars give equal bytes. What is kept learnt from the first four fifths of the rows and is
silent until then, so that whatever it is judged on it has not seen.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from libs.common.errors import BadInputError
from libs.common.values import from_epoch_ms
from libs.market.features import FEATURES
from libs.market.frame import FloatArray, Frame
from libs.strategy.sandbox.calibration import calibrated
from services.backtest.core.fingerprint import joint_hash
from services.backtest.models.archive import archived
from services.backtest.models.estimators import build
from services.backtest.models.folds import Calendar, Fold
from services.backtest.models.samples import Samples, samples_of
from services.backtest.models.scores import always_up, scores
from services.backtest.models.task import TrainingTask

FORMAT = 1
TRAIN_SHARE = 0.8
LEAST_ROWS = 200
"""Rows to learn from, and a tenth of it to be tested on; of fewer nothing can be said."""

MOST_ROWS = 500_000
MOST_BYTES = 16 * 1024 * 1024

Tell = Callable[[str, int], None]
"""Told the phase and how many classifiers have been fitted."""


@dataclass(frozen=True)
class Trained:
    """A model. data: the bytes of its file. card: what is known of it, JSON."""

    data: bytes
    card: dict[str, Any]


def train(task: TrainingTask, frames: Mapping[str, Frame], tell: Tell) -> Trained:
    """Return the model of a task on its bars.

    Raises BadInputError for a classifier or option there is not, too few rows, one label only, a model that is too large, and data that the
    classifier refuses.
    """
    made = build(task.estimator, task.options, task.seed)
    everything = samples_of(frames, task.label)
    _check(everything)
    calendar = Calendar(everything)
    gap = calendar.embargo(task.embargo, task.label.horizon)
    halves = calendar.split(TRAIN_SHARE, gap)
    fitting = Fitting(made, task, tell)
    forward = [fitting.fold("walk-forward", everything, fold) for fold in calendar.walk_forward(task.folds, gap)]
    learnt, unseen = everything.take(halves.train), everything.take(halves.test)
    if len(learnt) < LEAST_ROWS or len(unseen) < LEAST_ROWS // 10:
        raise _too_few(len(learnt))
    curve = fitting.calibration(learnt, gap)
    model = fitting.fit("fitting the model", learnt)
    raw = chances(model, unseen)
    silent_until_ms = int(learnt.ends.max())
    data = archived(
        {
            "format": FORMAT,
            "timeframe": task.timeframe,
            "features": list(FEATURES),
            "silent_until_ms": silent_until_ms,
            "calibration": curve,
            "estimator": model,
        }
    )
    if len(data) > MOST_BYTES:
        raise BadInputError(
            f"the model has {len(data) / 2**20:.0f} MB, {MOST_BYTES // 2**20} are allowed",
            code="model.too_large",
            pointer="/options",
            hint="fewer or shallower trees, such as min_samples_leaf 50",
        )
    card = {
        **_described(task, frames, everything),
        "embargo_bars": gap,
        "learnt_rows": len(learnt),
        "learnt_until": from_epoch_ms(silent_until_ms).isoformat(),
        "silent_until_ms": silent_until_ms,
        "calibration": curve["kind"],
        "bytes": len(data),
        "scores": {
            "split": scores(unseen.up, calibrated(curve, raw)),
            "split_uncalibrated": scores(unseen.up, raw),
            "always_up": always_up(unseen.up, float(np.mean(learnt.up))),
            "walk_forward": forward,
        },
        "chances_unseen": _spread(calibrated(curve, raw)),
    }
    return Trained(data, card)


def chances(model: Any, samples: Samples) -> FloatArray:
    """Return the raw chance of "up" of each row; raises BadInputError where the classifier gives none."""
    found = np.asarray(model.predict_proba(samples.rows), np.float64)[:, list(model.classes_).index(1)]
    if not np.isfinite(found).all():
        raise BadInputError("the classifier gives probabilities that are none", code="model.fit", pointer="/estimator")
    return np.ascontiguousarray(found)


class Fitting:
    """Fits the same classifier again and again, each time anew, and tells how far it is."""

    def __init__(self, made: Any, task: TrainingTask, tell: Tell):
        """Fit copies of `made`."""
        self._made, self._task, self._tell = made, task, tell
        self._done = 0

    def fit(self, phase: str, samples: Samples) -> Any:
        """Return a fresh classifier, fitted; raises BadInputError where it refuses the rows."""
        self._tell(phase, self._done)
        model = clone(self._made)
        try:
            model.fit(samples.rows, samples.up.astype(np.int64))
        except (ValueError, TypeError) as error:
            raise BadInputError(
                f"{self._task.estimator} refuses the data: {error}"[:400],
                code="model.fit",
                pointer="/estimator",
                hint="try other options, or another classifier",
            ) from error
        self._done += 1
        self._tell(phase, self._done)
        return model

    def fold(self, phase: str, samples: Samples, fold: Fold) -> dict[str, Any]:
        """Return the scores of one fold, beside those of always saying "up"."""
        learnt, unseen = samples.take(fold.train), samples.take(fold.test)
        _check(learnt)
        found = scores(unseen.up, chances(self.fit(phase, learnt), unseen))
        return {
            "from": from_epoch_ms(int(unseen.times[0])).isoformat(),
            "until": from_epoch_ms(int(unseen.times[-1])).isoformat(),
            "learnt_rows": len(learnt),
            **found,
            "always_up": always_up(unseen.up, float(np.mean(learnt.up))),
        }

    def calibration(self, samples: Samples, gap: int) -> dict[str, Any]:
        """Return the curve from raw chances to probabilities, fitted on rows that the classifier in question had not seen."""
        if self._task.calibration == "none":
            return {"kind": "none"}
        raw, known = np.full(len(samples), np.nan), np.zeros(len(samples), np.bool_)
        for fold in Calendar(samples).purged(self._task.folds, gap):
            learnt = samples.take(fold.train)
            _check(learnt)
            raw[fold.test] = chances(self.fit("calibration", learnt), samples.take(fold.test))
            known[fold.test] = True
        return curve_of(self._task.calibration, raw[known], samples.up[known].astype(np.int64))


def curve_of(kind: str, raw: FloatArray, up: Any) -> dict[str, Any]:
    """Return the calibration of raw chances, (n,), to labels: Platt's sigmoid, or an isotonic curve. Sources: see `calibration`.

    A sigmoid never falls: a classifier that was wrong more often than not says the share of ups, and is not turned round.
    """
    if kind == "sigmoid":
        line = LogisticRegression(C=1e6).fit(raw.reshape(-1, 1), up)
        slope, shift = float(line.coef_[0, 0]), float(line.intercept_[0])
        share = float(np.mean(up))
        return {"kind": kind, "slope": slope, "shift": shift} if slope > 0 else _flat(kind, share)
    steps = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(raw, up)
    return {"kind": kind, "x": steps.X_thresholds_.tolist(), "y": steps.y_thresholds_.tolist()}


def _flat(kind: str, share: float) -> dict[str, Any]:
    return {"kind": kind, "slope": 0.0, "shift": math.log(share / (1.0 - share))}


def _check(samples: Samples) -> None:
    if len(samples) < LEAST_ROWS:
        raise _too_few(len(samples))
    if len(samples) > MOST_ROWS:
        raise BadInputError(
            f"{len(samples)} rows, {MOST_ROWS} are allowed",
            code="model.too_many_rows",
            pointer="/start",
            hint="take a later start, fewer symbols or a longer timeframe",
        )
    if len(np.unique(samples.up)) < 2:
        raise BadInputError(
            "all rows of a part have the same label", code="model.one_label", pointer="/label", hint="label otherwise"
        )


def _too_few(rows: int) -> BadInputError:
    return BadInputError(
        f"{rows} rows to learn from, at least {LEAST_ROWS} are needed in each part",
        code="model.too_few_rows",
        pointer="/start",
        hint="take an earlier start, fewer folds or a shorter timeframe",
    )


def _described(task: TrainingTask, frames: Mapping[str, Frame], everything: Samples) -> dict[str, Any]:
    return {
        **asdict(task),
        "symbols": list(task.symbols),
        "features": list(FEATURES),
        "rows": len(everything),
        "share_up": float(np.mean(everything.up)),
        "data_hash": joint_hash({symbol: frame.data_hash() for symbol, frame in frames.items()}),
        "seed": task.seed,
    }


def _spread(chance: FloatArray) -> dict[str, float]:
    """Return the quantiles of the chances given to rows it has not seen, so that thresholds can be chosen that are ever crossed."""
    return {f"p{round(share * 100):02d}": float(np.quantile(chance, share)) for share in (0.01, 0.1, 0.5, 0.9, 0.99)}
