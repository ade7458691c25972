"""One purse for many symbols: order, places, cash, and equality with the engine of one symbol."""

import numpy as np
import pytest

from libs.common.values import Timeframe
from services.backtest.core.curve import portfolio_curve
from services.backtest.core.engine import EXIT_REASONS, Terms, run
from services.backtest.core.engine_portfolio import run_portfolio
from services.backtest.core.metrics import measure
from tests.unit.backtest.builders import HOUR_MS, frame_of, walk

FREE = Terms(fee=0.0, slippage=0.0)


def flags(*rows):
    return {name: np.array(row, np.int8) for name, row in zip("ABCDEFGH", rows, strict=False)}


def frames(count, bars=6):
    return {name: frame_of([100.0] * bars) for name in "ABCDEFGH"[:count]}


@pytest.mark.parametrize("position_mode", [False, True])
@pytest.mark.parametrize(
    "terms", [Terms(), Terms(stop_loss=0.02, take_profit=0.03, fraction=0.4), Terms(volume_cap=1.0, trailing_stop=0.02)]
)
def test_portfolio_of_one_symbol_equals_the_engine(terms, position_mode):
    frame = walk(200, step=0.02)
    actions = np.random.default_rng(3).integers(-1, 2, 200).astype(np.int8)
    one = run_portfolio({"X": actions}, {"X": frame}, terms, position_mode=position_mode)
    alone = run(actions, frame, terms, position_mode=position_mode)
    np.testing.assert_array_equal(one.equity, alone.equity)
    for name, column in vars(alone.trades).items():
        np.testing.assert_array_equal(getattr(one.books["X"], name), column)
    assert (one.cash, one.refused, one.ruined_at) == (alone.cash, 0, alone.ruined_at)


def test_portfolio_gives_each_place_an_equal_part_of_the_equity():
    result = run_portfolio(flags([1, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]), frames(2), FREE)
    assert [book.entry_cost.tolist() for book in result.books.values()] == [[5_000.0], [5_000.0]]
    assert result.exposure.tolist() == [0, 1, 1, 1, 1, 1]


def test_portfolio_with_all_places_taken_refuses_by_name():
    signals = flags([0, 1, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0])
    result = run_portfolio(signals, frames(4), FREE, max_positions=2)
    assert [name for name, book in result.books.items() if len(book.pnl)] == ["B", "C"]
    assert result.refused == 2
    assert result.pending == {}


def test_portfolio_with_scores_takes_the_highest_first():
    signals = flags(*[[1, 0, 0, 0, 0, 0]] * 4)
    scores = {name: np.full(6, score) for name, score in zip("ABCD", (1.0, 3.0, 2.0, 3.0), strict=True)}
    result = run_portfolio(signals, frames(4), FREE, max_positions=2, scores=scores)
    assert [name for name, book in result.books.items() if len(book.pnl)] == ["B", "D"]


def test_portfolio_sells_before_it_buys_at_the_same_open():
    signals = flags([0, 0, 1, 0, 0, 0], [1, 0, -1, 0, 0, 0])
    result = run_portfolio(signals, frames(2), FREE, max_positions=1)
    assert result.books["B"].exit_index.tolist() == [3]
    assert result.books["A"].entry_index.tolist() == [3]
    assert result.books["A"].entry_cost.tolist() == [10_000.0]


def test_portfolio_entry_takes_what_cash_is_left():
    given = {"A": frame_of([100, 100, 100, 100, 100]), "B": frame_of([100, 100, 200, 200, 200])}
    result = run_portfolio(flags([0, 0, 1, 0, 0], [1, 0, 0, 0, 0]), given, FREE)
    # equity is 15,000 and half of it 7,500, but only 5,000 is not in B
    assert result.books["A"].entry_cost.tolist() == [5_000.0]


def test_classifier_buys_the_next_open_and_sells_after_the_horizon():
    result = run_portfolio(flags([1, 0, 0, 0, 0, 0], [0] * 6), frames(2), FREE, horizon=3)
    book = result.books["A"]
    assert (book.entry_index.tolist(), book.exit_index.tolist()) == ([1], [4])
    assert EXIT_REASONS[book.exit_reason[0]] == "horizon"


