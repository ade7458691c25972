"""PBO against a slow, obvious CSCV."""

import math
from itertools import combinations

import numpy as np
import pytest

from services.backtest.core.evidence.overfit import Overfit, overfit, relative_ranks
from services.backtest.core.values import Undefined


def brute(returns, blocks):
    """CSCV as the paper tells it: one split after the other, Sharpe ratios from the bars themselves."""
    used = returns[len(returns) % blocks :]
    parts = np.split(used, blocks)

    def sharpes(chosen):
        bars = np.concatenate([parts[n] for n in chosen])
        return [0.0 if np.ptp(c) < 1e-15 else c.mean() / c.std(ddof=1) for c in bars.T]

    logits = []
    for inside in combinations(range(blocks), blocks // 2):
        learned, tested = sharpes(inside), sharpes([n for n in range(blocks) if n not in inside])
        reached = tested[int(np.argmax(learned))]
        rank = sum(v < reached for v in tested) + (sum(v == reached for v in tested) + 1) / 2
        share = rank / (returns.shape[1] + 1)
        logits.append(math.log(share / (1 - share)))
    return logits


@pytest.mark.parametrize(
    ("members", "bars", "skill"), [(10, 203, 0.0), (12, 160, 0.004), (2, 96, 0.0), (3, 80, -0.001)]
)
def test_pbo_equals_brute_force_split_by_split(members, bars, skill):
    returns = np.random.default_rng(members).normal(0, 0.01, (bars, members))
    returns[:, 0] += skill
    returns[:, -1] *= np.arange(bars) > bars // 2
    want = brute(returns, 8)
    ranks = relative_ranks(returns, 8)
    assert np.log(ranks / (1 - ranks)) == pytest.approx(want, abs=1e-9)
    assert len(want) == 70


def test_pbo_is_the_share_of_logits_that_are_not_positive():
    returns = np.random.default_rng(9).normal(0, 0.01, (64, 5))
    logits = brute(returns, 8)
    assert any(abs(logit) < 1e-12 for logit in logits)
    assert overfit(returns).pbo == pytest.approx(np.mean(np.array(logits) < 1e-12))


def test_pbo_of_skill_less_tries_is_about_a_half_and_of_one_skilled_try_near_zero():
    chance = np.random.default_rng(2)
    found = [overfit(chance.normal(0, 0.01, (640, 20))).pbo for _ in range(8)]
    assert 0.25 < np.mean(found) < 0.75
    returns = chance.normal(0, 0.01, (640, 20))
    returns[:, 3] += 0.004
    assert overfit(returns).pbo < 0.02


def test_pbo_of_the_same_tries_in_another_order_is_the_same():
    returns = np.random.default_rng(4).normal(0, 0.01, (320, 10))
    assert overfit(returns) == overfit(returns[:, ::-1])


@pytest.mark.parametrize(
    ("members", "bars", "blocks"), [(20, 2_000, 16), (101, 2_000, 12), (1_001, 400, 8), (5, 100, 12)]
)
def test_pbo_takes_fewer_blocks_for_more_tries_and_fewer_bars(members, bars, blocks):
    found = overfit(np.random.default_rng(0).normal(0, 0.01, (bars, members)))
    assert isinstance(found, Overfit)
    assert (found.blocks, found.splits) == (blocks, math.comb(blocks, blocks // 2))


def test_pbo_of_identical_tries_is_a_tie_in_the_middle():
    column = np.random.default_rng(0).normal(0, 0.01, (160, 1))
    assert set(relative_ranks(np.repeat(column, 3, axis=1), 8)) == {0.5}


@pytest.mark.parametrize("shape", [(500, 1), (63, 20)])
def test_pbo_of_too_little_is_undefined(shape):
    assert isinstance(overfit(np.zeros(shape)), Undefined)


def test_pbo_of_tries_that_never_moved_counts_their_ratio_as_zero():
    returns = np.zeros((160, 4))
    returns[:, 1] = np.random.default_rng(1).normal(0.003, 0.01, 160)
    returns[:, 2] = 1e-5
    logits = brute(returns, 8)
    ranks = relative_ranks(returns, 8)
    assert np.log(ranks / (1 - ranks)) == pytest.approx(logits, abs=1e-9)
