"""Lookback, reproducibility, random entry and doubled costs."""

import itertools

import numpy as np
import pandas as pd
import pytest

from libs.common.errors import BadStrategyError
from libs.common.values import Timeframe, Verdict
from services.backtest.core.curve import curve_of
from services.backtest.core.engine import Terms, run
from services.backtest.core.evidence.costs import doubled
from services.backtest.core.evidence.random_entry import DRAWS, Holdings, growths, random_entry
from services.backtest.core.evidence.reproducible import reproducible
from services.backtest.core.evidence.warmup import lookback
from services.backtest.core.metrics import measure
from services.backtest.core.values import Undefined
from tests.unit.backtest.builders import frame_of
from tests.unit.backtest.evidence_strategies import CLEAN, bars, runs

FRAME = bars(1_000)


def needed(strategy, frame=FRAME):
    signals_of = runs(strategy)
    return lookback(signals_of, frame, signals_of(frame))


@pytest.mark.parametrize(
    ("name", "most"),
    [("momentum_1", 2), ("momentum_24", 25), ("donchian_55", 56), ("always_long", 1), ("hours", 1), ("pivots", 7)],
)
def test_lookback_of_a_finite_memory_is_at_most_that_memory(name, most):
    found = needed(CLEAN[name])
    assert found.bars is not None
    assert found.bars <= most


@pytest.mark.parametrize("name", ["momentum_24", "donchian_20", "rsi_7_25", "ema_5_20", "supertrend_10", "zscore_24"])
def test_lookback_is_enough_for_bars_that_were_not_looked_at(name):
    found = needed(CLEAN[name])
    assert found.bars is not None
    signals_of = runs(CLEAN[name])
    full = signals_of(FRAME)
    ends = range(found.bars, len(FRAME), 23)
    again = [signals_of(FRAME.until(int(FRAME.ts[end])).tail(found.bars))[-1] for end in ends]
    assert np.mean(np.array(again) == full[list(ends)]) >= 0.95


def test_lookback_of_a_recursive_average_is_found_although_it_never_forgets_exactly():
    found = needed(CLEAN["ema_5_20"])
    assert found.bars is not None
    assert 2 <= found.bars <= 300
    assert found.change is not None
    assert found.change.full != found.change.again


@pytest.mark.parametrize("name", ["bars_since_start", "expanding_mean", "buy_once"])
def test_lookback_of_a_strategy_that_remembers_its_first_bar_is_none_or_proved(name):
    found = needed(CLEAN[name])
    if name == "buy_once":
        assert found.bars in (1, 2)
    else:
        assert found.bars is None
        assert found.change is not None


def test_lookback_of_a_strategy_that_refuses_short_history_is_none():
    def fussy(df: pd.DataFrame) -> pd.Series:
        if len(df) < 900:
            raise BadStrategyError("needs 900 bars")
        return CLEAN["momentum_1"](df)

    assert needed(fussy).bars is None


def test_reproducible_of_an_honest_strategy_passes_and_of_one_with_a_memory_names_the_bar():
    signals_of = runs(CLEAN["seeded_noise"])
    assert reproducible(signals_of, FRAME, signals_of(FRAME)).passed
    calls = itertools.count()

    def moody(df: pd.DataFrame) -> pd.Series:
        said = pd.Series(0, df.index)
        said.iloc[5] = next(calls)
        return said

    found = reproducible(runs(moody), FRAME, runs(lambda df: pd.Series(0, df.index))(FRAME))
    assert found.passed
    found = reproducible(runs(moody), FRAME, runs(lambda df: pd.Series(0, df.index))(FRAME))
    assert not found.passed
    assert found.change is not None
    assert (found.change.time, found.change.full, found.change.again) == (int(FRAME.ts[5]), 0, 1)


TERMS = Terms(fee=0.001, slippage=0.0005)


def test_random_entry_growth_of_one_trade_is_one_the_engine_could_have_made():
    frame = bars(40)
    held = Holdings(frame, np.array([7]), np.array([1]))
    possible = []
    for entry in range(1, 40 - 7 + 1):
        actions = np.zeros(40, np.int8)
        actions[entry - 1] = 1
        if entry + 7 < 40:
            actions[entry + 6] = -1
        possible.append(float(run(actions, frame, TERMS, position_mode=False).equity[-1]) / TERMS.initial_capital)
    drawn = growths(held, TERMS, "seed", 0)
    assert len(drawn) == DRAWS
    distance = np.abs(drawn[:, None] - np.array(possible)).min(axis=1)
    assert distance.max() < 1e-9
    assert len(np.unique(drawn.round(9))) == len(possible)


def test_random_entry_of_perfect_timing_beats_all_and_of_the_worst_none():
    frame = bars(300)
    moves = np.append(np.diff(frame.open), 0.0)
    held = Holdings(frame, np.ones(40, np.int64), np.ones(40, np.int64))
    free = Terms(fee=0.0, slippage=0.0)
    order = np.argsort(moves)
    for chosen, expected in ((order[-40:], 1.0), (order[:40], 0.0)):
        total = float(np.prod(frame.open[chosen + 1] / frame.open[chosen])) - 1.0 if chosen.max() < 299 else expected
        found = random_entry([held], free, total, "seed")
        assert not isinstance(found, Undefined)
        assert found.percentile == expected


def test_random_entry_of_a_run_that_held_all_the_time_is_in_the_middle():
    frame = bars(200)
    held = Holdings(frame, np.array([199]), np.array([1]))
    only = float(growths(held, TERMS, "seed", 0)[0]) - 1.0
    found = random_entry([held], TERMS, only, "seed")
    assert not isinstance(found, Undefined)
    assert found.percentile == 0.5
    assert found.median == pytest.approx(found.best)


def test_random_entry_of_a_short_earns_what_the_long_loses_without_costs():
    frame = frame_of([100.0, 100.0, 110.0, 110.0], [100.0, 110.0, 110.0, 110.0])
    free = Terms(fee=0.0, slippage=0.0)
    for side, growth in ((1, 1.1), (-1, 0.9)):
        drawn = growths(Holdings(frame, np.array([3]), np.array([side])), free, "seed", 0)
        assert drawn == pytest.approx(np.full(DRAWS, growth))


def test_random_entry_is_drawn_from_its_seed_alone():
    held = Holdings(FRAME, np.full(30, 9), np.ones(30, np.int64))
    assert random_entry([held], TERMS, 0.1, "a") == random_entry([held], TERMS, 0.1, "a")
    assert random_entry([held], TERMS, 0.1, "a") != random_entry([held], TERMS, 0.1, "b")
    assert isinstance(
        random_entry([Holdings(FRAME, np.empty(0, np.int64), np.empty(0, np.int64))], TERMS, 0, "a"), Undefined
    )


def test_doubled_costs_replay_the_same_signals_at_twice_fee_and_slippage():
    actions = runs(CLEAN["rsi_7_25"])(FRAME)

    def measured(terms):
        result = run(actions, FRAME, terms, position_mode=False)
        return measure(curve_of("BTCUSDT", FRAME, result, terms.initial_capital), Timeframe.H1, "crypto")

    once, found = measured(TERMS), doubled(TERMS, measured)
    assert (found.fee, found.slippage) == (0.002, 0.001)
    assert found.total_return == measured(Terms(fee=0.002, slippage=0.001)).values["total_return"]
    assert found.total_return < once.values["total_return"]
    assert found.verdict in Verdict
    assert found.deciding_rule.startswith(found.verdict)
