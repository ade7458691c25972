from typing import Any

import numpy as np
import pytest

from libs.market.frame import Frame
from libs.market.indicators import ema, macd, rsi, sma
from libs.strategy.rules import apart, votes
from libs.strategy.rules_schema import read_rules
from tests.unit.market.series import flat, walk


def says(frame: Frame, combine: str = "any", **indicators: Any) -> list[int]:
    found = votes(read_rules({"combine": combine, "indicators": indicators}), frame)
    assert found.dtype == np.int8
    return [int(action) for action in found]


def test_rsi_votes_below_and_above_its_thresholds_on_every_bar() -> None:
    frame = walk(300, seed=2)
    column = rsi(frame.close, 5)
    wanted = [1 if value < 25 else -1 if value > 80 else 0 for value in column]
    assert set(wanted) == {-1, 0, 1}
    assert says(frame, rsi={"period": 5, "buy_below": 25, "sell_above": 80}) == wanted


def test_rsi_exactly_on_a_threshold_does_not_vote() -> None:
    frame = flat([10.0, 11.0, 10.0])
    assert rsi(frame.close, 2)[2] == 50.0
    assert says(frame, rsi={"period": 2, "buy_below": 50, "sell_above": 60}) == [0, 0, 0]
    assert says(frame, rsi={"period": 2, "buy_below": 40, "sell_above": 50}) == [0, 0, 0]


@pytest.mark.parametrize("name", ["ema", "sma"])
def test_average_votes_on_the_bar_of_the_crossing_only(name: str) -> None:
    # means of 2: -, 10, 9, 9, 11, 11, 9; close is at, below, above, above, below, below
    frame = flat([10, 10, 8, 10, 12, 10, 8])
    column = {"ema": ema, "sma": sma}[name](frame.close, 2)
    above = frame.close > column
    assert above[1:].tolist() == [False, False, True, True, False, False]
    rule: Any = {name: {"period": 2}}
    assert says(frame, **rule) == [0, 0, -1, 1, 0, -1, 0]


def test_price_that_leaves_the_average_it_stood_on_crosses_it() -> None:
    assert says(flat([10, 10, 12]), ema={"period": 2}) == [0, 0, 1]
    assert says(flat([10, 10, 8]), ema={"period": 2}) == [0, 0, -1]


def test_average_with_one_crossing_switched_off_votes_the_other_way_only() -> None:
    frame = walk(200)
    both = says(frame, ema={"period": 5})
    assert says(frame, ema={"period": 5, "buy_crosses_above": False}) == [min(0, action) for action in both]
    assert says(frame, ema={"period": 5, "sell_crosses_below": False}) == [max(0, action) for action in both]


def test_first_warm_bar_is_no_crossing() -> None:
    frame = flat([10, 10, 10, 20])
    assert says(frame, ema={"period": 4}) == [0, 0, 0, 0]


def test_macd_votes_where_its_line_crosses_the_signal_line() -> None:
    frame = walk(300)
    line, signal, _ = macd(frame.close, 5, 10, 3)
    wanted = [0] * 300
    for bar in range(1, 300):
        if line[bar - 1] <= signal[bar - 1] and line[bar] > signal[bar]:
            wanted[bar] = 1
        if line[bar - 1] >= signal[bar - 1] and line[bar] < signal[bar]:
            wanted[bar] = -1
    assert set(wanted) == {-1, 0, 1}
    assert says(frame, macd={"fast": 5, "slow": 10, "signal": 3}) == wanted


def test_any_takes_one_vote_and_sell_beats_buy() -> None:
    frame = walk(500)
    one = says(frame, rsi={"period": 5})
    other = says(frame, ema={"period": 20})
    assert any(pair in ((1, -1), (-1, 1)) for pair in zip(one, other, strict=True))
    wanted = [-1 if -1 in pair else max(pair) for pair in zip(one, other, strict=True)]
    assert says(frame, rsi={"period": 5}, ema={"period": 20}) == wanted


def test_all_needs_every_vote() -> None:
    frame = walk(500)
    one = says(frame, ema={"period": 5})
    other = says(frame, sma={"period": 6})
    wanted = [first if first == second else 0 for first, second in zip(one, other, strict=True)]
    assert set(wanted) == {-1, 0, 1}
    assert says(frame, "all", ema={"period": 5}, sma={"period": 6}) == wanted


def test_all_with_an_indicator_that_is_not_warm_never_votes() -> None:
    assert set(says(walk(200), "all", rsi={"period": 5}, sma={"period": 500})) == {0}


def test_frame_of_no_or_one_bar_gives_as_many_holds() -> None:
    every: dict[str, Any] = {"rsi": {}, "ema": {}, "sma": {}, "macd": {}}
    assert says(Frame.empty(), **every) == []
    assert says(walk(1), **every) == [0]


def test_price_that_never_moves_never_votes() -> None:
    assert set(says(flat([5.0] * 100), rsi={}, ema={}, sma={}, macd={})) == {0}


@pytest.mark.parametrize(
    ("value", "other", "digits", "shown"),
    [
        (27.4123, 30.0, 3, ("27.4", "30")),
        (29.99999, 30.0, 3, ("29.99999", "30")),
        (0.00001234, 0.00001235, 6, ("0.00001234", "0.00001235")),
        (20_231.58, 20_078.508887, 6, ("20231.6", "20078.5")),
        (1_234_567.0, 2_000_000.0, 6, ("1234570", "2000000")),
    ],
)
def test_numbers_in_reasons_are_short_and_look_different(
    value: float, other: float, digits: int, shown: tuple[str, str]
) -> None:
    assert apart(value, other, digits) == shown
