"""Every metric by golden vectors, hand-worked numbers and the cases in which it does not exist."""

import math

import numpy as np
import pytest

from libs.common.values import Timeframe
from services.backtest.core.engine import Terms
from services.backtest.core.metrics import measure
from services.backtest.core.periods import bars_per_year, market_of
from services.backtest.core.returns_metrics import risk
from services.backtest.core.trade_metrics import profit_metrics
from services.backtest.core.values import Undefined, collect
from tests.unit.backtest.builders import HOUR_MS, START_MS, curve, frame_of, walk

RETURNS = [0.01, -0.02, 0.03, -0.01, 0.02, 0, 0.015, -0.005, 0.007, -0.012]
GOLDEN = {
    "sharpe": 4.2570655997798101,
    "sharpe_bar": 4.2570655997798101,
    "sortino": 8.175257066395175,
    "cagr": 2.438655129840833,
    "volatility": 0.30008933854955777,
    "max_drawdown": -0.02,
    "calmar": 121.9327564920416,
    "omega": 1.74468085106383,
    "tail_ratio": 1.5548780487804873,
    "ulcer_index": 0.008621678104251731,
    "psr": 0.7509001153302519,
    "value_at_risk_95": -0.0164,
    "cvar_95": -0.02,
}
DAY_MS = 24 * HOUR_MS


def risk_of(returns, step_ms=DAY_MS, periods=365):
    equity = 1_000.0 * np.cumprod(1 + np.array(returns))
    times = START_MS // DAY_MS * DAY_MS + step_ms * np.arange(len(returns), dtype=np.int64)
    return collect(risk(equity, times, 1_000.0, periods, 365))


@pytest.mark.parametrize(("name", "value"), GOLDEN.items())
def test_risk_metric_of_golden_returns_is_golden(name, value):
    assert risk_of(RETURNS).values[name] == pytest.approx(value, rel=1e-9, abs=1e-12)


def test_skew_and_kurtosis_are_the_bias_corrected_ones():
    values = risk_of(RETURNS).values
    r = np.array(RETURNS)
    n, z = len(r), (r - r.mean()) / r.std(ddof=1)
    skew = n / ((n - 1) * (n - 2)) * float((z**3).sum())
    tail = n * (n + 1) / ((n - 1) * (n - 2) * (n - 3)) * float((z**4).sum())
    assert values["skew"] == pytest.approx(skew, rel=1e-12)
    assert values["kurtosis"] == pytest.approx(tail - 3 * (n - 1) ** 2 / ((n - 2) * (n - 3)), rel=1e-12)


def test_headline_sharpe_of_hourly_bars_is_of_daily_closes():
    hourly = np.random.default_rng(5).normal(0.0002, 0.005, 24 * 12)
    by_day = np.prod(1 + hourly.reshape(12, 24), axis=1) - 1
    values = risk_of(hourly, HOUR_MS, 8_760).values
    assert values["sharpe"] == pytest.approx(by_day.mean() / by_day.std(ddof=1) * math.sqrt(365), rel=1e-9)
    assert values["sharpe_bar"] == pytest.approx(hourly.mean() / hourly.std(ddof=1) * math.sqrt(8_760), rel=1e-9)


def test_drawdown_includes_the_starting_capital_and_counts_bars_below_the_peak():
    values = risk_of([-0.1, 0.05, 0.1, -0.2, 0.1, 0.1]).values
    assert values["max_drawdown"] == pytest.approx(-0.2)
    assert values["longest_drawdown_bars"] == 3
    assert risk_of([-0.1, 0.01, 0.01]).values["longest_drawdown_bars"] == 3
    assert risk_of([0.1, 0.1]).values["longest_drawdown_bars"] == 0


def test_risk_without_movement_is_undefined_with_reasons():
    found = risk_of([0.0] * 10)
    missing = {"sharpe", "sharpe_bar", "sortino", "calmar", "omega", "tail_ratio", "skew", "kurtosis", "psr"}
    assert {name for name, value in found.values.items() if value is None} == missing
    assert set(found.reasons) == missing
    assert found.values["volatility"] == 0
    assert found.reasons["sharpe"] == "all returns are equal"


def test_risk_of_equal_gains_has_no_sharpe_despite_rounding():
    assert risk_of([0.01] * 10).values["sharpe"] is None


def test_risk_of_one_bar_is_undefined_where_it_needs_two():
    found = risk_of([0.01])
    assert found.reasons["volatility"] == "fewer than two returns"
    assert found.reasons["ulcer_index"] == "fewer than two returns"
    assert found.values["total_return"] == pytest.approx(0.01)


def test_growth_too_large_for_a_float_is_undefined():
    found = risk_of([30.0, 30.0], HOUR_MS, 525_600)
    assert found.values["cagr"] is None
    assert found.values["calmar"] is None
    assert "does not fit" in found.reasons["cagr"]


def test_risk_after_ruin_is_finite():
    equity = np.array([900.0, 0.0, 0.0, 0.0])
    found = collect(risk(equity, DAY_MS * np.arange(4), 1_000.0, 365, 365))
    assert found.values["total_return"] == -1
    assert found.values["cagr"] == -1
    assert found.values["max_drawdown"] == -1
    assert all(value is None or math.isfinite(value) for value in found.values.values())


