from collections.abc import Callable

import numpy as np
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.errors import BadInputError
from libs.market.frame import FloatArray, Frame
from libs.market.indicators import atr, ema, macd, rsi, sma
from tests.unit.market.series import flat, real_btc, reference, reference_quotes, walk

Indicator = Callable[[Frame, int], FloatArray]

EACH: dict[str, Indicator] = {
    "sma": lambda frame, period: sma(frame.close, period),
    "ema": lambda frame, period: ema(frame.close, period),
    "rsi": lambda frame, period: rsi(frame.close, period),
    "atr": lambda frame, period: atr(frame.high, frame.low, frame.close, period),
    "macd line": lambda frame, period: macd(frame.close, period, 2 * period, 5)[0],
    "macd signal": lambda frame, period: macd(frame.close, period, 2 * period, 5)[1],
    "macd histogram": lambda frame, period: macd(frame.close, period, 2 * period, 5)[2],
}


def same(ours: FloatArray, theirs: FloatArray) -> None:
    assert np.array_equal(np.isnan(ours), np.isnan(theirs))
    warm = ~np.isnan(theirs)
    assert warm.any()
    assert np.allclose(ours[warm], theirs[warm], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("period", [2, 14, 20, 200])
def test_indicators_on_a_walk_equal_talib(period: int) -> None:
    frame = walk(1_000)
    same(sma(frame.close, period), talib.SMA(frame.close, period))
    same(ema(frame.close, period), talib.EMA(frame.close, period))
    same(rsi(frame.close, period), talib.RSI(frame.close, period))
    same(atr(frame.high, frame.low, frame.close, period), talib.ATR(frame.high, frame.low, frame.close, period))


@pytest.mark.parametrize(("fast", "slow", "signal"), [(12, 26, 9), (2, 3, 2), (5, 35, 5)])
def test_macd_on_a_walk_equals_talib_from_its_first_value(fast: int, slow: int, signal: int) -> None:
    close = walk(1_000).close
    line, signal_line, histogram = macd(close, fast, slow, signal)
    theirs = talib.MACD(close, fast, slow, signal)
    same(signal_line, theirs[1])
    same(histogram, theirs[2])
    same(np.where(np.isnan(signal_line), np.nan, line), theirs[0])
    assert np.flatnonzero(~np.isnan(line))[0] == slow - 1


def test_indicators_on_real_bars_equal_talib() -> None:
    frame = real_btc()
    same(rsi(frame.close), talib.RSI(frame.close, 14))
    same(ema(frame.close, 20), talib.EMA(frame.close, 20))
    same(atr(frame.high, frame.low, frame.close), talib.ATR(frame.high, frame.low, frame.close, 14))


def test_indicators_on_reference_quotes_equal_reference_values() -> None:
    quotes = reference_quotes()
    same(sma(quotes["close"], 20), reference("sma", "sma"))
    same(ema(quotes["close"], 20), reference("ema", "ema"))
    same(rsi(quotes["close"], 14), reference("rsi", "rsi"))
    same(atr(quotes["high"], quotes["low"], quotes["close"], 14), reference("atr", "atr"))
    for ours, column in zip(macd(quotes["close"]), ("macd", "signal", "histogram"), strict=True):
        # The reference seeds its fast average 14 bars earlier than TA-Lib; the difference is below 1e-9 after 200 bars.
        assert np.allclose(ours[250:], reference("macd", column)[250:], rtol=0, atol=1e-9)


def test_sma_worked_by_hand_is_the_mean_of_the_window() -> None:
    assert sma(np.array([1.0, 2.0, 6.0, 9.0]), 3)[2:].tolist() == [3.0, 17 / 3]


def test_ema_worked_by_hand_starts_from_the_mean() -> None:
    # k = 2 / (3 + 1); mean of 1, 2, 6 = 3; (9 - 3) / 2 + 3 = 6; (2 - 6) / 2 + 6 = 4
    assert ema(np.array([1.0, 2.0, 6.0, 9.0, 2.0]), 3)[2:].tolist() == [3.0, 6.0, 4.0]


def test_rsi_worked_by_hand_uses_wilders_averages() -> None:
    # changes +2 -1 +3: gain 1, loss 0.5 -> 66.67; then gain (1 + 3) / 2 = 2, loss 0.25 -> 100 * 2 / 2.25
    found = rsi(np.array([10.0, 12.0, 11.0, 14.0]), 2)
    assert found[2:].tolist() == pytest.approx([100 * 1 / 1.5, 100 * 2 / 2.25])


def test_rsi_of_a_rising_price_is_100_and_of_a_falling_one_0() -> None:
    rising = np.arange(1.0, 30.0)
    assert set(rsi(rising)[14:]) == {100.0}
    assert set(rsi(rising[::-1].copy())[14:]) == {0.0}


def test_rsi_of_a_price_that_never_moved_is_nan() -> None:
    found = rsi(flat([5.0] * 30 + [6.0, 6.0]).close)
    assert np.isnan(found[:30]).all()
    assert found[30:].tolist() == [100.0, 100.0]


def test_atr_worked_by_hand_counts_gaps_between_bars() -> None:
    high, low, close = np.array([10.0, 15.0, 14.0]), np.array([9.0, 14.0, 10.0]), np.array([9.5, 14.5, 11.0])
    # true ranges: 15 - 9.5 = 5.5, then 14.5 - 10 = 4.5
    assert atr(high, low, close, 2)[2] == 5.0


@pytest.mark.parametrize("name", EACH)
def test_indicator_of_too_few_bars_is_all_nan(name: str) -> None:
    for bars in (0, 1, 5, 9):
        found = EACH[name](walk(bars), 10)
        assert len(found) == bars
        assert np.isnan(found).all()


@pytest.mark.parametrize("period", [0, -14, 14.5, "14", None, True, float("nan")])
def test_indicator_with_a_bad_period_is_refused(period: object) -> None:
    close = walk(50).close
    for indicator in (sma, ema, rsi, macd):
        with pytest.raises(BadInputError):
            indicator(close, period)  # type: ignore[arg-type]
    with pytest.raises(BadInputError):
        atr(close, close, close, period)  # type: ignore[arg-type]


def test_macd_with_fast_not_below_slow_is_refused() -> None:
    with pytest.raises(BadInputError):
        macd(walk(50).close, 26, 26, 9)


@pytest.mark.parametrize("name", EACH)
@settings(max_examples=15, deadline=None)
@given(st.integers(0, 120), st.integers(2, 12), st.integers(0, 5))
def test_indicator_of_a_prefix_equals_the_full_run_bit_for_bit(name: str, cut: int, period: int, seed: int) -> None:
    frame = walk(120, seed)
    whole = EACH[name](frame, period)
    prefix = EACH[name](frame.until(int(frame.ts[0]) + 3_600_000 * (cut - 1)), period)
    assert len(prefix) == cut
    assert prefix.tobytes() == whole[:cut].tobytes()
