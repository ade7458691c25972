"""One bar of one symbol: orders at the open, guards inside the bar, a decision at the close. `jit` functions on plain state.

Decides the order of events inside a bar, and what becomes of an order that cannot be filled at once: the rest stays in work at the
opens of the next bars. What a fill costs is `libs/market/fills.py`. Knows no loop over bars: `engine` runs it on one symbol,
`engine_portfolio` on many with one purse.

Everything is a float64 array (a list in plain Python), whole numbers too, because each array handed around costs compiled code more
than the arithmetic. `s`: state of a symbol. `purse`: cash and number of trades, shared by all symbols. `table`: trades as columns.
"""

import math
from typing import Any

from libs.market.fills import buy_price, buy_quantity, cost_of, fee_of, floor_lot, round_money, sell_price
from libs.market.jit import jit

QUANTITY, SIDE, CLOSING, OPENING, SPEND, PEAK, ROOM, BLOCKED, ROW, FIRST = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
"""Places in `s`: signed units held and their sign; 1 while an exit is in work; side to be opened, 0 for none; money the opening order
may still spend, < 0 before it is sized; best price since the entry (the lowest for a short); units this bar's volume still
allows; side that a guard closed; row of the trade; bar of its first fill."""

STATE = 10
"""Length of `s`."""

CASH, TRADES = 0, 1
"""Places in `purse`."""

OPEN, HIGH, LOW, CLOSE, VOLUME = 0, 1, 2, 3, 4
"""Places in a bar."""

FRACTION, FEE, SLIPPAGE, LOT, STOP, TARGET, TRAIL, CAP = 0, 1, 2, 3, 4, 5, 6, 7
"""Places in `rules`; 0.0 turns STOP, TARGET, TRAIL and CAP off."""

STILL_OPEN, SIGNAL, STOP_LOSS, TAKE_PROFIT, TRAILING_STOP, HORIZON, RUIN = 0, 1, 2, 3, 4, 5, 6
"""Why a trade ended."""

ENTRY_INDEX, EXIT_INDEX, TRADE_SIDE, EXIT_REASON, SYMBOL = 0, 1, 2, 3, 4
ENTRY_PRICE, EXIT_PRICE, AMOUNT, ENTRY_COST, ENTRY_FEE, EXIT_PROCEEDS, EXIT_FEE, PNL, GAIN = (
    5,
    6,
    7,
    8,
    9,
    10,
    11,
    12,
    13,
)
COLUMNS = 14
"""Rows of `table`, whose columns are trades in order of entry."""


@jit
def measure_room(volume: float, rules: Any, s: Any) -> None:
    """Set how many units may be traded in a bar: no limit without a volume cap, else its share of the volume in whole lots."""
    s[ROOM] = floor_lot(rules[CAP] * volume, rules[LOT]) if rules[CAP] > 0.0 else math.inf


@jit
def close_at_open(t: int, price: float, rules: Any, s: Any, table: Any, purse: Any) -> None:
    """Fill an exit in work at the open `price` of bar t."""
    if s[SIDE] > 0.0:
        leave(t, sell_price(price, rules[SLIPPAGE]), rules, s, table, purse)
    else:
        leave(t, buy_price(price, rules[SLIPPAGE]), rules, s, table, purse)


@jit
def open_at_open(t: int, price: float, rules: Any, s: Any, table: Any, purse: Any) -> None:
    """Fill an opening order in work at the open `price` of bar t; what the volume cap leaves over stays in work."""
    price = buy_price(price, rules[SLIPPAGE]) if s[OPENING] > 0.0 else sell_price(price, rules[SLIPPAGE])
    wanted = buy_quantity(s[SPEND], price, rules[FEE], rules[LOT])
    quantity = min(wanted, s[ROOM])
    if quantity > 0.0:
        cost = cost_of(quantity, price)
        charge = fee_of(cost, rules[FEE])
        purse[CASH] = round_money(purse[CASH] - s[OPENING] * cost - charge)
        s[ROOM] -= quantity
        if s[SIDE] == 0.0:
            _begin(t, price, quantity, s, table, purse)
        else:
            _grow(price, quantity, rules[LOT], s, table)
        n = int(s[ROW])
        table[ENTRY_COST, n] = round_money(table[ENTRY_COST, n] + cost)
        table[ENTRY_FEE, n] = round_money(table[ENTRY_FEE, n] + charge)
    if quantity >= wanted:
        s[OPENING] = 0.0
    elif quantity > 0.0:
        s[SPEND] = round_money(s[SPEND] - cost - charge)


