"""The gate: which stages open, and the words for those that do not."""

from dataclasses import replace

import pytest

from libs.common.values import Stage, Verdict
from services.backtest.core.gate import Facts, gate
from services.backtest.core.values import Undefined

ALL = (Stage.ALERT, Stage.PAPER, Stage.LIVE)
FINE = Facts(Verdict.GOOD, 40, True, 37, dsr=0.97, pbo=0.1, holdout_return=0.02)


def test_gate_of_a_strategy_that_meets_everything_is_open_to_live():
    found = gate(FINE)
    assert found.stages == ALL
    assert found.refusals == ()
    assert all(reason.words.startswith(f"{reason.stage}: ") for reason in found.reasons)


@pytest.mark.parametrize(
    ("change", "stages", "words"),
    [
        ({"look_ahead": False}, (), "alert: signals change when later bars are hidden"),
        ({"look_ahead": False, "first_bad_bar": "at 3"}, (), "alert: signals change when later bars are hidden: at 3"),
        ({"obstacles": ("no shorts",)}, ALL[:1], "paper: no shorts"),
        ({"look_ahead": None}, (), "alert: look-ahead has not been examined"),
        ({"verdict": Verdict.AVERAGE}, ALL[:2], "live: verdict average is below good"),
        ({"closed_trades": 29}, ALL[:2], "live: 29 closed trades < 30"),
        ({"dsr": 0.41}, ALL[:2], "live: DSR 0.41 < 0.95 after 37 tries"),
        ({"dsr": 0.9499999}, ALL[:2], "live: DSR 0.9499999 < 0.95 after 37 tries"),
        ({"dsr": 0.41, "tries": 1}, ALL[:2], "live: DSR 0.41 < 0.95 after 1 try"),
        ({"dsr": None}, ALL[:2], "live: DSR has not been examined"),
        ({"dsr": Undefined("no spread")}, ALL[:2], "live: DSR is undefined: no spread"),
        ({"pbo": 0.51}, ALL[:2], "live: PBO 0.51 > 0.5"),
        ({"pbo": None, "is_sweep": True}, ALL[:2], "live: PBO has not been examined"),
        ({"pbo": Undefined("fewer than 64 common bars")}, ALL[:2], "live: PBO is undefined: fewer than 64 common bars"),
        ({"holdout_return": None}, ALL[:2], "live: holdout has not been examined"),
        ({"holdout_return": -0.001}, ALL[:2], "live: holdout return -0.10 % < 0 %"),
        ({"holdout_seen": True}, ALL[:2], "live: holdout was seen before; 0 closed paper trades < 30"),
    ],
)
def test_gate_of_a_strategy_that_misses_one_condition_says_which(change, stages, words):
    found = gate(replace(FINE, **change))
    assert found.stages == stages
    assert found.refusals == (words,)


@pytest.mark.parametrize("verdict", [Verdict.POOR, Verdict.REJECT])
def test_gate_below_average_is_open_to_alert_only_whatever_the_evidence(verdict):
    assert gate(replace(FINE, verdict=verdict)).stages == ALL[:1]


@pytest.mark.parametrize(
    "change",
    [
        {"dsr": 0.95},
        {"pbo": 0.5},
        {"pbo": None},
        {"holdout_return": 0.0},
        {"closed_trades": 30},
        {"holdout_seen": True, "paper_trades": 30, "holdout_return": -0.5},
        {"verdict": Verdict.EXCELLENT},
    ],
)
def test_gate_at_the_limit_is_open(change):
    assert gate(replace(FINE, **change)).stages == ALL


def test_gate_warns_of_a_pbo_that_passes_with_doubts():
    words = [reason.words for reason in gate(replace(FINE, pbo=0.3)).reasons]
    assert "live: PBO 0.30 <= 0.5, a warning from 0.2 on" in words


def test_gate_with_a_failed_look_ahead_stays_shut_even_for_an_excellent_verdict():
    assert gate(replace(FINE, verdict=Verdict.EXCELLENT, look_ahead=False)).stages == ()
