"""Sweeps and walk-forwards by rules, on bars on disk, without a sandbox."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from libs.common.errors import BadInputError
from libs.common.studies import SweepParameters, WalkForward
from services.backtest.core.evidence.trials import returns_in
from services.backtest.modes import tries
from tests.support.build import START
from tests.support.jobs import RSI, merged, stock

SPACE = {"/indicators/rsi/period": {"low": 4, "high": 18, "step": 2}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    stock(tmp_path, 2, 500)
    return tmp_path


def asked(kind: Any, **fields: Any) -> Any:
    given = {"rules": RSI, "timeframe": "1h", "symbols": ["S000"], "space": SPACE, **fields}
    return kind.first(key="x", at=START, asked_by="test", **given)


def test_tries_are_ranked_by_sharpe_and_each_is_a_trial(folder: Path) -> None:
    found = merged(asked(SweepParameters), folder)
    told: Any = found.document
    ratios = [row["metrics"]["sharpe"] for row in told["ranking"]]
    assert ratios == sorted(ratios, reverse=True)
    assert [row["rank"] for row in told["ranking"]] == list(range(1, 9))
    assert told["best"] == told["ranking"][0]
    assert (told["tries"], len(found.trials), told["distinct"]) == (8, 8, 8)
    assert told["luck"]["tries"] == told["overfit"]["members"] == 8
    assert len({trial.signal_hash for trial in found.trials}) == 8
    assert {trial.family_id for trial in found.trials} == {found.trials[0].family_id}


def test_try_that_has_no_ratio_comes_last() -> None:
    def one(number: int, ratio: float | None) -> dict[str, Any]:
        return {"number": number, "fault": None, "metrics": {"sharpe": ratio, "total_return": 0.0}}

    broken = {"number": 4, "fault": "no"}
    ranked = tries.ranked([one(0, None), one(1, -2.0), one(2, 1.0), one(3, 1.0), broken])
    assert [each["number"] for each in ranked] == [2, 3, 1, 0]


def test_equal_signals_count_once(folder: Path) -> None:
    same = {"/indicators/rsi/buy_below": [0.0, 0.001, 0.002]}
    told: Any = merged(asked(SweepParameters, space=same), folder).document
    assert (told["tries"], told["distinct"], told["overfit"]) == (3, 1, None)
    assert told["undefined"]["overfit"] == "fewer than two tries"


@pytest.mark.parametrize("command", [asked(SweepParameters), asked(WalkForward, gap=20)])
def test_tries_whose_returns_would_not_fit_the_memory_are_refused(command: Any, folder: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(tries, "MOST_RETURNS", 8 * 500 - 1)
    with pytest.raises(BadInputError, match="8 tries on 500 bars") as refused:
        merged(command, folder)
    assert (refused.value.code, refused.value.pointer) == ("sweep.too_many", "/space")
    monkeypatch.setattr(tries, "MOST_RETURNS", 8 * 500)
    assert len(merged(command, folder).trials) == 8


def test_returns_of_a_try_are_those_of_its_own_backtest(folder: Path) -> None:
    found = merged(asked(SweepParameters, space={"/indicators/rsi/period": [14]}, symbols=["S000", "S001"]), folder)
    (trial,) = found.trials
    told: Any = found.document
    total = float(np.prod(1.0 + returns_in(trial)) - 1.0)
    assert total == pytest.approx(told["best"]["metrics"]["total_return"], abs=1e-5)
    assert trial.bars == 500


def test_folds_test_what_was_best_before_them_on_runs_of_their_own(folder: Path) -> None:
    told: Any = merged(asked(WalkForward, folds=3, gap=20), folder).document
    assert [len(fold["train"]) for fold in told["folds"]] == [2, 2, 2]
    joined = 1.0
    for fold in told["folds"]:
        assert fold["train"][1] < fold["test"][0]
        joined *= 1.0 + fold["test_return"]
    assert told["test_return"] == pytest.approx(joined - 1.0, abs=1e-5)
    assert told["positive_folds"] == sum(fold["test_return"] > 0 for fold in told["folds"])
    assert (told["training"], told["gap"]) == ("rolling", 20)


def test_anchored_trainings_all_begin_at_the_first_bar(folder: Path) -> None:
    told: Any = merged(asked(WalkForward, folds=3, gap=20, anchored=True), folder).document
    assert len({fold["train"][0] for fold in told["folds"]}) == 1
    assert told["training"] == "anchored"


def test_gap_that_nobody_names_covers_what_the_strategy_looks_back(folder: Path) -> None:
    rules = {"entry": [{"condition": "close > sma(close, 10)"}], "exit": [{"condition": "close < sma(close, 10)"}]}
    space = {"/entry/0/condition": ["close > sma(close, 20)", "close > sma(close, 5)"]}
    told: Any = merged(asked(WalkForward, folds=2, rules=rules, space=space), folder).document
    assert told["lookback"] in (10, 20)
    assert told["gap"] == told["lookback"] + 1


def test_training_that_earns_nothing_leaves_the_efficiency_undefined(folder: Path) -> None:
    never = {"/indicators/rsi/buy_below": [0.0, 0.001]}
    told: Any = merged(asked(WalkForward, folds=2, gap=5, space=never), folder).document
    assert told["efficiency"] is None
    assert told["undefined"]["efficiency"] == "training did not earn"
