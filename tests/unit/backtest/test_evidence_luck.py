"""Probabilistic and deflated Sharpe ratios against the published vectors and hand-worked numbers."""

import math

import numpy as np
import pytest

from services.backtest.core.evidence.luck import (
    expected_best,
    luck,
    min_track_record,
    probabilistic,
    sharpe_of,
)
from services.backtest.core.returns_metrics import moments
from services.backtest.core.values import Undefined

RETURNS = np.array([0.01, -0.02, 0.03, -0.01, 0.02, 0, 0.015, -0.005, 0.007, -0.012])
PUBLISHED = {"bars": 1250, "skew": -3.0, "kurtosis": 10.0}
"""The example of the paper: annual Sharpe 2.5 on 250 days, 1,250 daily returns."""


@pytest.mark.parametrize(("tries", "deflated"), [(100, 0.9003968344493903), (46, 0.9505017068755787)])
def test_dsr_of_the_published_example_is_the_published_value(tries, deflated):
    best = expected_best(0.5 / 250, tries)
    assert probabilistic(2.5 / math.sqrt(250), best, **PUBLISHED) == pytest.approx(deflated, abs=1e-12)


def test_expected_best_of_a_hundred_tries_is_the_published_value():
    assert expected_best(0.5 / 250, 100) == pytest.approx(0.11320016736309747, abs=1e-4)
    assert expected_best(0.5 / 250, 100) == pytest.approx(0.11317200186513214, abs=1e-14)


def test_expected_best_of_a_single_try_is_zero_and_grows_with_tries():
    values = [expected_best(0.01, tries) for tries in (1, 2, 10, 100, 10_000)]
    assert values[0] == 0.0
    assert values == sorted(values)


def test_expected_best_meets_the_mean_maximum_of_normal_draws():
    drawn = np.random.default_rng(1).normal(0, 1, (4_000, 100)).max(axis=1).mean()
    assert expected_best(1.0, 100) == pytest.approx(drawn, rel=0.02)


def test_psr_of_the_golden_returns_is_the_one_among_the_metrics():
    found = luck(RETURNS, [])
    assert found.psr == pytest.approx(0.7509001153302519, abs=1e-12)
    assert found.psr == pytest.approx(moments(RETURNS)["psr"], abs=1e-15)
    assert (found.tries, found.expected_best, found.dsr) == (1, 0.0, found.psr)


def test_min_track_record_is_the_length_at_which_psr_reaches_the_confidence():
    bars = min_track_record(0.1, 0.0, -0.5, 5.0)
    assert isinstance(bars, float)
    assert probabilistic(0.1, 0.0, bars, -0.5, 5.0) == pytest.approx(0.95, abs=1e-12)
    # (1 + 0.05 + 0.01) x (1.6448536 / 0.1)^2 + 1, worked by hand
    assert bars == pytest.approx(287.787, abs=1e-2)
    assert isinstance(min_track_record(-0.1, 0.0, 0.0, 3.0), Undefined)


def test_luck_falls_with_every_further_try_of_the_family():
    chance = np.random.default_rng(5)
    returns = chance.normal(0.0004, 0.01, 2_000)
    tries = [0.022, -0.022] * 200
    found = [luck(returns, tries[:count]) for count in (20, 100, 400)]
    assert [each.expected_best for each in found] == sorted(each.expected_best for each in found)
    assert [each.dsr for each in found] == sorted((each.dsr for each in found), reverse=True)
    assert luck(returns, []).passed
    assert not luck(returns, tries).passed


def test_luck_takes_the_variance_of_skill_less_tries_when_the_family_has_no_other_ratio():
    found = luck(RETURNS, [None, None])
    assert found.tries == 3
    assert found.variance == pytest.approx(1 / 9)
    assert found.expected_best == pytest.approx(expected_best(1 / 9, 3))


def test_luck_uses_the_sample_variance_of_the_known_ratios():
    found = luck(RETURNS, [0.9, None, -0.9])
    own = sharpe_of(RETURNS)
    assert found.tries == 4
    assert found.variance == pytest.approx(np.var([own, 0.9, -0.9], ddof=1))
    assert found.variance > 1 / 9


def test_luck_cannot_be_bought_with_tries_that_all_fail_alike():
    chance = np.random.default_rng(8)
    returns = chance.normal(0.0004, 0.01, 2_160)
    others = chance.normal(0, 1 / np.sqrt(2_160), 99).tolist()
    junk = [-1 / np.sqrt(2_160)] * 4_000
    honest, padded = luck(returns, others), luck(returns, [*others, *junk])
    assert padded.variance >= 1 / 2_159
    assert padded.expected_best > honest.expected_best
    assert padded.dsr < honest.dsr


@pytest.mark.parametrize("returns", [np.zeros(50), np.full(50, 0.01), np.array([0.1]), np.array([0.1, 0.2, 0.1])])
def test_luck_of_returns_that_say_nothing_is_undefined_and_does_not_pass(returns):
    found = luck(returns, [0.2])
    assert isinstance(found.dsr, Undefined)
    assert not found.passed
