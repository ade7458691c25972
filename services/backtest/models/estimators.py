"""Which classifiers may be trained: those of scikit-learn that give probabilities and can be made from plain options. Decides nothing about data."""

import json
import math
from collections.abc import Mapping
from typing import Any

from sklearn.base import ClassifierMixin
from sklearn.utils import all_estimators

from libs.common.errors import BadInputError

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "RandomForestClassifier": {"n_estimators": 100, "min_samples_leaf": 20},
    "ExtraTreesClassifier": {"n_estimators": 100, "min_samples_leaf": 20},
    "NuSVC": {"probability": True},
    "SGDClassifier": {"loss": "log_loss"},
    "SVC": {"probability": True},
}
"""Options where ours differ: a leaf of one noisy bar is memory and no probability; some give probabilities only when told to."""

_OURS = ("n_jobs", "random_state", "verbose")
_MOST_OPTIONS_BYTES = 4_096


def build(name: str, options: Mapping[str, Any], seed: int) -> Any:
    """Return a classifier, not fitted, on one thread and with a fixed seed.

    Raises BadInputError for a name or an option there is not, and for one that is ours to set.
    """
    known = {each: kind for each, kind in all_estimators(type_filter="classifier") if hasattr(kind, "predict_proba")}
    known |= {each: kind for each, kind in all_estimators(type_filter="classifier") if each in DEFAULTS}
    kind = known.get(name)
    if kind is None:
        raise BadInputError(
            f"there is no classifier {name[:60]!r} with predict_proba",
            code="model.estimator",
            pointer="/estimator",
            hint=f"such as {', '.join(each for each in sorted(known) if _stands_alone(known[each]))}"[:1_000],
        )
    _check_options(options)
    try:
        bare = kind(**{**DEFAULTS.get(name, {}), **options})
    except TypeError as error:
        raise BadInputError(
            f"{name} cannot be made: {error}"[:300], code="model.options", pointer="/options", hint="see scikit-learn"
        ) from None
    accepted = bare.get_params(deep=False)
    ours = {"n_jobs": 1, "random_state": seed}
    bare.set_params(**{option: value for option, value in ours.items() if option in accepted})
    if not isinstance(bare, ClassifierMixin) or not hasattr(bare, "predict_proba"):
        raise BadInputError(
            f"{name} gives no probabilities with these options", code="model.options", pointer="/options"
        )
    return bare


def _stands_alone(kind: type) -> bool:
    try:
        kind()
    except TypeError:
        return False
    return True


def _check_options(options: Mapping[str, Any]) -> None:
    for name, value in options.items():
        if name in _OURS:
            raise BadInputError(
                f"{name} is not yours to set", code="model.options", pointer=f"/options/{name}", hint="leave it out"
            )
        if not _is_plain(value):
            raise BadInputError(
                f"{name} is no number, text, true, false, null or list of numbers",
                code="model.options",
                pointer=f"/options/{name}"[:200],
            )
    if len(json.dumps(dict(options))) > _MOST_OPTIONS_BYTES:
        raise BadInputError("the options are too long", code="model.options", pointer="/options")


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(type(each) in (int, float) and math.isfinite(each) for each in value)
    return value is None or isinstance(value, str | bool) or (type(value) in (int, float) and math.isfinite(value))
