"""What quantstats, empyrical-reloaded and ffn say of fixed returns: writes `oracles.json`, which the tests compare with.

    python -m venv oracles && oracles/bin/pip install quantstats==0.0.86 empyrical-reloaded==0.7.1 ffn==1.4.1
    oracles/bin/python tests/unit/backtest/oracles.py > tests/unit/backtest/oracles.json

The three bring 30 packages along, so they are no dependency; their answers are kept beside their versions.
"""

import json
import sys
import warnings
from importlib.metadata import version
from typing import Any

import empyrical as ep
import ffn
import numpy as np
import pandas as pd
import quantstats.stats as qs

PERIODS = 365
GOLDEN = [0.01, -0.02, 0.03, -0.01, 0.02, 0.0, 0.015, -0.005, 0.007, -0.012]
PROFITS = [120.0, -80.0, 45.0, -30.0, 200.0, -60.0, 15.0, 0.0]
LIBRARIES = ("quantstats", "empyrical-reloaded", "ffn", "numpy", "pandas")


def cases() -> dict[str, dict[str, list[float]]]:
    """Return returns and benchmark returns by name: the golden ones, and seeded ones with idle bars, a loss and fat tails."""
    chance = np.random.default_rng(20_240_101)
    idle = chance.normal(0.001, 0.02, 60) * (chance.random(60) < 0.5)
    losing = chance.normal(-0.004, 0.015, 120)
    wild = chance.standard_t(3, 250) * 0.01
    series = {"golden": np.array(GOLDEN), "idle": idle, "losing": losing, "wild": wild}
    return {
        name: {"returns": values.tolist(), "benchmark": (0.4 * values + chance.normal(0, 0.01, len(values))).tolist()}
        for name, values in series.items()
    }


def answers(returns: list[float], benchmark: list[float]) -> dict[str, dict[str, float]]:
    """Return what each library says, by our name of the metric."""
    index = pd.date_range("2024-01-02", periods=len(returns), freq="D")
    r, b = pd.Series(returns, index), pd.Series(benchmark, index)
    prices = pd.Series(
        np.cumprod(np.append(1.0, 1.0 + np.array(returns))), pd.date_range("2024-01-01", periods=len(r) + 1)
    )
    yearly: dict[str, Any] = {"annualization": PERIODS}
    greeks = qs.greeks(r, b, periods=PERIODS)
    return {
        "total_return": {
            "quantstats": qs.comp(r),
            "empyrical": ep.cum_returns_final(r),
            "ffn": ffn.calc_total_return(prices),
        },
        "cagr": {"quantstats": qs.cagr(r, periods=PERIODS), "empyrical": ep.annual_return(r, **yearly)},
        "volatility": {"quantstats": qs.volatility(r, periods=PERIODS), "empyrical": ep.annual_volatility(r, **yearly)},
        "sharpe": {
            "quantstats": qs.sharpe(r, periods=PERIODS),
            "empyrical": ep.sharpe_ratio(r, **yearly),
            "ffn": ffn.calc_sharpe(r, nperiods=PERIODS),
        },
        "sortino": {
            "quantstats": qs.sortino(r, periods=PERIODS),
            "empyrical": ep.sortino_ratio(r, **yearly),
            "ffn": ffn.calc_sortino_ratio(r, nperiods=PERIODS),
        },
        "max_drawdown": {
            "quantstats": qs.max_drawdown(r),
            "empyrical": ep.max_drawdown(r),
            "ffn": ffn.calc_max_drawdown(prices),
        },
        "calmar": {"quantstats": qs.calmar(r, periods=PERIODS), "empyrical": ep.calmar_ratio(r, **yearly)},
        "omega": {"quantstats": qs.omega(r), "empyrical": ep.omega_ratio(r, annualization=PERIODS)},
        "ulcer_index": {"quantstats": qs.ulcer_index(r)},
        "tail_ratio": {"quantstats": qs.tail_ratio(r, prepare_returns=False), "empyrical": ep.tail_ratio(r)},
        "value_at_risk_95": {"empyrical": ep.value_at_risk(r)},
        "cvar_95": {
            "quantstats": qs.conditional_value_at_risk(r, method="historical", prepare_returns=False),
            "empyrical": ep.conditional_value_at_risk(r),
        },
        "skew": {"quantstats": qs.skew(r, prepare_returns=False)},
        "kurtosis": {"quantstats": qs.kurtosis(r, prepare_returns=False)},
        "psr": {"quantstats": qs.probabilistic_sharpe_ratio(r, periods=PERIODS)},
        "alpha": {"quantstats": greeks["alpha"]},
        "beta": {"quantstats": greeks["beta"], "empyrical": ep.beta(r, b)},
    }


def of_profits() -> dict[str, dict[str, float]]:
    """Return what quantstats says of profits by trade, where it takes them as they are."""
    profits = pd.Series(PROFITS)
    return {
        "profit_factor": {"quantstats": qs.profit_factor(profits, prepare_returns=False)},
        "payoff_ratio": {"quantstats": qs.payoff_ratio(profits, prepare_returns=False)},
    }


def document() -> dict[str, Any]:
    """Return inputs, answers and versions as one tree of plain numbers."""
    given = cases()
    found = {name: {**case, "answers": answers(**case)} for name, case in given.items()}
    tree = {
        "versions": {name: version(name) for name in LIBRARIES},
        "periods": PERIODS,
        "returns": found,
        "profits": {"pnl": PROFITS, "answers": of_profits()},
    }
    return json.loads(json.dumps(tree, default=float))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.stdout.write(json.dumps(document()) + "\n")
