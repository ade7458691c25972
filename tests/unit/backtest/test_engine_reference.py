"""The engine against a slow reference in exact decimals, on seeded random bars, signals and terms."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from libs.market.frame import Frame
from services.backtest.core import engine
from services.backtest.core.engine import EXIT_REASONS, Result, Terms, run
from tests.unit.backtest.builders import HOUR_MS, START_MS, frame_of, run_of
from tests.unit.backtest.reference import Bar, Expected, expected

QUICK, FULL, RUINED = 250, 10_000, 1794


def market_of(chance: np.random.Generator) -> Frame:
    count = int(chance.integers(2, 50))
    scale = float(chance.choice([0.003, 1.5, 100.0, 61_234.56]))
    move = float(chance.choice([0.002, 0.02, 0.3]))
    opens, closes, price = np.empty(count), np.empty(count), scale
    for t in range(count):
        opens[t] = price * np.exp(chance.normal(0, move * chance.choice([0.0, 0.3, 1.5])))
        price = closes[t] = opens[t] * np.exp(chance.normal(0, move))
    high = np.maximum(opens, closes) * np.exp(np.abs(chance.normal(0, move, count)))
    low = np.minimum(opens, closes) * np.exp(-np.abs(chance.normal(0, move, count)))
    volume = np.where(chance.random(count) < 0.1, 0.0, chance.exponential(20_000 / scale, count))
    return Frame.of(START_MS + HOUR_MS * np.arange(count, dtype=np.int64), opens, high, low, closes, volume)


def terms_of(chance: np.random.Generator) -> dict[str, float]:
    def one(*values: float) -> float:
        return float(chance.choice(values))

    return {
        "initial_capital": one(10_000.0, 123.456789, 1_000_000.0),
        "fraction": one(1.0, 0.1, 0.333),
        "fee": one(0.0, 0.001, 0.0175),
        "slippage": one(0.0, 0.0002, 0.01),
        "stop_loss": one(0.0, 0.0, 0.003, 0.05, 0.4),
        "take_profit": one(0.0, 0.0, 0.003, 0.05, 0.4),
        "trailing_stop": one(0.0, 0.0, 0.003, 0.05, 0.4),
        "volume_cap": one(0.0, 0.0, 0.01, 0.2, 1.0),
    }


def assert_same(got: Result, want: Expected, frame: Frame, capital: float) -> None:
    book = got.trades
    near = 1e-9 * capital
    assert book.entry_index.tolist() == [trade.entries[0].bar for trade in want.trades]
    assert book.exit_index.tolist() == [-1 if trade.units else trade.exits[-1].bar for trade in want.trades]
    assert book.side.tolist() == [trade.side for trade in want.trades]
    reasons = ["open" if trade.units else trade.reason for trade in want.trades]
    assert [EXIT_REASONS[code] for code in book.exit_reason] == reasons
    quantities = [float(abs(sum(fill.units for fill in trade.entries))) for trade in want.trades]
    assert book.quantity == pytest.approx(quantities, rel=1e-9, abs=2.01e-8)
    assert book.entry_price == pytest.approx([trade.price for trade in want.trades], rel=1e-9)
    assert got.equity == pytest.approx([float(e) for e in want.equity], rel=1e-9, abs=near)
    profits = [float(trade.profit(float(frame.close[-1]))) for trade in want.trades]
    assert book.pnl == pytest.approx(profits, rel=1e-9, abs=near)
    assert got.cash == pytest.approx(float(want.cash), rel=1e-9, abs=near)
    assert (got.ruined_at, got.pending) == (want.ruined_at, want.pending)


def case_of(seed: int) -> tuple[Frame, dict[str, float], NDArray[np.int8], dict[str, Any]]:
    """Return bars, terms, actions and modes of one random case."""
    chance = np.random.default_rng(seed)
    frame, terms = market_of(chance), terms_of(chance)
    actions = chance.choice([-1, 0, 1], len(frame), p=chance.choice([[0.3, 0.4, 0.3], [0.05, 0.9, 0.05]]))
    modes = {
        "position_mode": bool(chance.random() < 0.5),
        "allow_short": bool(chance.random() < 0.5),
        "horizon": int(chance.choice([0, 0, 0, 1, 5])),
    }
    return frame, terms, actions.astype(np.int8), modes


def compare(seeds: Iterable[int]) -> set[str]:
    """Compare engine and reference case by case; return the reasons for which trades ended, so that a test sees what it saw."""
    seen: set[str] = set()
    for seed in seeds:
        frame, terms, actions, modes = case_of(seed)
        got = run(actions, frame, Terms(**terms), **modes)
        columns = zip(frame.open, frame.high, frame.low, frame.close, frame.volume, strict=True)
        want = expected(actions.tolist(), [Bar(*map(float, row)) for row in columns], terms, **modes)
        try:
            assert_same(got, want, frame, terms["initial_capital"])
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from None
        seen |= {trade.reason for trade in want.trades}
    return seen


def test_engine_equals_exact_reference_on_random_cases():
    assert compare([*range(QUICK), RUINED]) == set(EXIT_REASONS)


@pytest.mark.full
def test_engine_equals_exact_reference_on_ten_thousand_random_cases():
    compare(range(QUICK, FULL + QUICK))


bars = st.lists(
    st.tuples(st.floats(-0.3, 0.4), st.floats(-0.3, 0.4), st.sampled_from([-1, 0, 1])), min_size=2, max_size=60
)
costs = st.fixed_dictionaries(
    {
        "initial_capital": st.sampled_from([10_000.0, 123.456789, 1_000_000.0]),
        "fraction": st.sampled_from([1.0, 0.1, 0.333]),
        "fee": st.sampled_from([0.0, 0.001, 0.0175]),
        "slippage": st.sampled_from([0.0, 0.0002, 0.01]),
        "stop_loss": st.sampled_from([0.0, 0.05]),
    }
)


def prices_of(steps, first):
    opens, closes, price = [], [], first
    for to_open, to_close, _ in steps:
        opens.append(max(1.0, price * (1 + to_open / 10)))
        price = max(1.0, opens[-1] * (1 + to_close))
        closes.append(price)
    return opens, closes


@settings(max_examples=60, deadline=None, derandomize=True)
@given(bars, costs)
def test_engine_keeps_every_unit_of_money(steps, cost):
    opens, closes = prices_of(steps, 100.0)
    result = run_of([action for _, _, action in steps], frame_of(opens, closes), Terms(**cost))
    trades = result.trades
    is_open = trades.exit_index < 0
    came_in = float((trades.exit_proceeds - trades.exit_fee)[~is_open].sum())
    went_out = float((trades.entry_cost + trades.entry_fee).sum())
    assert result.cash == pytest.approx(cost["initial_capital"] + came_in - went_out, abs=1e-6)
    assert result.cash >= 0
    assert result.equity[-1] == pytest.approx(
        result.cash + float((trades.quantity * closes[-1])[is_open].sum()), rel=1e-12
    )


@settings(max_examples=60, deadline=None, derandomize=True)
@given(bars, costs, st.booleans(), st.data())
def test_engine_on_a_prefix_is_the_prefix_of_the_whole(steps, cost, allow_short, data):
    opens, closes = prices_of(steps, 100.0)
    cut = data.draw(st.integers(1, len(steps)))
    actions = np.array([action for _, _, action in steps], np.int8)
    whole = run(actions, frame_of(opens, closes), Terms(**cost), position_mode=False, allow_short=allow_short)
    part = run(
        actions[:cut],
        frame_of(opens[:cut], closes[:cut]),
        Terms(**cost),
        position_mode=False,
        allow_short=allow_short,
    )
    np.testing.assert_array_equal(part.equity, whole.equity[:cut])


def test_trades_never_overlap():
    for seed in range(40):
        chance = np.random.default_rng(seed)
        frame, terms = market_of(chance), terms_of(chance)
        actions = chance.integers(-1, 2, len(frame)).astype(np.int8)
        book = run(actions, frame, Terms(**terms), position_mode=False, allow_short=True).trades
        spans = list(zip(book.entry_index.tolist(), book.exit_index.tolist(), strict=True))
        assert all(before[1] <= after[0] for before, after in pairwise(spans))


def test_table_of_trades_is_large_enough_for_a_trade_at_every_action(monkeypatch):
    monkeypatch.setattr(engine, "_LONG", 1)
    compare(range(40))
