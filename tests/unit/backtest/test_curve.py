"""Trades as columns and several symbols as one curve."""

import numpy as np
import pytest

from libs.common.values import Timeframe
from services.backtest.core.curve import combine, curve_of, portfolio_curve
from services.backtest.core.engine import Terms, run
from services.backtest.core.engine_portfolio import run_portfolio
from services.backtest.core.metrics import measure
from tests.unit.backtest.builders import HOUR_MS, START_MS, curve, frame_of, run_of, walk


def test_excursions_span_the_bars_held():
    frame = frame_of([100, 100, 90, 130, 120, 100], [100, 95, 125, 128, 119, 100])
    trades = curve([1, 0, 0, -1, 0, 0], frame).trades
    assert trades.bars.tolist() == [3]
    assert trades.mae[0] == pytest.approx(-0.10)
    assert trades.mfe[0] == pytest.approx(0.30)


def test_excursions_of_a_short_are_turned_around():
    frame = frame_of([100, 100, 90, 130, 120, 100], [100, 95, 125, 128, 119, 100])
    result = run(
        np.array([-1, 0, 0, 1, 0, 0], np.int8), frame, Terms(fee=0, slippage=0), position_mode=True, allow_short=True
    )
    trades = curve_of("X", frame, result, 10_000).trades
    assert trades.side[0] == -1
    assert trades.bars[0] == 1
    assert (trades.mae[0], trades.mfe[0]) == (0, pytest.approx(0.1))


def test_excursions_of_a_trade_stopped_in_its_entry_bar_know_its_prices_alone():
    frame = frame_of([100, 100, 100], [100, 100, 100])
    wide = type(frame)(frame.ts, frame.open, frame.high + 50, frame.low - 50, frame.close, frame.volume)
    result = run(np.array([1, 0, 0], np.int8), wide, Terms(fee=0, slippage=0, stop_loss=0.05), position_mode=False)
    trades = curve_of("X", wide, result, 10_000).trades
    assert trades.bars.tolist() == [0]
    assert (trades.mae[0], trades.mfe[0]) == (pytest.approx(-0.05), 0)


def test_bitcoin_line_holds_the_whole_capital_where_it_is_traded():
    frames = {"BTCUSDT": frame_of([100, 120, 120]), "ETHUSDT": frame_of([50, 50, 50])}
    idle = {name: np.zeros(3, np.int8) for name in frames}
    purse = portfolio_curve(run_portfolio(idle, frames, Terms()), frames, 10_000.0)
    parts = [curve_of(name, frame, run_of(idle[name], frame), 5_000.0) for name, frame in frames.items()]
    for joint in (purse, combine(parts)):
        assert joint.bitcoin.tolist() == pytest.approx([12_000, 12_000, 12_000])
        values = measure(joint, Timeframe.H1, "crypto").values
        assert (values["btc_return"], values["benchmark_return"]) == (pytest.approx(0.2), pytest.approx(0.1))
    assert measure(parts[1], Timeframe.H1, "crypto").reasons["btc_beta"] == "the run has no Bitcoin symbol"


def test_open_trade_has_no_exit_time_and_counts_to_the_last_bar():
    trades = curve([0, 1, 0, 0], frame_of([100] * 4)).trades
    assert trades.exit_time.tolist() == [-1]
    assert trades.entry_time.tolist() == [START_MS + 2 * HOUR_MS]
    assert trades.bars.tolist() == [2]
    assert trades.closed == 0


def test_two_symbols_add_up_on_the_union_of_their_bars():
    early, late = frame_of([100, 100, 110, 110]), frame_of([50, 50, 40, 40])
    late = type(late)(late.ts + HOUR_MS, late.open, late.high, late.low, late.close, late.volume)
    terms = Terms(initial_capital=500.0, fee=0.0, slippage=0.0)
    parts = [curve_of(s, f, run_of([1, 0, 0, 0], f, terms), 500.0) for s, f in (("AUSDT", early), ("BUSDT", late))]
    joint = combine(parts)
    assert joint.initial == 1_000
    assert len(joint.times) == 5
    assert joint.equity.tolist() == pytest.approx([1_000.0, 1_050.0, 950.0, 950.0, 950.0])
    assert joint.exposure.tolist() == [0, 0.5, 1, 1, 1]
    assert joint.benchmark.tolist() == pytest.approx([1_000.0, 1_050.0, 950.0, 950.0, 950.0])
    assert joint.trades.symbols == ("AUSDT", "BUSDT")


def test_combined_trades_stand_in_order_of_closing_with_open_ones_last():
    a = curve([1, 0, 0, -1, 0, 0], walk(6, 1), "AUSDT")
    b = curve([1, -1, 1, -1, 1, 0], walk(6, 2), "BUSDT")
    trades = combine([a, b]).trades
    names = [trades.symbols[i] for i in trades.symbol_index]
    assert names == ["BUSDT", "AUSDT", "BUSDT", "BUSDT"]
    assert trades.exit_time[-1] == -1
    assert (np.diff(trades.exit_time[:3]) >= 0).all()
    assert trades.closed == 3


def test_combined_equity_ends_at_the_sum_of_what_trades_made():
    curves = [curve([1, 0, -1, 0] * 10, walk(40, seed), f"C{seed}USDT", Terms()) for seed in range(4)]
    joint = combine(curves)
    assert joint.equity[-1] - joint.initial == pytest.approx(float(joint.trades.pnl.sum()), abs=1e-5)
    assert measure(joint, Timeframe.H1, "crypto").values["closed_trades"] == joint.trades.closed


def test_combining_nothing_is_refused():
    with pytest.raises(ValueError, match="no curve"):
        combine([])
