"""Scores by hand, beside who always says "up", and calibrations that only tell what they were fitted on."""

import math

import numpy as np
import pytest

from libs.strategy.sandbox.calibration import calibrated, is_calibration
from services.backtest.models.scores import always_up, scores

UP = np.array([1, 1, 0, 0], np.int8)


def test_scores_of_four_chances_are_those_worked_out_by_hand() -> None:
    found = scores(UP, np.array([0.8, 0.4, 0.3, 0.1]))
    assert found["rows"] == 4
    assert found["accuracy"] == 0.75
    assert found["balanced_accuracy"] == 0.75
    assert found["brier"] == pytest.approx((0.04 + 0.36 + 0.09 + 0.01) / 4)
    assert found["log_loss"] == pytest.approx(-sum(map(math.log, (0.8, 0.4, 0.7, 0.9))) / 4)


def test_scores_where_one_label_is_absent_have_no_balanced_accuracy() -> None:
    assert scores(UP[:2], np.array([0.8, 0.4]))["balanced_accuracy"] is None


def test_scores_of_a_certain_mistake_are_finite() -> None:
    assert scores(UP[:1], np.array([0.0]))["log_loss"] == pytest.approx(-math.log(1e-15))


def test_always_up_is_right_as_often_as_it_goes_up() -> None:
    found = always_up(np.array([1, 1, 1, 0], np.int8), 0.5)
    assert (found["accuracy"], found["balanced_accuracy"], found["brier"]) == (0.75, 0.5, 0.25)


def test_calibrations_map_raw_chances() -> None:
    raw = np.array([0.0, 0.3, 0.5, 1.0])
    assert calibrated({"kind": "none"}, raw) is raw
    assert calibrated({"kind": "sigmoid", "slope": 2.0, "shift": -1.0}, raw)[2] == 0.5
    curve = {"kind": "isotonic", "x": [0.2, 0.4], "y": [0.1, 0.3]}
    assert calibrated(curve, raw).tolist() == pytest.approx([0.1, 0.2, 0.3, 0.3])


@pytest.mark.parametrize(
    "told",
    [
        None,
        {"kind": "magic"},
        {"kind": "sigmoid", "slope": "1", "shift": 0},
        {"kind": "isotonic", "x": [0.1], "y": [0.1, 0.2]},
        {"kind": "isotonic", "x": [0.2, 0.1], "y": [0.1, 0.2]},
        {"kind": "isotonic", "x": [0.1, 0.2], "y": [0.2, 0.1]},
        {"kind": "isotonic", "x": [0.1], "y": [1.5]},
        {"kind": "isotonic", "x": [], "y": []},
        {"kind": "sigmoid", "slope": True, "shift": 0.0},
    ],
)
def test_calibration_of_another_shape_is_none(told: object) -> None:
    assert not is_calibration(told)
