"""Planted cheats are flagged with a bar that changed; honest strategies, however they are written, are not."""

import numpy as np
import pandas as pd
import pytest

from libs.common.errors import BadStrategyError
from services.backtest.core.evidence.lookahead import LookAhead, look_ahead, poison
from tests.unit.backtest.builders import frame_of
from tests.unit.backtest.evidence_strategies import CHEATS, CLEAN, bars, only_when_whole, runs

FRAME = bars(1_000)


def examined(strategy, frame=FRAME) -> LookAhead:
    signals_of = runs(strategy)
    signals = signals_of(frame)
    held = np.concatenate((np.zeros(1, np.int8), signals[:-1])) > 0
    return look_ahead(signals_of, frame, signals, held * (frame.close / frame.open - 1.0))


@pytest.mark.parametrize("name", CHEATS)
def test_look_ahead_of_a_cheat_names_the_first_bars_that_changed(name):
    found = examined(CHEATS[name])
    assert not found.passed
    assert found.changes
    first = found.changes[0]
    full = runs(CHEATS[name])(FRAME)
    assert full[np.searchsorted(FRAME.ts, first.time)] == first.full != first.again
    assert first.time < first.cut


def alarms(names):
    frame = bars(600, seed=3)
    return {name: found.changes for name in names if not (found := examined(CLEAN[name], frame)).passed}


def test_look_ahead_of_honest_strategies_raises_no_alarm():
    assert alarms(sorted(CLEAN)[::4]) == {}


@pytest.mark.full
def test_look_ahead_of_every_honest_strategy_raises_no_alarm():
    assert len(CLEAN) >= 60
    assert alarms(CLEAN) == {}


def test_look_ahead_of_a_cheat_that_never_trades_in_hindsight_is_found_at_an_even_cut():
    rises = np.linspace(0, np.pi, 500)
    frame = frame_of((100 + 10 * np.sin(rises)).tolist(), (100 + 10 * np.sin(rises)).tolist())
    found = examined(lambda df: pd.Series(int(df.close.iloc[-1] > 105), df.index), frame)
    assert not runs(lambda df: pd.Series(int(df.close.iloc[-1] > 105), df.index))(frame).any()
    assert not found.passed


def test_look_ahead_of_rare_peeks_that_earned_nothing_is_found_by_their_timing():
    signals_of = runs(CHEATS["five_rare_peeks_in_noise"])
    assert not look_ahead(signals_of, FRAME, signals_of(FRAME), np.zeros(len(FRAME))).passed


def test_look_ahead_of_a_cheat_that_behaves_when_bars_are_missing_is_found_by_poison():
    found = examined(lambda df: only_when_whole(df, len(FRAME)))
    assert not found.passed


def test_look_ahead_of_a_strategy_that_refuses_short_history_is_checked_by_poison_there():
    def fussy(df: pd.DataFrame) -> pd.Series:
        if len(df) < 500:
            raise BadStrategyError("needs 500 bars")
        return CLEAN["sma_5_20"](df)

    found = examined(fussy)
    assert found.passed
    assert found.unchecked == ()


def test_look_ahead_of_a_strategy_that_refuses_every_rerun_does_not_pass():
    def once(df: pd.DataFrame) -> pd.Series:
        if not df.close.equals(FRAME.to_pandas().close):
            raise BadStrategyError("other bars")
        return CLEAN["sma_5_20"](df)

    found = examined(once)
    assert not found.passed
    assert found.changes == ()
    assert len(found.unchecked) >= 8


def test_look_ahead_reports_at_most_five_changes_the_earliest_first_and_counts_reruns():
    found = examined(CHEATS["shift_minus_1"])
    times = [change.time for change in found.changes]
    assert len(times) <= 5
    assert times == sorted(times)
    assert 20 <= found.reruns <= 40
    assert examined(CHEATS["shift_minus_1"]) == found


def test_poison_keeps_the_past_and_the_times_and_makes_valid_other_bars():
    spoiled = poison(FRAME, 400, "seed")
    checked = type(FRAME).of(*(getattr(spoiled, name) for name in ("ts", "open", "high", "low", "close", "volume")))
    assert checked.until(int(FRAME.ts[399])).data_hash() == FRAME.until(int(FRAME.ts[399])).data_hash()
    assert np.array_equal(checked.ts, FRAME.ts)
    assert np.mean(checked.close[400:] == FRAME.close[400:]) == 0
    assert poison(FRAME, 400, "seed").data_hash() == spoiled.data_hash()
    assert poison(FRAME, 400, "other").data_hash() != spoiled.data_hash()