def test_profit_metrics_of_golden_trades_are_golden():
    values = collect(profit_metrics(np.array([120.0, -80, 45, -30, 200, -60, 15, 0]))).values
    assert values["profit_factor"] == pytest.approx(2.235294117647059, rel=1e-12)
    assert values["expectancy"] == 26.25
    assert values["win_rate"] == 0.5
    assert values["payoff_ratio"] == pytest.approx(1.6764705882352942, rel=1e-12)
    assert values["sqn"] == pytest.approx(0.7886715544981137, rel=1e-12)
    assert values["max_consecutive_wins"] == 1
    assert values["max_consecutive_losses"] == 1


@pytest.mark.parametrize(
    ("pnl", "name", "reason"),
    [
        ([], "win_rate", "no closed trade"),
        ([], "profit_factor", "no closed trade"),
        ([5.0, 6.0], "profit_factor", "no closed trade lost"),
        ([5.0, 6.0], "payoff_ratio", "no closed trade lost"),
        ([-5.0, -6.0], "payoff_ratio", "no closed trade won"),
        ([5.0], "sqn", "fewer than two closed trades"),
        ([5.0, 5.0], "sqn", "all closed trades made the same profit"),
    ],
)
def test_profit_metric_that_does_not_exist_says_why(pnl, name, reason):
    assert profit_metrics(np.array(pnl))[name] == Undefined(reason)


def test_measure_of_a_hand_worked_run():
    # buy at 100, sell at 110 (+10 %); buy at 100, sell at 95 (-5 %); open from 95 to the last close of 95
    frame = frame_of([100, 100, 110, 100, 95, 95, 95])
    found = measure(curve([1, -1, 1, -1, 1, 0, 0], frame), Timeframe.H1, "crypto")
    values = found.values
    assert values["closed_trades"] == 2
    assert values["open_trades"] == 1
    assert values["win_rate"] == 0.5
    assert values["average_trade"] == pytest.approx(0.025)
    assert values["median_trade"] == pytest.approx(0.025)
    assert values["best_trade"] == pytest.approx(0.1)
    assert values["worst_trade"] == pytest.approx(-0.05)
    assert values["average_bars_held"] == 1
    assert values["average_mae"] == pytest.approx(-0.025)
    assert values["average_mfe"] == pytest.approx(0.05)
    assert values["total_return"] == pytest.approx(1.1 * 0.95 - 1)
    assert values["exposure"] == pytest.approx(4 / 7)
    assert values["fees_paid"] == 0
    assert values["benchmark_return"] == pytest.approx(-0.05)
    notional = 10_000 + 11_000 + 11_000 + 10_450 + 10_450
    assert values["turnover"] == pytest.approx(
        notional / (sum([10_000, 11_000, 11_000, 10_450, 10_450, 10_450, 10_450]) / 7)
    )
    assert values["periods_per_year"] == 8_760


def test_benchmark_of_always_holding_has_beta_one_and_no_alpha():
    frame = walk(200)
    values = measure(curve([1] * 200, frame), Timeframe.H1, "crypto").values
    # the strategy misses bar 0, so the two differ by one bar in 200
    assert values["beta"] == pytest.approx(1, abs=0.02)
    assert values["correlation"] == pytest.approx(1, abs=0.02)


def test_benchmark_metrics_equal_least_squares():
    frame = walk(300, seed=3)
    actions = ([1, 0, 0, -1, 0] * 60)[:300]
    c = curve(actions, frame, terms=Terms())
    values = measure(c, Timeframe.H1, "crypto").values
    r = c.equity / np.append(c.initial, c.equity[:-1]) - 1
    b = c.benchmark / np.append(c.initial, c.benchmark[:-1]) - 1
    slope, intercept = np.polyfit(b, r, 1)
    assert values["beta"] == pytest.approx(slope, rel=1e-9)
    assert values["alpha"] == pytest.approx(intercept * 8_760, rel=1e-9)
    assert values["correlation"] == pytest.approx(np.corrcoef(b, r)[0, 1], rel=1e-9)


def test_benchmark_that_does_not_move_is_undefined():
    found = measure(curve([0, 0, 0], frame_of([100] * 3)), Timeframe.H1, "crypto")
    assert found.reasons["beta"] == "the benchmark did not move"
    assert found.values["benchmark_return"] == 0


def test_every_undefined_metric_has_a_reason_and_no_other():
    for actions in ([0] * 40, [1] * 40, [1, -1] * 20):
        found = measure(curve(actions, walk(40), terms=Terms()), Timeframe.H1, "crypto")
        assert {name for name, value in found.values.items() if value is None} == set(found.reasons)
        assert all(value is None or math.isfinite(value) for value in found.values.values())


@pytest.mark.parametrize(
    ("timeframe", "crypto", "stocks"),
    [("1m", 525_600, 98_280), ("1h", 8_760, 1_764), ("4h", 2_190, 504), ("1d", 365, 252)],
)
def test_bars_per_year_follow_the_market(timeframe, crypto, stocks):
    assert bars_per_year(Timeframe(timeframe), "crypto") == crypto
    assert bars_per_year(Timeframe(timeframe), "stocks") == stocks


def test_market_of_a_pair_is_crypto_and_of_a_ticker_stocks():
    assert market_of("BTCUSDT") == "crypto"
    assert market_of("AAPL") == "stocks"
    assert market_of("BRK-B") == "stocks"
