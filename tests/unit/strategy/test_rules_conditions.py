"""The second form of rules: what entry and exit conditions say on bars, and the reasons they give."""

from typing import Any

import numpy as np
import pytest

from libs.common.errors import BadStrategyError
from libs.common.values import Timeframe
from libs.market.frame import Frame
from libs.market.indicators import rsi, sma
from libs.market.resample import resample
from libs.strategy.rules import combined, each_vote, votes
from libs.strategy.rules_schema import read_rules
from libs.strategy.signals import Signals
from tests.unit.market.series import HOUR, flat, real_btc, walk

H1, H4 = Timeframe.H1, Timeframe.H4


def rules(entry: list[Any], exits: list[Any] | None = None) -> dict[str, Any]:
    both = {"entry": [{"condition": one} if isinstance(one, str) else one for one in entry]}
    return both if exits is None else both | {"exit": [{"condition": one} for one in exits]}


def run(frame: Frame, entry: list[Any], exits: list[Any] | None = None, timeframe: Timeframe | None = H1) -> Signals:
    read = read_rules(rules(entry, exits))
    each = each_vote(read, frame, timeframe)
    values = {title: column for vote in each for title, column in vote.columns.items()}
    return Signals(combined(read, each), values, frame, each)


def says(frame: Frame, entry: list[Any], exits: list[Any] | None = None) -> list[int]:
    found = votes(read_rules(rules(entry, exits)), frame, H1)
    assert found.dtype == np.int8
    return [int(action) for action in found]


def with_volume(frame: Frame, volume: list[float]) -> Frame:
    return Frame.of(frame.ts, frame.open, frame.high, frame.low, frame.close, volume)


def test_all_entries_buy_and_any_exit_sells() -> None:
    frame = flat([10, 12, 14, 16, 18, 8])
    assert says(frame, ["close > 11", "close < 17"], ["close > 15", "close < 9"]) == [0, 1, 1, -1, -1, -1]


def test_buy_and_sell_at_once_is_sell_and_the_reason_says_so() -> None:
    signals = run(flat([10, 12]), ["close > 9", "open > 9"], ["close > 11"])
    assert signals.actions.tolist() == [1, -1]
    assert signals.reason(1) == "close 12 > 11; a sell outranks the buy of close > 9 and open > 9"


def test_reason_of_a_sell_names_no_buy_that_would_not_have_happened() -> None:
    signals = run(flat([10, 12]), ["close > 9", "close > 50"], ["close > 11"])
    assert signals.reason(1) == "close 12 > 11"
    assert signals.reason(0) == "not all conditions met, only close 10 > 9"


def test_documented_rules_say_what_their_columns_say() -> None:
    frame = walk(500, seed=3)
    below, busy = rsi(frame.close) < 40, frame.volume > 1.2 * sma(frame.volume, 20)
    wanted = np.where(rsi(frame.close) > 60, -1, np.where(below & busy, 1, 0))
    assert set(wanted.tolist()) == {-1, 0, 1}
    found = says(frame, ["rsi(14) < 40", "volume > 1.2 * sma(volume, 20)"], ["rsi(14) > 60"])
    assert found == wanted.tolist()


def test_reason_of_a_buy_names_every_condition_with_both_values() -> None:
    closes = [100.0 - step for step in range(30)]
    frame = with_volume(flat(closes), [1_000.0] * 29 + [5_000.0])
    signals = run(frame, ["rsi(14) < 30", "volume > 2 * sma(volume, 20)"], ["rsi(14) > 60"])
    assert signals.reason(29) == "rsi(14) 0 < 30 and volume 5000 > 2 * sma(volume, 20) 2400"
    assert signals.values_at(29) == {"rsi(14)": 0.0, "volume": 5_000.0, "2 * sma(volume, 20)": 2_400.0}


def test_reason_shows_as_many_digits_as_make_it_true() -> None:
    signals = run(flat([29.99999, 20_231.58]), ["close < 30"], ["close > 20000"])
    assert [signals.reason(bar) for bar in (0, 1)] == ["close 29.99999 < 30", "close 20231.6 > 20000"]


