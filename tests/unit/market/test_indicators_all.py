"""The indicators beyond averages, RSI and ATR: TA-Lib's values, hand-worked ones, and the promises they share."""

import csv
import gzip
import json
from collections.abc import Callable

import numpy as np
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st
from talipp.indicators import ADX, OBV, VWAP, WMA, DonchianChannels
from talipp.ohlcv import OHLCVFactory

from libs.common.errors import BadInputError
from libs.market.frame import FloatArray, Frame
from libs.market.indicators import (
    adx,
    bollinger,
    change,
    directional,
    donchian,
    ema,
    highest,
    lowest,
    macd,
    obv,
    roc,
    rsi,
    sma,
    stochastic,
    vwap,
    wma,
)
from tests.unit.market.series import HOUR, flat, real_btc, reference, shared, walk

NAN = np.nan
EACH: dict[str, Callable[[Frame, int], tuple[FloatArray, ...]]] = {
    "wma": lambda frame, period: (wma(frame.close, period),),
    "roc": lambda frame, period: (roc(frame.close, period),),
    "change": lambda frame, period: (change(frame.close, period),),
    "highest": lambda frame, period: (highest(frame.close, period),),
    "lowest": lambda frame, period: (lowest(frame.close, period),),
    "bollinger": lambda frame, period: bollinger(frame.close, period),
    "donchian": lambda frame, period: donchian(frame.high, frame.low, period),
    "stochastic": lambda frame, period: stochastic(frame.high, frame.low, frame.close, period),
    "directional": lambda frame, period: directional(frame.high, frame.low, frame.close, period),
    "vwap": lambda frame, period: (vwap(frame.high, frame.low, frame.close, frame.volume, period),),
}
OF_VALUES: dict[str, Callable[[FloatArray], FloatArray]] = {
    "sma": lambda values: sma(values, 4),
    "wma": lambda values: wma(values, 4),
    "ema": lambda values: ema(values, 4),
    "rsi": lambda values: rsi(values, 4),
    "macd signal": lambda values: macd(values, 2, 4, 3)[1],
    "bollinger": lambda values: bollinger(values, 4)[0],
    "highest": lambda values: highest(values, 4),
}


def same(ours: FloatArray, theirs: FloatArray) -> None:
    assert np.array_equal(np.isnan(ours), np.isnan(theirs))
    warm = ~np.isnan(theirs)
    assert warm.any()
    assert np.allclose(ours[warm], theirs[warm], rtol=1e-9, atol=1e-9)


def check_against_talib(frame: Frame, period: int) -> None:
    high, low, close = frame.high, frame.low, frame.close
    same(wma(close, period), talib.WMA(close, period))
    same(roc(close, period), talib.ROC(close, period))
    same(change(close, period), talib.MOM(close, period))
    same(highest(close, period), talib.MAX(close, period))
    same(lowest(close, period), talib.MIN(close, period))
    upper, middle, lower = donchian(high, low, period)
    same(upper, talib.MAX(high, period))
    same(lower, talib.MIN(low, period))
    same(middle, (talib.MAX(high, period) + talib.MIN(low, period)) / 2)
    for ours, theirs in zip(bollinger(close, period, 2.5), talib.BBANDS(close, period, 2.5, 2.5), strict=True):
        same(ours, theirs)
    plus, minus, index = directional(high, low, close, period)
    same(plus, talib.PLUS_DI(high, low, close, period))
    same(minus, talib.MINUS_DI(high, low, close, period))
    same(index, talib.ADX(high, low, close, period))
    same(adx(high, low, close, period), index)
    k, d = stochastic(high, low, close, period, 3, 4)
    slow_k, slow_d = talib.STOCH(high, low, close, fastk_period=period, slowk_period=3, slowd_period=4)
    same(d, slow_d)
    same(np.where(np.isnan(d), NAN, k), slow_k)
    assert np.flatnonzero(~np.isnan(k))[0] == period + 1


@pytest.mark.parametrize("period", [2, 3, 14, 20, 200])
def test_indicators_on_a_walk_equal_talib(period: int) -> None:
    frame = walk(1_000)
    check_against_talib(frame, period)
    same(obv(frame.close, frame.volume), talib.OBV(frame.close, frame.volume))


