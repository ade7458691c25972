"""The engine by hand-worked numbers: when a signal fills, at what price, and what it costs."""

import numpy as np
import pytest

from libs.market.frame import Frame
from services.backtest.core.engine import EXIT_REASONS, Terms, run
from tests.unit.backtest.builders import HOUR_MS, START_MS, frame_of, run_of

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


def bars_of(*rows, volume=1.0):
    """Return bars of (open, high, low, close)."""
    columns = np.array(rows, np.float64).T
    ts = START_MS + HOUR_MS * np.arange(len(rows), dtype=np.int64)
    volumes = np.full(len(rows), volume) if np.isscalar(volume) else np.array(volume, np.float64)
    return Frame.of(ts, *columns, volumes)


def guarded(*rows, actions=(1, 0, 0, 0, 0), terms=None, **modes):
    frame = bars_of((100, 100, 100, 100), *rows)
    given = {"fee": 0.0, "slippage": 0.0, **(terms or {})}
    modes = {"position_mode": False, **modes}
    return run(np.array(actions[: len(frame)], np.int8), frame, Terms(**given), **modes)


def exits(result):
    book = result.trades
    reasons = [EXIT_REASONS[code] for code in book.exit_reason]
    return list(zip(book.exit_index.tolist(), book.exit_price.round(9).tolist(), reasons, strict=True))


@pytest.mark.parametrize(
    ("bar", "price", "reason"),
    [
        ((100, 101, 95, 96), 95.0, "stop_loss"),
        ((100, 110, 99, 109), 110.0, "take_profit"),
        ((100, 120, 90, 100), 95.0, "stop_loss"),
    ],
)
def test_guard_touched_in_the_entry_bar_fills_at_its_level_stop_first(bar, price, reason):
    result = guarded(bar, (100, 100, 100, 100), terms={"stop_loss": 0.05, "take_profit": 0.1})
    assert exits(result) == [(1, price, reason)]
    assert result.holding.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("gap", "price", "reason"), [((90, 92, 88, 91), 90.0, "stop_loss"), ((115, 116, 112, 113), 115.0, "take_profit")]
)
def test_guard_jumped_over_by_a_gap_fills_at_the_open(gap, price, reason):
    result = guarded((100, 101, 99, 100), gap, terms={"stop_loss": 0.05, "take_profit": 0.1})
    assert exits(result) == [(2, price, reason)]


def test_stop_pays_slippage_and_a_target_does_not():
    stopped = guarded((100, 101, 90, 95), terms={"stop_loss": 0.05, "slippage": 0.01})
    # entry 101, level 95.95, sold one percent below
    assert exits(stopped) == [(1, pytest.approx(95.95 * 0.99), "stop_loss")]
    reached = guarded((100, 120, 100, 115), terms={"take_profit": 0.1, "slippage": 0.01})
    assert exits(reached) == [(1, pytest.approx(111.1), "take_profit")]


def test_trailing_stop_follows_the_best_price_of_the_bars_before():
    rows = [(100, 120, 100, 119), (119, 119, 109, 110), (110, 110, 100, 105)]
    result = guarded(*rows, terms={"trailing_stop": 0.1})
    # the peak of 120 counts from the next bar on: level 108, touched two bars later
    assert exits(result) == [(3, 108.0, "trailing_stop")]


def test_signal_exit_at_the_open_comes_before_a_guard_in_the_same_bar():
    result = guarded((100, 100, 100, 100), (99, 99, 90, 90), actions=(1, -1, 0), terms={"stop_loss": 0.05})
    assert exits(result) == [(2, 99.0, "signal")]


def test_position_mode_stays_out_after_a_stop_until_the_series_changes():
    rows = [(100, 100, 90, 95), (95, 95, 95, 95), (95, 95, 95, 95), (95, 95, 95, 95), (95, 95, 95, 95)]
    result = guarded(*rows, actions=(1, 1, 1, 0, 1, 1), terms={"stop_loss": 0.05}, position_mode=True)
    assert result.trades.entry_index.tolist() == [1, 5]


def test_action_mode_may_buy_again_after_a_stop():
    rows = [(100, 100, 90, 95), (96, 97, 96, 96)]
    result = guarded(*rows, actions=(1, 1, 0), terms={"stop_loss": 0.05})
    assert result.trades.entry_index.tolist() == [1, 2]


