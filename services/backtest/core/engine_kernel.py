"""One bar of one symbol: orders at the open, guards inside the bar, a decision at the close. `jit` functions on plain state.

Decides the order of events inside a bar, and what becomes of an order that cannot be filled at once: the rest stays in work at the
opens of the next bars. What a fill costs is `libs/market/fills.py`. Knows no loop over bars: `engine` runs it on one symbol,
`engine_portfolio` on many with one purse.

`s`: all state of a symbol in one float64 array (a list in plain Python), whole numbers too, because every array handed to a function
costs compiled code more than the arithmetic. `table`: a row for each finished trade. `rules`: `Terms.rules`.
"""

import math
from typing import Any

from libs.market.fills import buy_price, buy_quantity, cost_of, fee_of, floor_lot, round_money, sell_price
from libs.market.jit import jit

CASH, TRADES = 0, 1
"""Places in `s`: cash, and trades written so far. Symbols with one purse are lent both for the time of a call."""

SIDE, QUANTITY, CLOSING, OPENING, SPEND, ROOM, PEAK, BLOCKED = 2, 3, 4, 5, 6, 7, 8, 9
"""Sign of the holding, and signed units; 1 while an exit is in work; side to be opened, 0 for none; money the opening order may still
spend, < 0 before it is sized; units this bar's volume still allows; best price since the entry (the lowest for a short); side that a
guard closed."""

FIRST, REASON, AMOUNT, ENTRY, COST, FEES_IN, EXIT, PROCEEDS, FEES_OUT, SYMBOL = 10, 11, 12, 13, 14, 15, 16, 17, 18, 19
"""The trade in hand: bar of its first fill, why it ends, units entered, mean entry price, cost and fees so far, the same of its exit;
number of the symbol."""

STATE = 20
"""Length of `s`."""

OPEN, HIGH, LOW, CLOSE, VOLUME = 0, 1, 2, 3, 4
"""Places in a bar."""

FRACTION, FEE, SLIPPAGE, LOT, STOP, TARGET, TRAIL, CAP = 0, 1, 2, 3, 4, 5, 6, 7
"""Places in `rules`; 0.0 turns STOP, TARGET, TRAIL and CAP off."""

STILL_OPEN, SIGNAL, STOP_LOSS, TAKE_PROFIT, TRAILING_STOP, HORIZON, RUIN = 0, 1, 2, 3, 4, 5, 6
"""Why a trade ended."""

EXIT_INDEX, SYMBOL_COLUMN, PNL, WHOLE_COLUMNS, COLUMNS = 1, 4, 12, 4, 14
"""Columns of `table`: those of `engine.Book`, four whole numbers first, with the symbol between them and the prices."""


@jit
def room_of(volume: float, rules: Any) -> float:
    """Return how many units may be traded in a bar: no limit without a volume cap, else its share of the volume in whole lots."""
    return floor_lot(rules[CAP] * volume, rules[LOT]) if rules[CAP] > 0.0 else math.inf


@jit
def close_at_open(t: int, price: float, rules: Any, s: Any, table: Any) -> None:
    """Fill an exit in work at the open `price` of bar t."""
    if s[SIDE] > 0.0:
        leave(t, sell_price(price, rules[SLIPPAGE]), rules, s, table)
    else:
        leave(t, buy_price(price, rules[SLIPPAGE]), rules, s, table)