def test_indicators_on_real_bars_equal_talib() -> None:
    frame = real_btc().tail(10_000)
    check_against_talib(frame, 14)
    same(obv(frame.close, frame.volume), talib.OBV(frame.close, frame.volume))


def test_indicators_on_a_walk_equal_talipp() -> None:
    frame = walk(200)
    bars = OHLCVFactory.from_dict(
        {name: getattr(frame, name).tolist() for name in ("open", "high", "low", "close", "volume")}
    )

    def column(values: object) -> FloatArray:
        return np.array([NAN if value is None else value for value in values], np.float64)  # type: ignore[attr-defined]

    same(wma(frame.close, 9), column(WMA(9, frame.close.tolist())))
    same(
        vwap(frame.high, frame.low, frame.close, frame.volume, 200)[199:],
        column(VWAP(bars))[199:],
    )
    theirs = column([None if one is None else one.ub for one in DonchianChannels(20, bars)])
    same(donchian(frame.high, frame.low)[0], theirs)
    found = column([None if one is None else one.adx for one in ADX(14, 14, bars)])
    assert np.allclose(adx(frame.high, frame.low, frame.close)[-1], found[-1], rtol=0.05)
    assert np.allclose(np.diff(obv(frame.close, frame.volume)), np.diff(column(OBV(bars))), rtol=1e-9, atol=1e-9)


def test_indicators_on_reference_quotes_equal_reference_values() -> None:
    with shared("indicators/quotes.csv").open() as file:
        rows = list(csv.DictReader(file))
    high, low, close, volume = (
        np.array([float(row[name]) for row in rows]) for name in ("high", "low", "close", "volume")
    )
    same(wma(close, 14), reference("wma", "wma"))
    for ours, column in zip(bollinger(close), ("upperBand", "sma", "lowerBand"), strict=True):
        same(ours, reference("bb", column))
    for ours, column in zip(stochastic(high, low, close), ("oscillator", "signal"), strict=True):
        same(ours, reference("stoch", column))
    found = obv(close, volume)
    same(found - found[0], reference("obv", "obv"))
    totals = reference("vwap", "vwap")
    for bars in (1, 20, 502):
        ours = vwap(high[:bars], low[:bars], close[:bars], volume[:bars], bars)
        assert ours[-1] == pytest.approx(totals[bars - 1], rel=1e-9)
    lookback = int(np.flatnonzero(~np.isnan(reference("roc", "roc")))[0])
    same(roc(close, lookback), reference("roc", "roc"))
    assert len(json.loads(gzip.decompress(shared("indicators/roc.json.gz").read_bytes()))) == len(close)


def test_wma_worked_by_hand_weighs_the_newest_most() -> None:
    assert wma(np.array([1.0, 2.0, 6.0]), 3)[2] == (1 * 1 + 2 * 2 + 3 * 6) / 6


def test_bollinger_worked_by_hand_uses_the_population_deviation() -> None:
    upper, middle, lower = bollinger(np.array([2.0, 4.0, 4.0, 6.0]), 4, 1.0)
    assert (upper[3], middle[3], lower[3]) == (4 + np.sqrt(2), 4.0, 4 - np.sqrt(2))


def test_bollinger_of_a_large_price_that_hardly_moves_does_not_cancel() -> None:
    close = 1e9 + np.array([0.0, 1e-3, 2e-3, 3e-3] * 10)
    upper, middle, _ = bollinger(close, 4, 1.0)
    assert (upper - middle)[20] == pytest.approx(np.std(close[17:21] - 1e9), rel=1e-3)


def test_roc_and_change_worked_by_hand() -> None:
    values = np.array([10.0, 12.0, 9.0])
    assert roc(values, 1)[1:].tolist() == pytest.approx([20.0, -25.0])
    assert change(values, 2)[2] == -1.0
    assert np.isnan(roc(np.array([0.0, 5.0]), 1)[1])


