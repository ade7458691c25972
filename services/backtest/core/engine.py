"""Signals to trades to equity: one loop over bars, compiled where `libs.market.jit` compiles, plain Python elsewhere.

Decides when a signal becomes a fill: decided at the close of bar t with the books as they then are, filled at the open of
bar t + 1. What a fill costs is `libs/market/fills.py`, which the paper venue uses too, so both book the same numbers. Long only,
one holding, no stops, no volume cap; a strategy that asks for more must be refused before it comes here.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from libs.market.fills import LOT_STEP, buy_price, buy_quantity, cost_of, fee_of, round_money, sell_price
from libs.market.frame import Frame
from libs.market.jit import COMPILED, jit, operand
from services.backtest.core.values import Floats, Times

ENGINE_VERSION = "1"
"""Part of every backtest id: it changes when the same input would give another result."""

BUY, SELL, NOTHING = 1, -1, 0


@dataclass(frozen=True)
class Terms:
    """What a run starts with and pays: fractions in [0, 1), `fraction` in (0, 1], capital and lot > 0.

    fraction: share of the cash that a buy spends, fee included. fee: of the notional, each side. slippage: of the open.
    """

    initial_capital: float = 10_000.0
    fraction: float = 1.0
    fee: float = 0.001
    slippage: float = 0.0002
    lot: float = LOT_STEP


@dataclass(frozen=True)
class Book:
    """The trades of a run as (n,) columns in order of entry; only the last may be open.

    exit_index: bar of the closing fill, -1 while open; an open trade is marked at the last close: exit_price is that close,
    exit_proceeds its worth, exit_fee 0. pnl: proceeds - exit fee - entry cost - entry fee. gain: pnl / (entry cost + entry fee).
    """

    entry_index: Times
    exit_index: Times
    entry_price: Floats
    exit_price: Floats
    quantity: Floats
    entry_cost: Floats
    entry_fee: Floats
    exit_proceeds: Floats
    exit_fee: Floats
    pnl: Floats
    gain: Floats


@dataclass(frozen=True)
class Result:
    """What the engine found on T bars.

    equity: (T,) cash + holding at the close. holding: (T,) 1 where something is held at the close, else 0. pending: what the
    last bar decided and no bar has filled yet: 1 buy, -1 sell, 0 nothing. ruined_at: bar at which the equity was used up, or -1.
    """

    equity: Floats
    holding: NDArray[np.int8]
    trades: Book
    cash: float
    pending: int
    ruined_at: int


def run(actions: NDArray[np.int8], frame: Frame, terms: Terms, *, position_mode: bool) -> Result:
    """Return what `actions` would have done on the bars of `frame`.

    actions: (T,) of -1, 0, 1. As actions: 1 buys when flat, -1 sells all, 0 holds; a buy while long is a hold. As positions
    (`position_mode`): 1 is long after this bar, 0 and -1 are flat. Raises ValueError when the lengths differ or T is 0.
    """
    count = len(frame)
    if not count or len(actions) != count:
        raise ValueError(f"{len(actions)} actions for {count} bars")
    most = count // 2 + 1
    equity, holding, bars, money = (
        np.empty(count),
        np.empty(count, np.int8),
        np.empty((2, most), np.int64),
        np.empty((9, most)),
    )
    trades, cash, pending, ruined_at = replay(
        np.require(actions, np.int8, ("C", "W")) if COMPILED else actions.tolist(),
        operand(frame.open),
        operand(frame.close),
        (terms.initial_capital, terms.fraction, terms.fee, terms.slippage, terms.lot),
        position_mode,
        (equity, holding, bars, money),
    )
    return Result(equity, holding, Book(*bars[:, :trades], *money[:, :trades]), cash, pending, ruined_at)


@jit
def replay(
    actions: Any, opens: Any, closes: Any, terms: tuple[float, ...], position_mode: bool, out: tuple[Any, Any, Any, Any]
) -> tuple[int, float, int, int]:
    """Fill `out` = (equity, holding, trade bars, trade money) and return (trades, cash, pending, ruined_at).

    Trade bars has the two index columns of Book as rows, trade money its nine others in the same order.
    """
    initial, fraction, fee, slippage, lot = terms
    equity, holding, bars, money = out
    cash, quantity, spend = initial, 0.0, 0.0
    trades, pending, ruined_at = 0, NOTHING, -1
    for t in range(len(closes)):
        if pending == BUY:
            price = buy_price(opens[t], slippage)
            quantity = buy_quantity(spend, price, fee, lot)
            if quantity > 0.0:
                bars[0, trades] = t
                cash = _enter(money, trades, price, quantity, fee, cash)
        elif pending == SELL:
            bars[1, trades] = t
            cash = _leave(money, trades, sell_price(opens[t], slippage), fee, cash)
            quantity = 0.0
            trades += 1
        equity[t] = cash + quantity * closes[t]
        holding[t] = quantity > 0.0
        if not equity[t] > 0.0:
            ruined_at = t
            equity[t:] = 0.0
            holding[t:] = 0
            pending = NOTHING
            break
        pending = _decide(actions[t], quantity > 0.0, position_mode)
        if pending == BUY:
            spend = round_money(fraction * cash)
    if quantity > 0.0:
        bars[1, trades] = -1
        _leave(money, trades, closes[len(closes) - 1], 0.0, cash)
        trades += 1
    return trades, cash, pending, ruined_at


@jit
def _decide(action: int, is_long: bool, position_mode: bool) -> int:
    if not is_long:
        return BUY if action == BUY else NOTHING
    if action == SELL or (position_mode and action != BUY):
        return SELL
    return NOTHING


@jit
def _enter(money: Any, n: int, price: float, quantity: float, fee: float, cash: float) -> float:
    cost = cost_of(quantity, price)
    charge = fee_of(cost, fee)
    money[0, n], money[2, n], money[3, n], money[4, n] = price, quantity, cost, charge
    return round_money(cash - cost - charge)


@jit
def _leave(money: Any, n: int, price: float, fee: float, cash: float) -> float:
    proceeds = cost_of(money[2, n], price)
    charge = fee_of(proceeds, fee)
    paid = money[3, n] + money[4, n]
    pnl = round_money(proceeds - charge - paid)
    money[1, n], money[5, n], money[6, n], money[7, n] = price, proceeds, charge, pnl
    money[8, n] = pnl / paid if paid > 0.0 else 0.0
    return round_money(cash + proceeds - charge)