@jit
def _begin(t: int, price: float, quantity: float, s: Any, table: Any, purse: Any) -> None:
    n = int(purse[TRADES])
    purse[TRADES] += 1.0
    s[ROW], s[FIRST], s[SIDE], s[BLOCKED] = float(n), float(t), s[OPENING], 0.0
    s[QUANTITY], s[PEAK] = s[OPENING] * quantity, price
    table[ENTRY_INDEX, n], table[EXIT_INDEX, n] = t, -1.0
    table[TRADE_SIDE, n], table[EXIT_REASON, n] = s[OPENING], STILL_OPEN
    table[ENTRY_PRICE, n], table[AMOUNT, n] = price, quantity
    table[ENTRY_COST, n], table[ENTRY_FEE, n] = 0.0, 0.0
    table[EXIT_PROCEEDS, n], table[EXIT_FEE, n] = 0.0, 0.0


@jit
def _grow(price: float, quantity: float, lot: float, s: Any, table: Any) -> None:
    n = int(s[ROW])
    before = table[AMOUNT, n]
    after = floor_lot(before + quantity + 0.5 * lot, lot)
    s[QUANTITY] = s[SIDE] * after
    table[ENTRY_PRICE, n] = (table[ENTRY_PRICE, n] * before + price * quantity) / (before + quantity)
    table[AMOUNT, n] = after


@jit
def leave(t: int, price: float, rules: Any, s: Any, table: Any, purse: Any) -> None:
    """Close at `price` as much as the room allows; the trade ends with its last unit."""
    n, held = int(s[ROW]), abs(s[QUANTITY])
    quantity = min(held, s[ROOM])
    if not quantity > 0.0:
        return
    cost = cost_of(quantity, price)
    charge = fee_of(cost, rules[FEE])
    purse[CASH] = round_money(purse[CASH] + s[SIDE] * cost - charge)
    s[ROOM] -= quantity
    gone = table[AMOUNT, n] - held
    _note_exit(n, price, quantity, gone, table)
    table[EXIT_PROCEEDS, n] = round_money(table[EXIT_PROCEEDS, n] + cost)
    table[EXIT_FEE, n] = round_money(table[EXIT_FEE, n] + charge)
    if quantity < held:
        s[QUANTITY] = s[SIDE] * floor_lot(held - quantity + 0.5 * rules[LOT], rules[LOT])
        return
    table[EXIT_INDEX, n] = t
    _settle(n, table)
    s[QUANTITY], s[SIDE], s[CLOSING] = 0.0, 0.0, 0.0


@jit
def mark(close: float, s: Any, table: Any) -> None:
    """Value what is still held at the last close, without a fee, in the row of its trade."""
    n, held = int(s[ROW]), abs(s[QUANTITY])
    _note_exit(n, close, held, table[AMOUNT, n] - held, table)
    table[EXIT_PROCEEDS, n] = round_money(table[EXIT_PROCEEDS, n] + cost_of(held, close))
    table[EXIT_REASON, n] = STILL_OPEN
    _settle(n, table)


@jit
def _note_exit(n: int, price: float, quantity: float, gone: float, table: Any) -> None:
    if gone > 0.0:
        price = (table[EXIT_PRICE, n] * gone + price * quantity) / (gone + quantity)
    table[EXIT_PRICE, n] = price


@jit
def _settle(n: int, table: Any) -> None:
    paid = table[ENTRY_COST, n] + table[ENTRY_FEE, n]
    if table[TRADE_SIDE, n] > 0.0:
        pnl = round_money(table[EXIT_PROCEEDS, n] - table[EXIT_FEE, n] - paid)
    else:
        got = table[ENTRY_COST, n] - table[ENTRY_FEE, n]
        pnl = round_money(got - (table[EXIT_PROCEEDS, n] + table[EXIT_FEE, n]))
    table[PNL, n] = pnl
    table[GAIN, n] = pnl / paid if paid > 0.0 else 0.0


@jit
def guard(t: int, bar: Any, rules: Any, s: Any, table: Any, purse: Any) -> None:
    """Apply stop-loss and trailing stop, then take-profit, inside bar t; then let its best price move the trailing stop.

    bar: open, high, low. The order of high and low inside a bar is unknown, so the worse is taken to come first, and a bar's own best
    price moves the trailing stop from the next bar on. A gap fills at the open. Stops are market orders and pay slippage, a
    target is a limit order and does not.
    """
    if s[SIDE] > 0.0:
        _guard_long(t, bar, rules, s, table, purse)
        s[PEAK] = max(s[PEAK], bar[HIGH])
    else:
        _guard_short(t, bar, rules, s, table, purse)
        s[PEAK] = min(s[PEAK], bar[LOW])


