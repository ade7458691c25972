"""Metrics against quantstats, empyrical-reloaded and ffn, wherever they define the same thing: see docs/metrics.md."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from services.backtest.core.benchmark_metrics import benchmark_metrics
from services.backtest.core.returns_metrics import risk
from services.backtest.core.trade_metrics import profit_metrics
from services.backtest.core.values import collect
from tests.unit.backtest.builders import HOUR_MS

HERE = Path(__file__).parent
STORED = json.loads((HERE / "oracles.json").read_text())
CAPITAL = 10_000.0


def ours(case):
    equity = CAPITAL * np.cumprod(1 + np.array(case["returns"]))
    market = CAPITAL * np.cumprod(1 + np.array(case["benchmark"]))
    times = 24 * HOUR_MS * np.arange(len(equity), dtype=np.int64)
    periods = STORED["periods"]
    return collect(risk(equity, times, CAPITAL, periods, periods), benchmark_metrics(equity, market, CAPITAL, periods))


def answers(case):
    return [(m, library, said) for m, by in case["answers"].items() for library, said in by.items()]


@pytest.mark.parametrize("name", STORED["returns"])
def test_returns_metrics_equal_the_oracles(name):
    case = STORED["returns"][name]
    values = ours(case).values
    for metric, library, said in answers(case):
        assert values[metric] == pytest.approx(said, rel=1e-9, abs=1e-12), f"{metric} of {library}"


def test_trade_metrics_equal_the_oracle():
    case = STORED["profits"]
    values = collect(profit_metrics(np.array(case["pnl"]))).values
    for metric, library, said in answers(case):
        assert values[metric] == pytest.approx(said, rel=1e-9), f"{metric} of {library}"


def test_oracle_answers_are_of_the_pinned_versions():
    versions = {name: STORED["versions"][name] for name in ("quantstats", "empyrical-reloaded", "ffn")}
    assert versions == {"quantstats": "0.0.86", "empyrical-reloaded": "0.7.1", "ffn": "1.4.1"}


@pytest.mark.full
@pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("quantstats", "empyrical", "ffn")), reason="oracles absent"
)
def test_oracles_still_answer_what_is_stored():
    run = subprocess.run([sys.executable, str(HERE / "oracles.py")], capture_output=True, text=True, check=True)
    said = json.loads(run.stdout)
    for name, case in STORED["returns"].items():
        for metric, library, stored in answers(case):
            assert said["returns"][name]["answers"][metric][library] == pytest.approx(stored, rel=1e-9)