def test_classifier_holds_at_most_twenty_positions():
    names = [f"S{n:02d}" for n in range(30)]
    given = {name: walk(40, seed) for seed, name in enumerate(names)}
    result = run_portfolio({name: np.ones(40, np.int8) for name in names}, given, Terms(), horizon=5)
    held = np.zeros(41)
    for book in result.books.values():
        np.add.at(held, book.entry_index, 1)
        np.subtract.at(held, np.where(book.exit_index < 0, 40, book.exit_index), 1)
    assert held.cumsum().max() == 20
    assert result.exposure.max() == 1
    assert result.refused > 0


def test_portfolio_runs_on_the_union_of_bars_and_a_symbol_without_a_bar_keeps_its_price():
    early, late = frame_of([100, 100, 120, 120]), frame_of([50, 50, 60, 60])
    late = type(late)(late.ts + HOUR_MS, late.open, late.high, late.low, late.close, late.volume)
    result = run_portfolio(flags([1, 0, 0, 0], [1, 0, 0, 0]), {"A": early, "B": late}, FREE)
    assert len(result.times) == 5
    assert result.equity.tolist() == pytest.approx([10_000, 11_000, 12_000, 12_000, 12_000])


def test_portfolio_of_shorts_never_exceeds_the_equity():
    result = run_portfolio(flags(*[[-1, 0, 0, 0, 0, 0]] * 3), frames(3), FREE, allow_short=True, max_positions=3)
    assert sum(book.entry_cost.sum() for book in result.books.values()) <= 10_000
    assert [book.side.tolist() for book in result.books.values()] == [[-1]] * 3


def test_portfolio_short_that_lost_leaves_no_cash_for_others():
    given = {"A": frame_of([100, 100, 150, 150, 150], [100, 150, 150, 150, 150]), "B": frame_of([100.0] * 5)}
    result = run_portfolio(flags([-1, 0, 0, 0, 0], [0, 1, 0, 0, 0]), given, FREE, allow_short=True)
    # equity 7,500 = 15,000 cash - 7,500 to buy back, and as much again is reserved
    assert len(result.books["B"].pnl) == 0
    assert result.refused == 1


def test_portfolio_ruined_by_a_short_ends_with_every_position_closed():
    given = {"A": frame_of([100, 100, 320, 320, 50]), "B": frame_of([100.0] * 5)}
    capped = Terms(fee=0.0, slippage=0.0, volume_cap=50.0)
    result = run_portfolio(flags([-1, 0, 0, 0, 0], [1, 0, 0, 0, 0]), given, capped, allow_short=True)
    assert result.ruined_at == 1
    assert result.equity.tolist()[1:] == [0, 0, 0, 0]
    assert [EXIT_REASONS[book.exit_reason[0]] for book in result.books.values()] == ["ruin", "ruin"]


def test_portfolio_money_adds_up_and_its_curve_measures():
    names = "ABCDE"
    given = {name: walk(300, seed, 0.02) for seed, name in enumerate(names)}
    chance = np.random.default_rng(5)
    signals = {name: chance.integers(-1, 2, 300).astype(np.int8) for name in names}
    terms = Terms(stop_loss=0.05, volume_cap=0.5)
    result = run_portfolio(signals, given, terms, max_positions=3, allow_short=True)
    assert result.equity[-1] == pytest.approx(10_000 + sum(book.pnl.sum() for book in result.books.values()), abs=1e-5)
    curve = portfolio_curve(result, given, terms.initial_capital)
    values = measure(curve, Timeframe.H1, "crypto").values
    assert values["closed_trades"] + values["open_trades"] == len(curve.trades)
    assert (np.diff(curve.trades.exit_time[: curve.trades.closed]) >= 0).all()


def test_portfolio_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="same symbols"):
        run_portfolio(flags([1, 0]), frames(2), FREE)
    with pytest.raises(ValueError, match="2 actions for 6 bars of A"):
        run_portfolio(flags([1, 0]), frames(1), FREE)