def test_short_sells_first_and_earns_when_the_price_falls():
    result = guarded((100, 100, 100, 100), (80, 80, 80, 80), actions=(-1, 1, 0), allow_short=True, terms={"fee": 0.001})
    book = result.trades
    # 10000 / 100 / 1.001 = 99.90009990, sold at 100 and bought back at 80, then reversed into a long at 80
    assert book.side.tolist() == [-1, 1]
    assert book.quantity[0] == 99.9000999
    assert book.pnl[0] == pytest.approx(99.9000999 * 20 - 9.99000999 - 7.99200799, abs=1e-7)
    assert book.gain[0] == pytest.approx(book.pnl[0] / 10_000, abs=1e-9)
    assert book.entry_index.tolist() == [1, 2]
    assert result.holding.tolist() == [0, -1, 1]


def test_sell_without_allow_short_opens_nothing():
    result = guarded((100, 100, 100, 100), (80, 80, 80, 80), actions=(-1, -1, 0))
    assert len(result.trades.pnl) == 0


def test_short_stop_is_above_and_its_target_below_the_entry():
    terms = {"stop_loss": 0.05, "take_profit": 0.1}
    stopped = guarded((100, 106, 80, 100), actions=(-1, 0), allow_short=True, terms=terms)
    assert exits(stopped) == [(1, 105.0, "stop_loss")]
    reached = guarded((100, 101, 80, 85), actions=(-1, 0), allow_short=True, terms=terms)
    assert exits(reached) == [(1, 90.0, "take_profit")]


def test_short_is_ruined_inside_the_bar_that_uses_up_the_equity():
    result = guarded(
        (100, 100, 100, 100), (150, 210, 140, 150), (90, 90, 90, 90), actions=(-1, 0, 0, 0), allow_short=True
    )
    assert result.ruined_at == 2
    assert exits(result) == [(2, 200.0, "ruin")]
    assert result.equity.tolist() == [10_000, 10_000, 0, 0]


def test_short_that_opens_beyond_its_ruin_owes_the_rest():
    result = guarded((100, 100, 100, 100), (230, 230, 220, 225), actions=(-1, 0, 0), allow_short=True)
    assert exits(result) == [(2, 230.0, "ruin")]
    assert result.cash == -3_000
    assert result.equity[-1] == 0


def test_volume_cap_spreads_an_entry_over_bars_and_averages_its_price():
    frame = bars_of(*[(100, 100, 100, 100)] * 2, *[(50, 50, 50, 50)] * 3, volume=[9, 600, 600, 600, 600])
    result = run(
        np.array([1, 0, 0, 0, 0], np.int8), frame, Terms(fee=0, slippage=0, volume_cap=0.1), position_mode=False
    )
    book = result.trades
    # 60 units at 100, then the remaining 4,000 buys 60 and 20 units at 50
    assert book.quantity.tolist() == [140.0]
    assert book.entry_price[0] == pytest.approx(10_000 / 140)
    assert (book.entry_index.tolist(), result.cash, result.pending) == ([1], 0.0, 0)


def test_volume_cap_spreads_an_exit_and_a_buy_meanwhile_is_a_hold():
    frame = bars_of(*[(100, 100, 100, 100)] * 6, volume=[1_000, 1_000, 400, 400, 400, 0])
    actions = np.array([1, -1, 1, 0, 0, 0], np.int8)
    book = run(actions, frame, Terms(fee=0, slippage=0, volume_cap=0.1), position_mode=False).trades
    assert book.exit_index.tolist() == [4]
    assert book.exit_proceeds.tolist() == [10_000.0]


def test_volume_cap_without_volume_keeps_the_order_in_work():
    frame = bars_of(*[(100, 100, 100, 100)] * 3, volume=0.0)
    result = run(np.array([1, 0, 0], np.int8), frame, Terms(volume_cap=0.1), position_mode=False)
    assert (len(result.trades.pnl), result.pending) == (0, 1)


def test_sell_drops_what_is_left_of_a_buy_in_work():
    frame = bars_of(*[(100, 100, 100, 100)] * 5, volume=100)
    result = run(np.array([1, -1, 0, 0, 0], np.int8), frame, Terms(volume_cap=0.1), position_mode=False)
    assert result.trades.quantity.tolist() == [10.0]
    assert (result.trades.exit_index.tolist(), result.pending) == ([2], 0)


def test_horizon_sells_that_many_bars_after_the_entry():
    result = guarded(*[(100, 100, 100, 100)] * 7, actions=(1, 1, 1, 1, 0, 0, 0, 0), horizon=2)
    # the flag at bar 2 meets a holding, the one at bar 3 buys again
    assert result.trades.entry_index.tolist() == [1, 4]
    assert exits(result) == [(3, 100.0, "horizon"), (6, 100.0, "horizon")]
