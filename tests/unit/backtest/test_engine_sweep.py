"""A sweep says of each candidate what its own backtest says."""

import numpy as np
import pytest

from libs.common.values import Timeframe
from services.backtest.core.curve import curve_of
from services.backtest.core.engine import Terms, run
from services.backtest.core.engine_sweep import SWEEP_METRICS, sweep_actions, sweep_crossings
from services.backtest.core.metrics import measure
from tests.unit.backtest.builders import frame_of, walk

PERIODS = 8_760


def own_metrics(actions, frame, terms, **modes):
    result = run(actions, frame, terms, **modes)
    values = measure(curve_of("X", frame, result, terms.initial_capital), Timeframe.H1, "crypto").values
    return [np.nan if values[name] is None else values[name] for name in SWEEP_METRICS]


@pytest.mark.parametrize("allow_short", [False, True])
def test_sweep_of_actions_equals_their_own_backtests(allow_short):
    frame, terms = walk(200, step=0.02), Terms(stop_loss=0.05)
    block = np.random.default_rng(1).integers(-1, 2, (20, 200)).astype(np.int8)
    block[0], block[1] = 0, 1
    found = sweep_actions(block, frame, terms, PERIODS, position_mode=True, allow_short=allow_short)
    want = [own_metrics(row, frame, terms, position_mode=True, allow_short=allow_short) for row in block]
    np.testing.assert_allclose(found, want, rtol=1e-9, atol=1e-12, equal_nan=True)


def test_sweep_of_a_ruined_run_equals_its_own_backtest():
    frame, terms = frame_of([100, 100, 150, 250, 300, 90]), Terms()
    actions = np.array([-1, 0, 0, 0, 0, 0], np.int8)
    found = sweep_actions(actions[None], frame, terms, PERIODS, position_mode=False, allow_short=True)
    assert found[0, 0] == -1
    want = own_metrics(actions, frame, terms, position_mode=False, allow_short=True)
    np.testing.assert_allclose(found[0], want, rtol=1e-9, equal_nan=True)


def test_sweep_of_crossings_buys_above_and_sells_below():
    nan = np.nan
    lines = np.array([[nan, 1, 3, 3, 1, 1, 3], [nan, nan, 2, 2, 2, 2, 2.0]])
    frame, terms = walk(7, step=0.05), Terms()
    # the first warm bar is no cross; the bar before a cross must be warm too
    actions = np.array([0, 0, 0, 0, -1, 0, 1], np.int8)
    mirrored = np.array([0, 0, 0, 0, 1, 0, -1], np.int8)
    found = sweep_crossings(lines, np.array([[0, 1], [1, 0]]), frame, terms, PERIODS)
    np.testing.assert_allclose(found[0], own_metrics(actions, frame, terms, position_mode=False), equal_nan=True)
    np.testing.assert_allclose(found[1], own_metrics(mirrored, frame, terms, position_mode=False), equal_nan=True)


def test_sweep_refuses_what_does_not_fit():
    frame = walk(5)
    with pytest.raises(ValueError, match="4 values for 5 bars"):
        sweep_actions(np.zeros((2, 4), np.int8), frame, Terms(), PERIODS, position_mode=False)
    with pytest.raises(ValueError, match="a pair names no line"):
        sweep_crossings(np.zeros((2, 5)), np.array([[0, 2]]), frame, Terms(), PERIODS)