def test_reason_of_crossings_chains_and_negations_is_words() -> None:
    frame = flat([10, 12, 14, 13])
    assert run(frame, ["crosses_above(close, 13)"], ["open > 99"]).reason(2) == "close 14 crossed above 13"
    assert run(frame, ["11 < close < 13"], ["open > 99"]).reason(1) == "11 < close 12 < 13"
    assert run(frame, ["not close > 13"], ["open > 99"]).reason(1) == "close 12 <= 13"
    assert run(frame, ["not crosses_above(close, 13)"], ["open > 99"]).reason(3) == "close 13 did not cross above 13"
    told = run(frame, ["close > 50 or close > 13 and open > 11"], ["open > 99"]).reason(2)
    assert told == "close 14 > 13 and open 12 > 11"
    assert run(frame, ["not (close > 13 and open > 11)"], ["open > 99"]).reason(1) == "close 12 <= 13 and open 10 <= 11"


def test_reason_of_a_cold_indicator_is_told_once() -> None:
    signals = run(walk(20), ["rsi(14) < 30"], ["rsi(14) > 60"])
    assert signals.reason(3) == "rsi(14) is not warm yet"


def test_period_longer_than_the_history_holds_with_the_reason() -> None:
    signals = run(walk(50), ["close > sma(1000)"], ["close < sma(1000)"])
    assert set(signals.actions.tolist()) == {0}
    assert signals.reason(49) == "sma(1000) is not warm yet"


def test_missing_value_behind_the_warm_up_is_not_called_a_warm_up() -> None:
    signals = run(flat([5.0] * 40), ["rsi(14) < 30"], ["1 / (close - open) > 3"])
    assert set(signals.actions.tolist()) == {0}
    assert signals.reason(30) == "rsi(14) has no value on this bar and 1 / (close - open) has no value on this bar"


@pytest.mark.parametrize(
    "condition",
    [
        "rsi(14) > 70",
        "not rsi(14) > 70",
        "not (rsi(14) > 70 and close > 0)",
        "rsi(14) != 5",
        "not rsi(14) == 5",
        "close / (open - open) > 1",
        "not close / (open - open) > 1",
        "0 / (open - open) == 0 / (open - open)",
        "shift(close, 15) > 0",
        "crosses_above(close, 0)",
    ],
)
def test_value_that_does_not_exist_is_never_a_signal(condition: str) -> None:
    assert set(says(walk(14), [condition], ["close > 1000000"])) == {0}


def test_part_that_is_known_decides_where_the_rest_does_not_matter() -> None:
    frame = walk(10)
    assert set(says(frame, ["rsi(14) > 70 or close > 0"], ["close > 1000000"])) == {1}
    assert set(says(frame, ["not (rsi(14) > 70 and close < 0)"], ["close > 1000000"])) == {1}


def test_number_beyond_float_is_no_signal() -> None:
    huge = " * ".join(["1e200", "close", "1e200"])
    assert set(says(walk(5), [f"{huge} > 1"], [f"-({huge}) < 1"])) == {0}


def test_without_an_exit_the_opposite_of_the_entry_sells() -> None:
    frame = flat([10, 12, 14, 12, 10])
    assert says(frame, ["close > 11"]) == [-1, 1, 1, 1, -1]
    assert says(frame, ["close > 11", "close < 13"]) == [-1, 1, -1, 1, -1]
    assert says(frame, ["crosses_above(close, 13)"]) == [0, 0, 1, -1, 0]
    assert says(walk(14), ["not rsi(14) > 70"]) == [0] * 14
    assert run(frame, ["close > 11"]).reason(0) == "close 10 <= 11"


def test_opposite_of_joined_parts_is_that_one_of_them_ends() -> None:
    frame = flat([10, 12, 14, 12, 10])
    assert says(frame, ["close > 11 and close < 13"]) == [-1, 1, -1, 1, -1]
    assert says(frame, ["close < 11 or close > 13"]) == [1, -1, 1, -1, 1]


def test_price_that_leaves_the_line_it_stood_on_crosses_it() -> None:
    frame = flat([13, 13, 14, 13, 12])
    assert says(frame, ["crosses_above(close, 13)"], ["crosses_below(close, 13)"]) == [0, 0, 1, 0, -1]


