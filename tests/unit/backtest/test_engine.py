"""The engine by hand-worked numbers: when a signal fills, at what price, and what it costs."""

import numpy as np
import pytest

from services.backtest.core.engine import Terms
from tests.unit.backtest.builders import frame_of, run_of

COSTS = Terms(initial_capital=1_000.0, fee=0.001, slippage=0.0002)


def test_buy_at_bar_0_fills_at_open_of_bar_1_with_fee_and_slippage():
    result = run_of([1, 0, 0], frame_of([100, 110, 120], [105, 115, 125]), COSTS)
    trades = result.trades
    assert trades.entry_index.tolist() == [1]
    assert trades.entry_price[0] == pytest.approx(110.022, abs=1e-12)
    # 1000 / (110.022 x 1.001) = 9.0800112613..., floored to 1e-8
    assert trades.quantity[0] == 9.08001126
    assert trades.entry_cost[0] == pytest.approx(999.00099885, abs=1e-9)
    assert trades.entry_fee[0] == pytest.approx(0.99900100, abs=1e-9)
    assert result.cash == pytest.approx(1.5e-7, abs=1e-12)
    assert result.equity[0] == 1_000.0
    assert result.equity[2] == pytest.approx(result.cash + 9.08001126 * 125, abs=1e-9)


def test_sell_closes_whole_holding_at_next_open():
    result = run_of([1, -1, 0], frame_of([100, 110, 120]), COSTS)
    trades = result.trades
    proceeds = round(trades.quantity[0] * 120 * 0.9998, 8)
    assert trades.exit_index.tolist() == [2]
    assert trades.exit_price[0] == pytest.approx(120 * 0.9998, abs=1e-12)
    assert trades.exit_proceeds[0] == pytest.approx(proceeds, abs=1e-8)
    assert trades.exit_fee[0] == pytest.approx(proceeds * 0.001, abs=1e-8)
    assert trades.pnl[0] == pytest.approx(result.cash - 1_000.0, abs=1e-8)
    assert trades.gain[0] == pytest.approx(trades.pnl[0] / (trades.entry_cost[0] + trades.entry_fee[0]))
    assert result.holding.tolist() == [0, 1, 0]


def test_buy_while_long_and_sell_while_flat_are_holds():
    result = run_of([-1, 1, 1, 1, -1, -1, 0], frame_of([100] * 7))
    assert result.trades.entry_index.tolist() == [2]
    assert result.trades.exit_index.tolist() == [5]


def test_fraction_spends_that_share_of_the_cash_at_the_decision():
    result = run_of([1, 0], frame_of([100, 50]), Terms(fee=0.0, slippage=0.0, fraction=0.25))
    assert result.trades.entry_cost[0] == 2_500.0
    assert result.trades.quantity[0] == 50.0
    assert result.cash == 7_500.0


def test_position_mode_zero_and_minus_one_are_flat():
    frame = frame_of([100] * 7)
    result = run_of([1, 1, 0, 1, -1, 0, 0], frame, position_mode=True)
    assert result.trades.entry_index.tolist() == [1, 4]
    assert result.trades.exit_index.tolist() == [3, 5]
    assert run_of([1, 1, 0, 1, -1, 0, 0], frame).trades.exit_index.tolist() == [5]


def test_signal_on_last_bar_stays_pending():
    assert run_of([0, 0, 1], frame_of([100] * 3)).pending == 1
    assert run_of([1, 0, -1], frame_of([100] * 3)).pending == -1
    assert run_of([1, -1, 0], frame_of([100] * 3)).pending == 0
    assert run_of([0, 1, 1], frame_of([100] * 3)).pending == 0


def test_open_position_at_the_end_is_marked_at_the_last_close_without_exit_fee():
    result = run_of([1, 0, 0], frame_of([100, 100, 100], [100, 100, 130]), Terms(fee=0.001, slippage=0.0))
    trades = result.trades
    assert trades.exit_index.tolist() == [-1]
    assert trades.exit_price[0] == 130
    assert trades.exit_fee[0] == 0
    assert trades.pnl[0] == pytest.approx(result.equity[-1] - 10_000, abs=1e-7)


def test_equity_used_up_ends_the_run():
    # the whole capital is one money step; the sale is worth less than half a step, which rounds to nothing
    frame = frame_of([1e-4, 1e-4, 1e-5, 1e-5, 1e-4, 1e-4])
    result = run_of([1, -1, 1, 1, 1, 1], frame, Terms(initial_capital=1e-8, fee=0.0, slippage=0.0))
    assert result.ruined_at == 2
    assert result.equity[2:].tolist() == [0, 0, 0, 0]
    assert result.holding[2:].tolist() == [0, 0, 0, 0]
    assert len(result.trades.pnl) == 1
    assert result.pending == 0


def test_buy_that_affords_no_lot_does_nothing():
    result = run_of([1, 0, -1], frame_of([100.0] * 3), Terms(initial_capital=1.0, fee=0.0, slippage=0.0, lot=1.0))
    assert len(result.trades.pnl) == 0
    assert result.cash == 1.0


def test_actions_of_another_length_are_refused():
    with pytest.raises(ValueError, match="2 actions for 3 bars"):
        run_of([1, 0], frame_of([100] * 3))
    with pytest.raises(ValueError, match="0 actions for 0 bars"):
        run_of([], frame_of([100] * 3).tail(0))


def test_read_only_strided_columns_run_as_contiguous_ones():
    frame = frame_of([100, 110, 90, 120, 80, 100])
    block = np.column_stack((frame.open, frame.close))
    block.flags.writeable = False
    strided = type(frame)(frame.ts, block[:, 0], frame.high, frame.low, block[:, 1], frame.volume)
    actions = [1, 0, -1, 1, -1, 0]
    assert run_of(actions, strided).equity.tolist() == run_of(actions, frame).equity.tolist()
