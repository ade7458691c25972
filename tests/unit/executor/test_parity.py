"""A paper account that does what a backtest decides books the backtest's own numbers, to the last unit."""

import random
from typing import Any

import numpy as np
import pytest

from libs.common.events import OrderFilled
from libs.common.values import Side
from libs.market.fills import round_money
from libs.market.frame import Frame
from services.backtest.core.engine import Terms, run
from services.executor.core.money import to_money
from services.executor.core.state import State
from tests.unit.executor.builders import bar, decision, fold, of, round_, rules

BARS = 150


def market(chance: random.Random, scale: float) -> tuple[list[float], list[float], list[int]]:
    price, opens, closes = scale, [], []
    for _ in range(BARS):
        opens.append(price * chance.uniform(0.995, 1.005))
        closes.append(opens[-1] * chance.uniform(0.97, 1.03))
        price = closes[-1]
    return opens, closes, [chance.choice((-1, 0, 0, 1)) for _ in range(BARS)]


def on_paper(
    opens: list[float], closes: list[float], actions: list[int], fraction: float
) -> tuple[State, list[OrderFilled]]:
    """Decide as the engine does (buy when flat, sell when long, spend a fraction of the cash) and let the executor trade."""
    state, fills = State(), list[OrderFilled]()
    for number in range(1, BARS + 1):
        state, out = fold([bar(number, open=opens[number - 1], close=closes[number - 1])], state=state)
        fills += of(OrderFilled, out.events)
        is_long = ("paper", "BTCUSDT") in state.holdings
        asked: list[Any] = []
        if actions[number - 1] == 1 and not is_long:
            spend = to_money(round_money(fraction * float(state.accounts["paper"].cash)))
            asked = [decision(number, quote_amount=spend)]
        elif actions[number - 1] == -1 and is_long:
            asked = [decision(number, side=Side.SELL)]
        state, _ = fold([*asked, round_(number, len(asked))], rules(), state=state)
    return state, fills


@pytest.mark.parametrize(("seed", "scale", "fraction"), [(1, 42_000.0, 1.0), (2, 1.7, 0.37), (3, 0.00001, 1.0)])
def test_paper_account_books_exactly_what_the_backtest_books(seed: int, scale: float, fraction: float) -> None:
    opens, closes, actions = market(random.Random(seed), scale)
    times = np.arange(BARS, dtype=np.int64) * 3_600_000
    high, low = np.maximum(opens, closes), np.minimum(opens, closes)
    frame = Frame(times, np.array(opens), high, low, np.array(closes), np.ones(BARS))
    book = run(np.array(actions, np.int8), frame, Terms(fraction=fraction), position_mode=False)
    state, fills = on_paper(opens, closes, actions, fraction)
    trades = book.trades
    closed = [i for i in range(len(trades.pnl)) if trades.exit_index[i] >= 0]
    buys = [f for f in fills if f.side is Side.BUY]
    sells = [f for f in fills if f.side is Side.SELL]
    assert len(closed) >= 10
    assert [float(f.quantity) for f in buys] == trades.quantity.tolist()
    assert [f.price for f in buys] == trades.entry_price.tolist()
    assert [float(f.cost) for f in buys] == trades.entry_cost.tolist()
    assert [float(f.fee) for f in buys] == trades.entry_fee.tolist()
    assert [f.price for f in sells] == trades.exit_price[closed].tolist()
    assert [float(f.fee) for f in sells] == trades.exit_fee[closed].tolist()
    assert [float(f.realized_pnl or 0) for f in sells] == trades.pnl[closed].tolist()
    assert float(state.accounts["paper"].cash) == book.cash
