"""Labels and folds: what "up" means, and that no label of a training row reaches into what is tested."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.market.frame import Frame
from services.backtest.models.folds import Calendar, Fold
from services.backtest.models.samples import Samples, labels_of, samples_of
from services.backtest.models.task import Labelling
from tests.support.swings import swinging

BARRIER = Labelling("triple_barrier", horizon=3, take_profit=0.1, stop_loss=0.1)


def bars(*rows: tuple[float, float, float, float]) -> Frame:
    opened, high, low, close = (list(column) for column in zip(*rows, strict=True))
    return Frame.of(3_600_000 * np.arange(len(rows)), opened, high, low, close, np.ones(len(rows)))


def flat(high: float = 101.0, low: float = 99.0, close: float = 100.0) -> tuple[float, float, float, float]:
    return (100.0, high, low, close)


def test_next_bar_up_compares_closes_and_leaves_the_last_bar_without_a_label() -> None:
    up, until = labels_of(bars(flat(), flat(close=100.5), flat(close=100.5)), Labelling())
    assert up.tolist() == [1, 0, -1]
    assert until.tolist()[:2] == [1, 2]


@pytest.mark.parametrize(
    ("later", "wanted", "reached"),
    [
        ([flat(), flat(high=111), flat()], 1, 2),
        ([flat(), flat(low=89), flat(high=111)], 0, 2),
        ([flat(high=111, low=89), flat(), flat()], 0, 1),
        ([flat(), flat(), flat(close=100.5)], 1, 3),
        ([flat(), flat(), flat(close=99.5)], 0, 3),
        ([flat(), flat(), flat()], 0, 3),
        ([flat(), flat(), flat(), flat(high=111)], 0, 3),
    ],
)
def test_triple_barrier_takes_what_is_touched_first_and_the_stop_of_a_bar_that_touches_both(
    later: list[tuple[float, float, float, float]], wanted: int, reached: int
) -> None:
    up, until = labels_of(bars(flat(), *later), BARRIER)
    assert (up[0], until[0]) == (wanted, reached)


def test_triple_barrier_without_enough_bars_gives_no_label_unless_a_barrier_was_touched() -> None:
    up, _ = labels_of(bars(flat(), flat(), flat(high=111)), BARRIER)
    assert up.tolist() == [1, 1, -1]
    up, _ = labels_of(bars(flat(), flat(), flat()), BARRIER)
    assert up.tolist() == [-1, -1, -1]


def test_samples_of_two_symbols_are_in_order_of_time_and_whole() -> None:
    frames = {"B": swinging(100, 1), "A": swinging(80, 2)}
    found = samples_of(frames, Labelling())
    assert (np.diff(found.times) >= 0).all()
    assert len(found) == (100 - 34) + (80 - 34)
    assert np.isfinite(found.rows).all()
    assert set(found.up.tolist()) == {0, 1}


made = st.builds(
    lambda bars, horizon, seed: (bars, horizon, seed), st.integers(60, 400), st.integers(1, 30), st.integers(0, 99)
)


def drawn(bars: int, horizon: int, seed: int) -> Samples:
    """Rows of two symbols with labels of different lengths and holes in time."""
    random = np.random.default_rng(seed)
    times = np.sort(random.choice(3 * bars, 2 * bars))
    ends = times + random.integers(1, horizon + 1, len(times))
    return Samples(np.zeros((len(times), 1)), np.zeros(len(times), np.int8), times, ends)


def assert_apart(samples: Samples, fold: Fold) -> None:
    """No label of a training row may have read a bar at or after the first one tested and at or before the last bar a tested label read."""
    train, test = samples.take(fold.train), samples.take(fold.test)
    if not len(train) or not len(test):
        return
    before = train.ends < test.times.min()
    after = train.times > test.ends.max()
    assert (before | after).all()


@settings(max_examples=60, deadline=None)
@given(case=made, folds=st.integers(2, 8), gap=st.integers(0, 20))
def test_folds_never_let_a_training_label_reach_into_the_test(case: tuple[int, int, int], folds: int, gap: int) -> None:
    samples = drawn(*case)
    calendar = Calendar(samples)
    forward = list(calendar.walk_forward(folds, gap))
    for fold in [calendar.split(0.8, gap), *forward, *calendar.purged(folds, gap)]:
        assert_apart(samples, fold)
    for fold in forward:
        if len(fold.train) and len(fold.test):
            assert samples.times[fold.train].max() < samples.times[fold.test].min()


def test_folds_test_every_row_once_and_leave_the_embargo_out() -> None:
    samples = samples_of({"A": swinging(400)}, Labelling())
    calendar = Calendar(samples)
    tested = np.concatenate([fold.test for fold in calendar.purged(5, 7)])
    assert sorted(tested.tolist()) == list(range(len(samples)))
    halves = calendar.split(0.8, 7)
    assert halves.test[0] - halves.train[-1] == 7 + 2
    second = list(calendar.purged(5, 7))[1]
    assert second.train[second.train > second.test[-1]].min() - second.test[-1] == 7 + 2


def test_embargo_is_the_larger_of_horizon_and_a_hundredth_unless_asked_for() -> None:
    calendar = Calendar(samples_of({"A": swinging(434)}, Labelling()))
    assert calendar.bars == 400
    assert (calendar.embargo(None, 1), calendar.embargo(None, 9), calendar.embargo(0, 9)) == (4, 9, 0)