@jit
def open_at_open(t: int, price: float, rules: Any, s: Any) -> None:
    """Fill an opening order in work at the open `price` of bar t; what the volume cap leaves over stays in work."""
    price = buy_price(price, rules[SLIPPAGE]) if s[OPENING] > 0.0 else sell_price(price, rules[SLIPPAGE])
    wanted = buy_quantity(s[SPEND], price, rules[FEE], rules[LOT])
    quantity = min(wanted, s[ROOM])
    if quantity > 0.0:
        cost = cost_of(quantity, price)
        charge = fee_of(cost, rules[FEE])
        s[CASH] = round_money(s[CASH] - s[OPENING] * cost - charge)
        if s[SIDE] == 0.0:
            s[SIDE], s[FIRST], s[REASON], s[BLOCKED] = s[OPENING], t, STILL_OPEN, 0.0
            s[AMOUNT], s[ENTRY], s[COST], s[FEES_IN] = quantity, price, cost, charge
            s[PEAK], s[PROCEEDS], s[FEES_OUT] = price, 0.0, 0.0
        else:
            _add(price, quantity, cost, charge, rules[LOT], s)
        s[QUANTITY] = s[SIDE] * s[AMOUNT]
        s[ROOM] -= quantity
    if quantity >= wanted:
        s[OPENING] = 0.0
    elif quantity > 0.0:
        s[SPEND] = round_money(s[SPEND] - cost - charge)


@jit
def _add(price: float, quantity: float, cost: float, charge: float, lot: float, s: Any) -> None:
    s[ENTRY] = (s[ENTRY] * s[AMOUNT] + price * quantity) / (s[AMOUNT] + quantity)
    s[AMOUNT] = floor_lot(s[AMOUNT] + quantity + 0.5 * lot, lot)
    s[COST] = round_money(s[COST] + cost)
    s[FEES_IN] = round_money(s[FEES_IN] + charge)


@jit
def leave(t: int, price: float, rules: Any, s: Any, table: Any) -> None:
    """Close at `price` as much as the room allows; the trade ends with its last unit."""
    held = abs(s[QUANTITY])
    quantity = min(held, s[ROOM])
    if not quantity > 0.0:
        return
    cost = cost_of(quantity, price)
    charge = fee_of(cost, rules[FEE])
    s[CASH] = round_money(s[CASH] + s[SIDE] * cost - charge)
    s[ROOM] -= quantity
    if quantity == s[AMOUNT]:
        s[EXIT], s[PROCEEDS], s[FEES_OUT] = price, cost, charge
    else:
        _take(price, quantity, held, cost, charge, s)
    if quantity < held:
        s[QUANTITY] = s[SIDE] * floor_lot(held - quantity + 0.5 * rules[LOT], rules[LOT])
        return
    _write(t, s, table)
    s[QUANTITY], s[SIDE], s[CLOSING] = 0.0, 0.0, 0.0


@jit
def _take(price: float, quantity: float, held: float, cost: float, charge: float, s: Any) -> None:
    gone = s[AMOUNT] - held
    s[EXIT] = (s[EXIT] * gone + price * quantity) / (gone + quantity) if gone > 0.0 else price
    s[PROCEEDS] = round_money(s[PROCEEDS] + cost)
    s[FEES_OUT] = round_money(s[FEES_OUT] + charge)


@jit
def mark(close: float, s: Any, table: Any) -> None:
    """Write the trade that is still open, what is held valued at the last close without a fee."""
    held = abs(s[QUANTITY])
    _take(close, held, held, cost_of(held, close), 0.0, s)
    s[REASON] = STILL_OPEN
    _write(-1, s, table)


@jit
def _write(t: int, s: Any, table: Any) -> None:
    paid = s[COST] + s[FEES_IN]
    if s[SIDE] > 0.0:
        pnl = round_money(s[PROCEEDS] - s[FEES_OUT] - paid)
    else:
        pnl = round_money(s[COST] - s[FEES_IN] - (s[PROCEEDS] + s[FEES_OUT]))
    trade = table[int(s[TRADES])]
    s[TRADES] += 1.0
    trade[0], trade[EXIT_INDEX], trade[2], trade[3], trade[SYMBOL_COLUMN] = s[FIRST], t, s[SIDE], s[REASON], s[SYMBOL]
    trade[5], trade[6], trade[7], trade[8], trade[9] = s[ENTRY], s[EXIT], s[AMOUNT], s[COST], s[FEES_IN]
    trade[10], trade[11], trade[PNL], trade[13] = s[PROCEEDS], s[FEES_OUT], pnl, pnl / paid if paid > 0.0 else 0.0


