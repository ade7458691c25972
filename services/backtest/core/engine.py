"""Signals to trades to equity on the bars of one symbol.

Decides what a run is given and what it tells. The loop is `engine_loop`, what happens inside a bar `engine_kernel`; what a fill costs is
`libs/market/fills.py`, which the paper venue uses too, so both book the same numbers. One symbol; several that share their cash
are `engine_portfolio`.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from libs.market.fills import LOT_STEP
from libs.market.frame import Frame
from libs.market.jit import COMPILED, operand
from services.backtest.core.engine_kernel import COLUMNS, STATE, SYMBOL_COLUMN, WHOLE_COLUMNS
from services.backtest.core.engine_loop import replay
from services.backtest.core.values import Floats, Times

ENGINE_VERSION = "2"
"""Part of every backtest id: it changes when the same input would give another result."""

BUY, SELL, NOTHING = 1, -1, 0

_LONG = 50_000

EXIT_REASONS = ("open", "signal", "stop_loss", "take_profit", "trailing_stop", "horizon", "ruin")
"""What the codes of `Book.exit_reason` mean."""


@dataclass(frozen=True)
class Terms:
    """What a run starts with and pays: fractions in [0, 1), `fraction` in (0, 1], capital and lot > 0.

    fraction: share of the equity that an entry spends, fee included. fee: of the notional, each side. slippage: of the price of a
    market order. stop_loss, take_profit, trailing_stop: fractions of the entry price (trailing: of the best price since), > 0,
    stops < 1; 0 is off. volume_cap: largest share of a bar's volume that may be traded in it; 0 is no limit.
    """

    initial_capital: float = 10_000.0
    fraction: float = 1.0
    fee: float = 0.001
    slippage: float = 0.0002
    lot: float = LOT_STEP
    stop_loss: float = 0.0
    take_profit: float = 0.0
    trailing_stop: float = 0.0
    volume_cap: float = 0.0

    @cached_property
    def rules(self) -> tuple[float, ...]:
        """Return the terms of a fill in the order the kernel reads them."""
        return (
            float(self.fraction),
            float(self.fee),
            float(self.slippage),
            float(self.lot),
            float(self.stop_loss),
            float(self.take_profit),
            float(self.trailing_stop),
            float(self.volume_cap),
        )

    @cached_property
    def guarded(self) -> bool:
        """Tell whether a position can end inside a bar."""
        return self.stop_loss > 0 or self.take_profit > 0 or self.trailing_stop > 0


@dataclass(frozen=True)
class Book:
    """The trades of a run as (n,) columns in order of entry; a trade is everything from flat to flat.

    entry_index: bar of the first fill. exit_index: bar of the last, -1 while open. side: 1 long, -1 short. exit_reason: place in
    EXIT_REASONS. Prices are averages over the fills, quantity is all that was entered. entry_cost, exit_proceeds: notional of the entry
    and of the exit, >= 0 for shorts too. An open trade is valued at the last close without a fee for what is still held. pnl: what
    the side earned after both fees. gain: pnl / (entry cost + entry fee).
    """

    entry_index: Times
    exit_index: Times
    side: Times
    exit_reason: Times
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

    equity: (T,) cash + holding at the close, 0 from a ruin on. cash: at the end; below 0 is what a ruined short still owes. pending: what the last bar decided, or an order still in work: 1 buy, -1 sell, 0
    nothing. ruined_at: bar at which the equity was used up, or -1. table: the trades as the kernel wrote them.
    """

    equity: Floats
    cash: float
    pending: int
    ruined_at: int
    table: Floats

    @cached_property
    def trades(self) -> Book:
        """Return the trades; only the last may be open."""
        return book_of(self.table)

    @cached_property
    def holding(self) -> NDArray[np.int8]:
        """Return (T,) the side held at the close of each bar: 1, -1 or 0."""
        count, trades = len(self.equity), self.trades
        turns = np.zeros(count + 1, np.int8)
        np.add.at(turns, trades.entry_index, trades.side)
        np.subtract.at(turns, np.where(trades.exit_index < 0, count, trades.exit_index), trades.side)
        return np.cumsum(turns[:-1], dtype=np.int8)


def book_of(table: Floats) -> Book:
    """Return the kernel's table of trades as typed columns."""
    columns = np.ascontiguousarray(table.T)
    return Book(*columns[:WHOLE_COLUMNS].astype(np.int64), *columns[SYMBOL_COLUMN + 1 :])


def run(
    actions: NDArray[np.int8],
    frame: Frame,
    terms: Terms,
    *,
    position_mode: bool,
    allow_short: bool = False,
    horizon: int = 0,
) -> Result:
    """Return what `actions` would have done on the bars of `frame`.

    actions: (T,) of -1, 0, 1. As actions: 1 buys when flat, -1 sells all, 0 holds; a buy while long is a hold. As positions
    (`position_mode`): 1 is long after this bar, 0 is flat, -1 is short, or flat without `allow_short`. With `allow_short`, -1 sells
    a holding and goes short at the same open, and 1 covers and goes long. horizon: bars after which a position is closed, 0 for
    no such limit. Raises ValueError when the lengths differ or T is 0.
    """
    count = len(frame)
    if not count or len(actions) != count:
        raise ValueError(f"{len(actions)} actions for {count} bars")
    busy = terms.guarded or allow_short
    opens, closes = column(frame.open), column(frame.close)
    highs, lows = (column(frame.high), column(frame.low)) if busy else (opens, opens)
    volumes = column(frame.volume) if terms.volume_cap > 0 else opens
    equity, table = np.empty(count), np.empty((_most_trades(actions, busy), COLUMNS))
    trades, cash, pending, ruined_at = replay(
        _signs(actions),
        (opens, highs, lows, closes, volumes),
        terms.rules,
        (position_mode, allow_short, horizon),
        blank(STATE, terms.initial_capital),
        (equity, table),
    )
    return Result(equity, cash, pending, ruined_at, table[:trades])


def column(values: Floats) -> Any:
    """Return prices in the form the loop reads fastest, without a copy where they have it already."""
    return values if COMPILED and values.flags.carray and values.dtype == np.float64 else operand(values)


def plain(values: NDArray[Any]) -> Any:
    """Return an array as the loop takes it: itself if compiled, else lists, whose items plain Python reads five times faster."""
    return values if COMPILED else values.tolist()


def _signs(actions: NDArray[np.int8]) -> Any:
    ready = actions.dtype == np.int8 and actions.flags.carray
    return plain(actions if ready else np.require(actions, np.int8, ("C", "W")))


def blank(length: int, first: float = 0.0) -> Any:
    """Return what the kernel writes state into: `first`, then zeros."""
    if not COMPILED:
        return [float(first), *[0.0] * (length - 1)]
    state = np.zeros(length)
    state[0] = first
    return state


def _most_trades(actions: NDArray[np.int8], busy: bool) -> int:
    """Return a bound on the trades `actions` can make: one in two bars, one a bar where it can be reversed or left inside a bar.

    Each entry needs an action of its own that is not 0; counting them pays where memory counts.
    """
    most = len(actions) if busy else len(actions) // 2 + 1
    return most if most < _LONG else min(most, int(np.count_nonzero(actions)))