def test_condition_of_a_longer_timeframe_sees_its_closed_bars_only() -> None:
    frame = walk(400, seed=7)
    coarse = resample(frame, HOUR, 4 * HOUR)
    column = coarse.stretched(sma(coarse.frame.close, 5))
    closes = coarse.stretched(coarse.frame.close)
    wanted = np.where(frame.close < 0, -1, np.where(closes > column, 1, 0)).tolist()
    assert set(wanted) == {0, 1}
    assert says(frame, [{"condition": "close > sma(5)", "timeframe": "4h"}], ["close < 0"]) == wanted


def test_reason_of_a_longer_timeframe_names_it() -> None:
    signals = run(walk(60), [{"condition": "close > 1", "timeframe": "4h"}, "close > 1"], ["close < 1"])
    assert signals.reason(50).startswith("close ")
    assert " > 1 and 4h close " in signals.reason(50)
    assert set(signals.values_at(50)) == {"4h close", "close"}
    early = run(walk(3), [{"condition": "rsi(14) > 1", "timeframe": "4h"}], ["close < 1"])
    assert early.reason(2) == "4h rsi(14) is not warm yet"
    assert early.values_at(2) == {"4h rsi(14)": None, "close": early.values_at(2)["close"]}


def test_condition_of_the_own_timeframe_is_one_without_a_timeframe() -> None:
    frame = walk(300)
    named = run(frame, [{"condition": "rsi(14) < 40", "timeframe": "1h"}], ["rsi(14) > 60"])
    assert named.signal_hash == run(frame, ["rsi(14) < 40"], ["rsi(14) > 60"]).signal_hash
    assert list(named.values) == ["rsi(14)"]


@pytest.mark.parametrize("shorter", ["1m", "5m", "15m"])
def test_condition_of_a_shorter_timeframe_is_refused(shorter: str) -> None:
    given = {"entry": [{"condition": "close > 1"}, {"condition": "rsi(14) < 30", "timeframe": shorter}]}
    read = read_rules(given)
    for refused in (lambda: read.fit(H1), lambda: each_vote(read, walk(5), H1)):
        with pytest.raises(BadStrategyError) as caught:
            refused()
        assert caught.value.pointer == "/rules/entry/1/timeframe"
        assert caught.value.hint == "use 1h, 4h, 1d, or a shorter timeframe for the strategy"


def test_named_timeframe_without_knowing_the_bars_is_refused() -> None:
    read = read_rules({"entry": [{"condition": "close > 1", "timeframe": "4h"}]})
    with pytest.raises(BadStrategyError):
        each_vote(read, walk(5))
    assert len(each_vote(read_rules({"entry": [{"condition": "close > 1"}]}), walk(5))) == 2


@pytest.mark.parametrize("bars", [0, 1])
def test_frame_of_no_or_one_bar_gives_as_many_holds(bars: int) -> None:
    entry = ["crosses_above(ema(12), ema(26))", {"condition": "adx(14) > 20", "timeframe": "1d"}]
    assert says(walk(bars), entry, ["shift(close, 3) > macd().line"]) == [0] * bars


def test_words_stay_within_what_a_signal_may_carry() -> None:
    long = "close " + "+ 1 " * 90 + "> 0"
    conditions = [f"{long} and close > -{place}" for place in range(8)]
    signals = run(walk(3), conditions, [f"{one} and high > 0" for one in conditions])
    assert len(signals.reason(2)) <= 4_000
    cold = [f"sma({20 + place}) {long.removeprefix('close')}" for place in range(8)]
    assert len(run(walk(3), cold, cold).reason(2)) <= 4_000


def test_conditions_on_real_bars_give_both_sides_with_true_reasons() -> None:
    frame = real_btc().tail(5_000)
    signals = run(frame, ["rsi(14) < 30", "volume > 1.5 * sma(volume, 20)"], ["rsi(14) > 60"])
    assert set(np.unique(signals.actions)) == {-1, 0, 1}
    bar = int(np.flatnonzero(signals.actions == 1)[0])
    assert signals.reason(bar).startswith("rsi(14) 2")
    assert " < 30 and volume " in signals.reason(bar)
