"""The features of models: golden rows, no look into the future, no filled gaps, equal for prices of any size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.errors import BadInputError
from libs.market.features import FEATURES, WARM_UP, features, matrix, whole_rows
from libs.market.frame import Frame
from tests.support.swings import swinging


def ramp(bars: int = 60) -> Frame:
    close = 100.0 + np.arange(bars)
    return Frame.of(3_600_000 * np.arange(bars), close - 0.5, close + 1, close - 1, close, np.arange(1.0, bars + 1))


def scaled(frame: Frame, price: float, volume: float) -> Frame:
    columns = (getattr(frame, name) * price for name in ("open", "high", "low", "close"))
    return Frame.of(frame.ts, *columns, frame.volume * volume)


def test_features_of_a_straight_rise_are_those_worked_out_by_hand() -> None:
    row = dict(zip(FEATURES, matrix(ramp())[40], strict=True))
    changes = np.array([1 / close for close in range(120, 140)])
    wanted = {
        "change_1": 140 / 139 - 1,
        "change_5": 140 / 135 - 1,
        "change_20": 140 / 120 - 1,
        "rsi_14": 1.0,
        "close_to_ema_12": 140 / (140 - 11 / 2) - 1,
        "close_to_ema_26": 140 / (140 - 25 / 2) - 1,
        "macd_to_close": 7 / 140,
        "macd_signal_to_close": 7 / 140,
        "volatility_20": np.sqrt(np.mean((changes - changes.mean()) ** 2)),
        "range_14": 2 / 140,
        "volume_ratio_20": 41 / np.mean(np.arange(22, 42)),
    }
    assert row == pytest.approx(wanted, rel=1e-9)


def test_features_warm_up_at_once_and_are_never_filled_in() -> None:
    rows = matrix(swinging(120))
    assert np.flatnonzero(whole_rows(rows)).tolist() == list(range(WARM_UP, 120))
    assert np.isnan(rows[:WARM_UP]).any(axis=1).all()


def test_features_of_bars_without_volume_leave_the_row_incomplete() -> None:
    frame = swinging(120)
    empty = Frame.of(frame.ts, frame.open, frame.high, frame.low, frame.close, np.zeros(120))
    assert not whole_rows(matrix(empty)).any()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1_000), cut=st.integers(1, 149))
def test_features_of_a_prefix_are_the_prefix_of_the_features_to_the_last_bit(seed: int, cut: int) -> None:
    frame = swinging(150, seed)
    assert matrix(frame.until(int(frame.ts[cut - 1]))).tobytes() == matrix(frame)[:cut].tobytes()


def test_features_do_not_know_how_large_prices_and_volumes_are() -> None:
    frame = swinging(150)
    np.testing.assert_allclose(matrix(scaled(frame, 1_000.0, 50.0)), matrix(frame), rtol=1e-6, atol=1e-9)


def test_matrix_of_some_names_has_them_in_their_order() -> None:
    frame = swinging(60)
    some = matrix(frame, ("rsi_14", "change_1"))
    assert np.array_equal(some[:, 1], features(frame)["change_1"], equal_nan=True)
    with pytest.raises(BadInputError, match="tomorrow") as caught:
        matrix(frame, ("tomorrow",))
    assert caught.value.code == "model.feature"


def test_matrix_of_no_bars_is_empty() -> None:
    assert matrix(Frame.empty()).shape == (0, len(FEATURES))
