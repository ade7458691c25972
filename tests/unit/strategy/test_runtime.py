from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.market.frame import Frame
from libs.market.indicators import rsi
from libs.strategy.runtime import Signals, evaluate
from libs.strategy.spec import parse
from tests.unit.market.series import flat, real_btc, walk

BOTH: dict[str, Any] = {"rsi": {"period": 14, "buy_below": 30, "sell_above": 70}, "ema": {"period": 20}}


def run(frame: Frame, combine: str = "any", **indicators: Any) -> Signals:
    rules = {"combine": combine, "indicators": indicators}
    return evaluate(parse(rules=rules, symbols=["BTCUSDT"]), frame)


def bar_where(signals: Signals, **titles: str) -> int:
    for bar in range(len(signals)):
        if all(getattr(vote, titles[vote.title[:3]])[bar] for vote in signals.votes if vote.title[:3] in titles):
            return bar
    raise AssertionError(f"no bar with {titles}")


def test_reason_of_a_buy_names_value_and_threshold() -> None:
    signals = run(walk(300), rsi={})
    bar = int(np.flatnonzero(signals.actions == 1)[0])
    value = float(signals.values["rsi(14)"][bar])
    assert signals.reason(bar) == f"rsi(14) {value:.3g} < 30"
    assert signals.values_at(bar) == {"rsi(14)": value}


def test_reason_of_crossings_names_both_values() -> None:
    signals = run(flat([10, 10, 8, 10, 12, 10, 8]), ema={"period": 2})
    assert signals.reason(3).startswith("close 10 crossed above ema(2) 9.")
    assert signals.reason(2).startswith("close 8 crossed below ema(2) 8.")


def test_reason_of_macd_names_its_signal_line() -> None:
    signals = run(walk(300), macd={})
    bar = int(np.flatnonzero(signals.actions == -1)[0])
    line, signal = (float(signals.values[title][bar]) for title in ("macd(12,26)", "signal(9)"))
    assert line < signal
    assert signals.reason(bar).startswith("macd(12,26) ")
    assert " crossed below signal(9) " in signals.reason(bar)


def test_reason_of_a_hold_says_what_is_missing() -> None:
    signals = run(walk(300), **BOTH)
    assert signals.reason(0) == "ema(20) is not warm yet and rsi(14) is not warm yet"
    assert signals.values_at(0)["rsi(14)"] is None
    quiet = next(bar for bar in range(20, 300) if signals.actions[bar] == 0)
    assert signals.reason(quiet) == "no condition met"


def test_reason_of_a_sell_that_outranks_a_buy_says_so() -> None:
    signals = run(walk(2_000), rsi={"period": 5}, ema={})
    bar = bar_where(signals, rsi="buy", ema="sell")
    assert signals.actions[bar] == -1
    assert signals.reason(bar).endswith("; a sell outranks the buy of rsi(5)")


def test_reason_of_all_with_one_vote_missing_names_the_one_that_fired() -> None:
    signals = run(walk(300), "all", **BOTH)
    bar = next(bar for bar in range(20, 300) if signals.votes[1].buy[bar] and not signals.votes[0].buy[bar])
    assert signals.reason(bar).startswith("not all conditions met, only rsi(14) ")


def test_reason_of_all_with_every_vote_names_every_one() -> None:
    signals = run(walk(500), "all", ema={"period": 5}, sma={"period": 6})
    bar = int(np.flatnonzero(signals.actions == 1)[0])
    assert " ema(5) " in signals.reason(bar)
    assert " and close " in signals.reason(bar)


def test_reason_of_a_price_that_stands_still_does_not_claim_warm_up() -> None:
    assert run(flat([5.0] * 40), rsi={}).reason(30) == "rsi(14) has no value: the price stood still"


def test_period_longer_than_history_holds_with_the_reason() -> None:
    signals = run(walk(50), sma={"period": 1_000})
    assert set(signals.actions) == {0}
    assert signals.reason(49) == "sma(1000) is not warm yet"


def test_no_bars_give_no_signals() -> None:
    signals = run(Frame.empty(), **BOTH)
    assert len(signals) == 0
    assert len(signals.signal_hash) == 64


def test_signal_hash_depends_on_signals_and_bars_only() -> None:
    frame = walk(300)
    first = run(frame, rsi={"buy_below": 30.0})
    assert run(frame, rsi={}).signal_hash == first.signal_hash
    assert run(frame, rsi={"buy_below": 35}).signal_hash != first.signal_hash
    assert run(walk(10, seed=2), rsi={}).signal_hash != run(walk(10), rsi={}).signal_hash


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 150),
    st.integers(0, 5),
    st.sampled_from(["any", "all"]),
    st.sets(st.sampled_from(["rsi", "ema", "sma", "macd"]), min_size=1),
)
def test_evaluate_of_a_prefix_equals_the_full_run(cut: int, seed: int, combine: str, names: set[str]) -> None:
    small: dict[str, Any] = {
        "rsi": {"period": 5, "buy_below": 40, "sell_above": 60},
        "ema": {"period": 8},
        "sma": {"period": 7},
        "macd": {"fast": 4, "slow": 9, "signal": 3},
    }
    frame = walk(150, seed)
    whole = run(frame, combine, **{name: small[name] for name in names})
    prefix = run(
        frame.tail(150).between(None, int(frame.ts[0]) + 3_600_000 * cut), combine, **{n: small[n] for n in names}
    )
    assert len(prefix) == cut
    assert prefix.actions.tolist() == whole.actions[:cut].tolist()
    for bar in range(cut):
        assert prefix.reason(bar) == whole.reason(bar)
        assert prefix.values_at(bar) == whole.values_at(bar)


@pytest.mark.parametrize("bars", [2_160, 46_981])
def test_evaluate_on_real_bars_gives_both_sides(bars: int) -> None:
    frame = real_btc().tail(bars)
    signals = run(frame, **BOTH)
    assert set(np.unique(signals.actions)) == {-1, 0, 1}
    assert np.array_equal(signals.values["rsi(14)"], rsi(frame.close), equal_nan=True)
