"""The engine against a slow reference in exact decimals, on random bars and signals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.backtest.core.engine import Terms
from tests.unit.backtest.builders import frame_of, run_of
from tests.unit.backtest.reference import expected

bars = st.lists(
    st.tuples(st.floats(-0.3, 0.4), st.floats(-0.3, 0.4), st.sampled_from([-1, 0, 1])), min_size=2, max_size=60
)
terms = st.fixed_dictionaries(
    {
        "initial_capital": st.sampled_from([10_000.0, 123.456789, 1_000_000.0]),
        "fraction": st.sampled_from([1.0, 0.1, 0.333]),
        "fee": st.sampled_from([0.0, 0.001, 0.0175]),
        "slippage": st.sampled_from([0.0, 0.0002, 0.01]),
    }
)


def prices_of(steps, first):
    opens, closes, price = [], [], first
    for to_open, to_close, _ in steps:
        opens.append(max(1.0, price * (1 + to_open / 10)))
        price = max(1.0, opens[-1] * (1 + to_close))
        closes.append(price)
    return opens, closes


@settings(max_examples=150, deadline=None, derandomize=True)
@given(bars, terms, st.sampled_from([1.5, 100.0, 61_234.56]), st.booleans())
def test_engine_equals_exact_reference_on_random_input(steps, cost, first, position_mode):
    opens, closes = prices_of(steps, first)
    actions = [action for _, _, action in steps]
    want = expected(actions, opens, closes, cost, position_mode)
    got = run_of(actions, frame_of(opens, closes), Terms(**cost), position_mode)
    close_enough = 1e-9 * cost["initial_capital"]
    assert got.trades.entry_index.tolist() == want.entries
    assert got.trades.exit_index.tolist() == want.exits
    assert got.trades.quantity == pytest.approx([float(q) for q in want.quantities], rel=1e-9, abs=1.01e-8)
    assert got.equity == pytest.approx([float(e) for e in want.equity], rel=1e-9, abs=close_enough)
    assert got.trades.pnl == pytest.approx([float(p) for p in want.profits], rel=1e-9, abs=close_enough)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(bars, terms)
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
@given(bars, terms, st.data())
def test_engine_on_a_prefix_is_the_prefix_of_the_whole(steps, cost, data):
    opens, closes = prices_of(steps, 100.0)
    cut = data.draw(st.integers(1, len(steps)))
    actions = [action for _, _, action in steps]
    whole = run_of(actions, frame_of(opens, closes), Terms(**cost))
    part = run_of(actions[:cut], frame_of(opens[:cut], closes[:cut]), Terms(**cost))
    np.testing.assert_array_equal(part.equity, whole.equity[:cut])
