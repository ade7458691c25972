"""The user's rules, stated once more in the test, against the ones in the code."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.values import Verdict
from services.backtest.core.values import Metrics
from services.backtest.core.verdict import judge

RULES = (
    (Verdict.REJECT, lambda p: p["n"] < 30),
    (
        Verdict.EXCELLENT,
        lambda p: p["ret"] >= 20 and p["dd"] < 15 and (p["win"] >= 55 or (p["win"] >= 50 and p["avg"] > 1.5)),
    ),
    (Verdict.GOOD, lambda p: p["ret"] >= 15 and p["dd"] < 15 and p["win"] >= 52 and p["avg"] > 0.5),
    (Verdict.AVERAGE, lambda p: p["ret"] >= 5 and p["dd"] < 20),
    (Verdict.POOR, lambda p: p["ret"] < 0 or p["dd"] > 30),
    (Verdict.REJECT, lambda p: True),
)


def metrics_of(n=40, ret=10.0, dd=10.0, win=50.0, avg=0.5):
    """Build metrics from percentages, as people say them."""
    values = {
        "closed_trades": n,
        "total_return": ret / 100,
        "max_drawdown": -dd / 100,
        "win_rate": None if win is None else win / 100,
        "average_trade": None if avg is None else avg / 100,
    }
    return Metrics(values, {})


percent = st.one_of(
    st.sampled_from([0.0, 0.5, 1.5, 5.0, 15.0, 20.0, 30.0, 50.0, 52.0, 55.0]),
    st.integers(-100, 100).map(lambda n: n * 0.5),
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(0, 60), percent, percent.map(abs), percent.map(abs), percent)
def test_verdict_of_every_performance_is_the_first_rule_that_holds(n, ret, dd, win, avg):
    performance = {"n": n, "ret": ret, "dd": dd, "win": win, "avg": avg}
    want = next(verdict for verdict, rule in RULES if rule(performance))
    found = judge(metrics_of(**performance))
    assert found.verdict == want
    assert found.deciding_rule.startswith(f"{found.verdict}: ")


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.integers(0, 1_000),
    st.floats(-1, 1e6),
    st.floats(-1, 0),
    st.one_of(st.none(), st.floats(0, 1)),
    st.one_of(st.none(), st.floats(-1, 1e3)),
)
def test_verdict_of_any_finite_or_undefined_performance_exists(n, ret, dd, win, avg):
    values = {"closed_trades": n, "total_return": ret, "max_drawdown": dd, "win_rate": win, "average_trade": avg}
    found = judge(Metrics(values, {}))
    assert found.verdict in Verdict
    assert len(found.checks) == 14


@pytest.mark.parametrize(
    ("performance", "verdict", "rule"),
    [
        ({"n": 29, "ret": 50, "dd": 1, "win": 90, "avg": 5}, Verdict.REJECT, "reject: 29 closed trades < 30"),
        (
            {"n": 30, "ret": 20, "dd": 14.99, "win": 55, "avg": 0},
            Verdict.EXCELLENT,
            "excellent: total return 20.00 % >= 20 %, max drawdown 14.99 % < 15 %, win rate 55.00 % >= 55 %",
        ),
        (
            {"ret": 20, "dd": 14, "win": 50, "avg": 1.51},
            Verdict.EXCELLENT,
            "excellent: total return 20.00 % >= 20 %, max drawdown 14.00 % < 15 %, win rate 50.00 % >= 50 %, "
            "average trade 1.51 % > 1.5 %",
        ),
        (
            {"ret": 20, "dd": 14, "win": 52, "avg": 0.51},
            Verdict.GOOD,
            "good: total return 20.00 % >= 15 %, max drawdown 14.00 % < 15 %, win rate 52.00 % >= 52 %, "
            "average trade 0.51 % > 0.5 %",
        ),
        (
            {"ret": 20, "dd": 15, "win": 60, "avg": 5},
            Verdict.AVERAGE,
            "average: total return 20.00 % >= 5 %, max drawdown 15.00 % < 20 %",
        ),
        ({"ret": -0.01, "dd": 10}, Verdict.POOR, "poor: total return -0.01 % < 0 %"),
        ({"ret": 40, "dd": 31}, Verdict.POOR, "poor: max drawdown 31.00 % > 30 %"),
        (
            {"ret": 4, "dd": 10},
            Verdict.REJECT,
            "reject: no rule from excellent to poor holds: total return 4.00 % is not >= 5 %, max drawdown 10.00 % < 20 %",
        ),
    ],
)
def test_verdict_names_the_deciding_rule_with_its_values(performance, verdict, rule):
    found = judge(metrics_of(**performance))
    assert (found.verdict, found.deciding_rule) == (verdict, rule)


def test_verdict_with_undefined_win_rate_never_meets_a_limit():
    assert judge(metrics_of(ret=50, win=None, avg=None)).verdict == Verdict.AVERAGE