@jit
def guarded_exit(side: float, entry: float, peak: float, bar: Any, rules: Any) -> tuple[int, float]:
    """Return why and at what price a guard ends a position inside a bar, or (0, 0.0).

    bar: open, high, low. The order of high and low inside a bar is unknown, so the worse is taken to come first, and a bar's own best
    price moves the trailing stop from the next bar on. A gap fills at the open. Stops are market orders and pay slippage, a
    target is a limit order and does not. (A level is entry + entry x share: entry x (1 + 0.1) would put the target of 100 above 110.)
    """
    if side > 0.0:
        fixed = entry - entry * rules[STOP] if rules[STOP] > 0.0 else 0.0
        trailing = peak - peak * rules[TRAIL] if rules[TRAIL] > 0.0 else 0.0
        target = entry + entry * rules[TARGET] if rules[TARGET] > 0.0 else math.inf
        if bar[LOW] <= max(fixed, trailing):
            price = sell_price(min(bar[OPEN], max(fixed, trailing)), rules[SLIPPAGE])
            return (TRAILING_STOP if trailing > fixed else STOP_LOSS), price
        return (TAKE_PROFIT, max(bar[OPEN], target)) if bar[HIGH] >= target else (STILL_OPEN, 0.0)
    return _guarded_exit_of_short(entry, peak, bar, rules)


@jit
def _guarded_exit_of_short(entry: float, peak: float, bar: Any, rules: Any) -> tuple[int, float]:
    fixed = entry + entry * rules[STOP] if rules[STOP] > 0.0 else math.inf
    trailing = peak + peak * rules[TRAIL] if rules[TRAIL] > 0.0 else math.inf
    target = entry - entry * rules[TARGET] if rules[TARGET] > 0.0 else 0.0
    if bar[HIGH] >= min(fixed, trailing):
        price = buy_price(max(bar[OPEN], min(fixed, trailing)), rules[SLIPPAGE])
        return (TRAILING_STOP if trailing < fixed else STOP_LOSS), price
    return (TAKE_PROFIT, min(bar[OPEN], target)) if bar[LOW] <= target else (STILL_OPEN, 0.0)


@jit
def force_out(t: int, reason: int, price: float, rules: Any, s: Any, table: Any) -> None:
    """Begin an exit inside bar t at `price` and drop an opening order in work; an exit already in work keeps its reason."""
    if s[CLOSING] == 0.0:
        s[REASON] = reason
    s[CLOSING], s[OPENING], s[BLOCKED] = 1.0, 0.0, s[SIDE]
    leave(t, price, rules, s, table)


@jit
def decide(t: int, action: int, modes: Any, s: Any) -> None:
    """Turn the action of bar t, known at its close, into orders for the next open; modes: see `engine.run`.

    An exit in work runs to its end; an opening order in work is dropped by a decision for anything else. In position mode a side
    that a guard closed is entered again only after the series has said something else.
    """
    position_mode, allow_short, horizon = modes
    side = s[SIDE]
    if horizon > 0 and side != 0.0 and s[CLOSING] == 0.0 and t - s[FIRST] + 1.0 >= horizon:
        s[CLOSING], s[OPENING], s[REASON] = 1.0, 0.0, HORIZON
        return
    if action == 0 and not position_mode:
        return
    wanted = _wanted(action, position_mode, allow_short, s)
    if s[CLOSING] != 0.0:
        _order(wanted if wanted == -side else 0.0, s)
    elif side == 0.0:
        _order(wanted, s)
    elif wanted != side:
        s[CLOSING], s[REASON] = 1.0, SIGNAL
        _order(wanted, s)


@jit
def _wanted(action: int, position_mode: bool, allow_short: bool, s: Any) -> float:
    wanted = float(action) if allow_short or action > 0 else 0.0
    if position_mode and s[BLOCKED] != 0.0:
        if wanted == s[BLOCKED]:
            return 0.0
        s[BLOCKED] = 0.0
    return wanted


@jit
def _order(wanted: float, s: Any) -> None:
    if s[OPENING] != wanted:
        s[OPENING], s[SPEND] = wanted, -1.0