def test_obv_worked_by_hand_starts_at_the_first_volume() -> None:
    close, volume = np.array([10.0, 11.0, 11.0, 9.0]), np.array([5.0, 3.0, 4.0, 1.0])
    assert obv(close, volume).tolist() == [5.0, 8.0, 8.0, 7.0]


def test_vwap_worked_by_hand_weighs_typical_prices_and_is_nan_without_volume() -> None:
    price, volume = np.array([9.0, 12.0, 15.0, 6.0]), np.array([1.0, 2.0, 0.0, 0.0])
    found = vwap(price, price, price, volume, 2)
    assert found[1:3].tolist() == [11.0, 12.0]
    assert np.isnan(found[[0, 3]]).all()


def test_stochastic_worked_by_hand_and_nan_where_prices_stood_still() -> None:
    high, low, close = np.array([10.0, 12.0]), np.array([8.0, 9.0]), np.array([9.0, 11.0])
    assert stochastic(high, low, close, 2, 1, 1)[0][1] == 75.0
    still = flat([5.0] * 30)
    assert np.isnan(stochastic(still.high, still.low, still.close)[0]).all()


def test_adx_of_a_straight_rise_is_100_and_of_a_still_price_0() -> None:
    rising = flat([100.0 + step for step in range(40)])
    plus, minus, index = directional(rising.high, rising.low, rising.close, 5)
    assert index[-1] == 100.0
    assert plus[-1] > 0
    assert minus[-1] == 0.0
    still = flat([5.0] * 40)
    assert adx(still.high, still.low, still.close, 5)[-1] == 0.0


@pytest.mark.parametrize("name", OF_VALUES)
def test_missing_value_ends_one_series_and_starts_the_next(name: str) -> None:
    first, second = walk(30, seed=4).close, walk(40, seed=5).close
    found = OF_VALUES[name](np.concatenate(([NAN, NAN], first, [NAN], second)))
    assert found[2:32].tobytes() == OF_VALUES[name](first).tobytes()
    assert found[33:].tobytes() == OF_VALUES[name](second).tobytes()
    assert np.isnan(found[[0, 1, 32]]).all()


def test_series_of_a_single_value_between_missing_ones_is_a_series() -> None:
    values = np.array([1.0, NAN, 2.0, NAN, NAN, 3.0])
    assert np.array_equal(ema(values, 1), values, equal_nan=True)


@pytest.mark.parametrize("name", EACH)
def test_indicator_of_too_few_bars_is_all_nan(name: str) -> None:
    for bars in (0, 1, 5, 9):
        for column in EACH[name](walk(bars), 10):
            assert len(column) == bars
            assert np.isnan(column).all()


@pytest.mark.parametrize("period", [0, -14, 14.5, "14", None, True, float("nan")])
def test_indicator_with_a_bad_period_is_refused(period: int) -> None:
    for indicator in EACH.values():
        with pytest.raises(BadInputError):
            indicator(walk(50), period)


@pytest.mark.parametrize("deviations", [0, -1, float("nan"), float("inf"), "2", None, True])
def test_bollinger_with_bad_deviations_is_refused(deviations: float) -> None:
    with pytest.raises(BadInputError):
        bollinger(walk(50).close, 20, deviations)


@pytest.mark.parametrize("name", EACH)
@settings(max_examples=10, deadline=None)
@given(st.integers(0, 120), st.integers(2, 12), st.integers(0, 5))
def test_indicator_of_a_prefix_equals_the_full_run_bit_for_bit(name: str, cut: int, period: int, seed: int) -> None:
    frame = walk(120, seed)
    prefix = frame.until(int(frame.ts[0]) + HOUR * (cut - 1))
    for part, whole in zip(EACH[name](prefix, period), EACH[name](frame, period), strict=True):
        assert part.tobytes() == whole[:cut].tobytes()


@pytest.mark.parametrize("name", [name for name in EACH if name != "directional"])
def test_window_depends_on_its_own_values_alone_wherever_the_series_starts(name: str) -> None:
    frame = walk(300)
    for whole, tail in zip(EACH[name](frame, 20), EACH[name](frame.tail(150), 20), strict=True):
        assert whole[-100:].tobytes() == tail[-100:].tobytes()
