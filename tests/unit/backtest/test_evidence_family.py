"""Trials of a family, folds and the holdout."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from services.backtest.core.engine import Terms
from services.backtest.core.evidence.holdout import fix, held_out, looked, visible, visible_end
from services.backtest.core.evidence.trials import Identity, distinct, matrix, others, returns_in, times_in, trial_of
from services.backtest.core.evidence.walkforward import Fold, gap_of, split, walk_forward
from services.backtest.core.values import Undefined
from tests.unit.backtest.builders import HOUR_MS, START_MS
from tests.unit.backtest.evidence_strategies import bars

AT = datetime(2024, 5, 1, tzinfo=UTC)


def times(count, start=0):
    return START_MS + HOUR_MS * np.arange(start, start + count, dtype=np.int64)


def trial(signal, returns, axis=None):
    identity = Identity("fam-a", f"code-{signal}", signal, Terms(), AT)
    returns = np.asarray(returns, np.float64)
    return trial_of(identity, times(len(returns)) if axis is None else axis, returns)


def noise(count, seed):
    return np.random.default_rng(seed).normal(0, 0.01, count)


def test_trial_gives_back_its_times_exactly_and_its_returns_to_seven_digits():
    axis = np.delete(times(500), [3, 77, 78])
    found = trial("a", noise(497, 1), axis)
    assert np.array_equal(times_in(found), axis)
    assert returns_in(found) == pytest.approx(noise(497, 1), rel=1e-7)
    assert (found.start_ms, found.end_ms, found.bars) == (int(axis[0]), int(axis[-1]), 497)
    assert len(found.returns) == 4 * 497
    assert len(found.steps) < 200


def test_trial_of_returns_without_spread_has_no_ratio():
    assert trial("a", np.zeros(10)).sharpe is None
    assert trial("a", noise(10, 1)).sharpe == pytest.approx(noise(10, 1).mean() / noise(10, 1).std(ddof=1))


def test_trials_with_the_same_signals_are_one_try():
    family = [trial(name, noise(50, 1)) for name in "abacb"]
    assert [each.signal_hash for each in distinct(family)] == ["a", "b", "c"]
    assert [each.signal_hash for each in others(family, "b")] == ["a", "c"]


def test_trials_at_other_terms_have_another_terms_hash():
    one, other = Terms(), Terms(fee=0.002)
    hashes = {
        trial_of(Identity("f", "c", "s", terms, AT), times(9), noise(9, 1)).terms_hash for terms in (one, other, one)
    }
    assert len(hashes) == 2


def test_matrix_lines_up_tries_on_the_bars_all_of_them_saw():
    own = trial("own", np.arange(100.0))
    late = trial("late", np.arange(10.0, 110.0), times(100, 10))
    short = trial("short", noise(70, 1), times(70))
    gone = trial("gone", noise(100, 2), times(100, 200))
    found = matrix(own, [late, short, own, gone, late])
    assert found.shape == (90, 2)
    assert np.array_equal(found[:, 0], np.arange(10.0, 100.0))
    assert np.array_equal(found[:, 1], np.arange(10.0, 100.0))


@pytest.mark.parametrize("kind", ["rolling", "anchored"])
@pytest.mark.parametrize(("count", "folds", "gap"), [(600, 5, 0), (601, 5, 30), (2_160, 8, 100), (30, 2, 3)])
def test_folds_never_touch_and_leave_the_gap_out(kind, count, folds, gap):
    found = split(count, folds, gap, kind)
    assert len(found) == folds
    assert found[-1].test_stop == count
    for fold in found:
        assert 0 <= fold.train_start < fold.train_stop
        assert fold.train_stop + gap == fold.test_start < fold.test_stop
    for before, after in pairwise(found):
        assert before.test_stop == after.test_start
        assert before.test_stop - before.test_start == after.test_stop - after.test_start
        assert after.train_start > before.train_start if kind == "rolling" else after.train_start == 0


def test_folds_of_known_length_are_where_a_person_would_put_them():
    assert split(60, 2, 6, "rolling") == (Fold(0, 18, 24, 42), Fold(18, 36, 42, 60))
    assert gap_of(200, 5) == 205


def test_folds_of_too_few_bars_are_undefined():
    assert isinstance(split(20, 5, 15, "rolling"), Undefined)
    assert isinstance(walk_forward(np.zeros((10, 1)), 8), Undefined)


def test_walk_forward_of_a_steady_earner_has_efficiency_one_and_of_noise_chooses_the_best_in_training():
    wave = np.tile([0.02, -0.01], 300)[:, None]
    steady = walk_forward(wave, 0)
    assert steady.efficiency == pytest.approx(1.0)
    assert steady.positive_folds == 5
    assert steady.test_return == pytest.approx((1.02 * 0.99) ** 250 - 1)
    tries = np.column_stack([noise(600, seed) for seed in range(20)])
    found = walk_forward(tries, 10, "anchored")
    for result in found.folds:
        part = tries[result.fold.train_start : result.fold.train_stop]
        assert result.chosen == np.argmax(part.mean(axis=0) / part.std(axis=0, ddof=1))
        assert result.test_return == pytest.approx(
            np.prod(1 + tries[result.fold.test_start : result.fold.test_stop, result.chosen]) - 1
        )


def test_walk_forward_of_training_that_lost_has_no_efficiency():
    found = walk_forward(-np.tile([0.02, -0.01], 300)[:, None], 0)
    assert isinstance(found.efficiency, Undefined)


def test_holdout_keeps_the_last_fifth_of_the_first_proposals_bars_back():
    frame = bars(100)
    kept = fix("fam-a", frame.ts, AT)
    assert kept.boundary_ms == frame.ts[80]
    assert len(visible(kept, frame)) == 80
    assert visible_end(kept, None) == kept.boundary_ms
    assert visible_end(kept, AT + timedelta(days=9_000)) == kept.boundary_ms
    assert visible_end(kept, datetime(2020, 1, 1, tzinfo=UTC)) < kept.boundary_ms


def test_holdout_is_seen_by_the_first_look_past_the_boundary_and_stays_seen():
    kept = fix("fam-a", times(100), AT)
    assert looked(kept, kept.boundary_ms - HOUR_MS, AT) == kept
    seen = looked(kept, kept.boundary_ms, AT)
    assert seen.seen_at == AT
    assert looked(seen, kept.boundary_ms + HOUR_MS, AT + timedelta(days=1)) == seen


def test_holdout_shows_both_sides_of_the_boundary():
    kept = fix("fam-a", times(10), AT)
    equity = np.array([100, 110, 120, 110, 100, 110, 120, 150, 135, 120], np.float64)
    exits = times(10)[[2, 8, 9]]
    found = held_out(kept, times(10), equity, 100.0, np.append(exits, -1))
    assert (found.bars_before, found.bars_after, found.closed_after) == (8, 2, 2)
    assert found.return_before == pytest.approx(0.5)
    assert found.return_after == pytest.approx(-0.2)


def test_holdout_of_a_run_on_one_side_only_is_not_examined():
    kept = fix("fam-a", times(10), AT)
    assert held_out(kept, times(8), np.ones(8), 1.0, np.empty(0, np.int64)) is None
    assert held_out(kept, times(5, 8), np.ones(5), 1.0, np.empty(0, np.int64)) is None