@jit
def _guard_long(t: int, bar: Any, rules: Any, s: Any, table: Any, purse: Any) -> None:
    entry = table[ENTRY_PRICE, int(s[ROW])]
    fixed = entry * (1.0 - rules[STOP]) if rules[STOP] > 0.0 else 0.0
    trailing = s[PEAK] * (1.0 - rules[TRAIL]) if rules[TRAIL] > 0.0 else 0.0
    level, target = max(fixed, trailing), entry * (1.0 + rules[TARGET])
    if bar[LOW] <= level:
        _end(TRAILING_STOP if trailing > fixed else STOP_LOSS, s, table)
        leave(t, sell_price(min(bar[OPEN], level), rules[SLIPPAGE]), rules, s, table, purse)
    elif rules[TARGET] > 0.0 and bar[HIGH] >= target:
        _end(TAKE_PROFIT, s, table)
        leave(t, max(bar[OPEN], target), rules, s, table, purse)


@jit
def _guard_short(t: int, bar: Any, rules: Any, s: Any, table: Any, purse: Any) -> None:
    entry = table[ENTRY_PRICE, int(s[ROW])]
    fixed = entry * (1.0 + rules[STOP]) if rules[STOP] > 0.0 else math.inf
    trailing = s[PEAK] * (1.0 + rules[TRAIL]) if rules[TRAIL] > 0.0 else math.inf
    level, target = min(fixed, trailing), entry * (1.0 - rules[TARGET])
    if bar[HIGH] >= level:
        _end(TRAILING_STOP if trailing < fixed else STOP_LOSS, s, table)
        leave(t, buy_price(max(bar[OPEN], level), rules[SLIPPAGE]), rules, s, table, purse)
    elif rules[TARGET] > 0.0 and bar[LOW] <= target:
        _end(TAKE_PROFIT, s, table)
        leave(t, min(bar[OPEN], target), rules, s, table, purse)


@jit
def ruin(t: int, price: float, rules: Any, s: Any, table: Any, purse: Any) -> None:
    """Close a short at the price that uses up the equity, or at a worse open, whatever the volume."""
    _end(RUIN, s, table)
    s[ROOM] = math.inf
    leave(t, price, rules, s, table, purse)


@jit
def _end(reason: int, s: Any, table: Any) -> None:
    if s[CLOSING] == 0.0:
        table[EXIT_REASON, int(s[ROW])] = reason
    s[CLOSING], s[OPENING], s[BLOCKED] = 1.0, 0.0, s[SIDE]


@jit
def decide(t: int, action: int, modes: Any, s: Any, table: Any) -> None:
    """Turn the action of bar t, known at its close, into orders for the next open; modes: see `engine.run`.

    An exit in work runs to its end; an opening order in work is dropped by a decision for anything else. In position mode a side
    that a guard closed is entered again only after the series has said something else.
    """
    position_mode, allow_short, horizon = modes
    side = s[SIDE]
    if horizon > 0 and side != 0.0 and s[CLOSING] == 0.0 and t - s[FIRST] + 1.0 >= horizon:
        table[EXIT_REASON, int(s[ROW])] = HORIZON
        s[CLOSING], s[OPENING] = 1.0, 0.0
        return
    if action == 0 and not position_mode:
        return
    wanted = _wanted(action, position_mode, allow_short, s)
    if s[CLOSING] != 0.0:
        _reopen(wanted if wanted == -side else 0.0, s)
    elif side == 0.0:
        _reopen(wanted, s)
    elif wanted != side:
        table[EXIT_REASON, int(s[ROW])] = SIGNAL
        s[CLOSING] = 1.0
        _reopen(wanted, s)


@jit
def _wanted(action: int, position_mode: bool, allow_short: bool, s: Any) -> float:
    wanted = float(action) if allow_short or action > 0 else 0.0
    if position_mode and s[BLOCKED] != 0.0:
        if wanted == s[BLOCKED]:
            return 0.0
        s[BLOCKED] = 0.0
    return wanted


@jit
def _reopen(wanted: float, s: Any) -> None:
    if s[OPENING] != wanted:
        s[OPENING] = wanted
        s[SPEND] = -1.0
