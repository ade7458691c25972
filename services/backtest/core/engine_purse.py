"""The loop over the bars of several symbols with one purse: who gets the cash, and in what order.

Decides the order inside a bar: at the open, in the order of symbol names, first every exit, then every entry; inside the bar the
guards; at the close the decisions. An entry gets an equal part of the equity of the bar before, or what is left of the cash. With all
places taken a new entry lapses and is counted; the highest score comes first where scores are given. A short reserves its worth once
more beside its proceeds, so that long and short together never exceed the equity. Ruin is looked for at closes. What a fill is stays
with `engine_kernel`.
"""

import math
from typing import Any

from libs.market.fills import round_money
from libs.market.jit import jit
from services.backtest.core.engine_kernel import (
    CASH,
    CLOSING,
    ENTRY,
    FRACTION,
    HIGH,
    LOW,
    OPENING,
    PEAK,
    QUANTITY,
    ROOM,
    RUIN,
    SIDE,
    SPEND,
    STILL_OPEN,
    TRADES,
    close_at_open,
    decide,
    force_out,
    guarded_exit,
    mark,
    open_at_open,
    room_of,
)


@jit
def replay_all(rows: Any, bars: Any, said: Any, given: Any, state: Any, out: Any) -> tuple[int, int]:
    """Fill `out` = (equity, exposure, table) and return (refused, ruined_at).

    rows: first row of each time and the end, then symbol and own bar of each row, rows by time and name. bars: five columns by row.
    said: actions and scores by row. given: rules, guarded, modes, places. state: `s` by symbol, purse, last close and score.
    """
    first, symbol, own = rows
    rules, guarded, modes, places = given
    states, purse, last, rank = state
    equity, exposure, table = out
    worth, refused = purse[CASH], 0
    for t in range(len(equity)):
        a, b = first[t], first[t + 1]
        _exits(a, b, rows, bars, rules, (states, purse, table))
        share = round_money(rules[FRACTION] * worth / places)
        refused += _entries(a, b, rows, bars, (rules, share, places), (states, purse, last, rank))
        if guarded:
            _guards(a, b, rows, bars, rules, (states, purse, table))
        for r in range(a, b):
            last[symbol[r]] = bars[3][r]
        worth, used = _worth(states, purse, last)
        equity[t], exposure[t] = worth, used / places
        if not worth > 0.0:
            equity[t:] = 0.0
            exposure[t:] = 0.0
            _liquidate(rows, b, rules, (states, purse, table, last))
            return refused, t
        for r in range(a, b):
            decide(own[r], said[0][r], modes, states[symbol[r]])
            rank[symbol[r]] = said[1][r]
    for i in range(len(states)):
        if states[i][SIDE] != 0.0:
            _lend(states[i], purse)
            mark(last[i], states[i], table)
            _take_back(states[i], purse)
    return refused, -1


@jit
def _lend(s: Any, purse: Any) -> None:
    s[CASH], s[TRADES] = purse[CASH], purse[TRADES]


@jit
def _take_back(s: Any, purse: Any) -> None:
    purse[CASH], purse[TRADES] = s[CASH], s[TRADES]


@jit
def _exits(a: int, b: int, rows: Any, bars: Any, rules: Any, books: Any) -> None:
    states, purse, table = books
    for r in range(a, b):
        s = states[rows[1][r]]
        s[ROOM] = room_of(bars[4][r], rules)
        if s[CLOSING] != 0.0:
            _lend(s, purse)
            close_at_open(rows[2][r], bars[0][r], rules, s, table)
            _take_back(s, purse)


@jit
def _guards(a: int, b: int, rows: Any, bars: Any, rules: Any, books: Any) -> None:
    states, purse, table = books
    for r in range(a, b):
        s = states[rows[1][r]]
        side = s[SIDE]
        if side != 0.0:
            bar = (bars[0][r], bars[1][r], bars[2][r])
            reason, price = guarded_exit(side, s[ENTRY], s[PEAK], bar, rules)
            s[PEAK] = max(s[PEAK], bar[HIGH]) if side > 0.0 else min(s[PEAK], bar[LOW])
            if reason != STILL_OPEN:
                _lend(s, purse)
                force_out(rows[2][r], reason, price, rules, s, table)
                _take_back(s, purse)


@jit
def _entries(a: int, b: int, rows: Any, bars: Any, given: Any, books: Any) -> int:
    """Fill the entries of a bar and return how many lapsed: those in work by name, then new ones by score and name."""
    rules, share, places = given
    states, rank = books[0], books[3]
    refused, used = 0, _places_taken(states)
    for r in range(a, b):
        s = states[rows[1][r]]
        if s[OPENING] != 0.0 and s[CLOSING] == 0.0 and s[SPEND] >= 0.0:
            _enter(r, s[SPEND], rows, bars, rules, books)
    while True:
        r = _next_entry(a, b, rows[1], states, rank)
        if r < 0:
            return refused
        s = states[rows[1][r]]
        if used < places:
            _enter(r, share, rows, bars, rules, books)
        else:
            s[OPENING] = 0.0
        if s[SIDE] != 0.0 or s[OPENING] != 0.0:
            used += 1
        else:
            refused += 1


@jit
def _places_taken(states: Any) -> int:
    used = 0
    for i in range(len(states)):
        if states[i][SIDE] != 0.0 or (states[i][OPENING] != 0.0 and states[i][SPEND] >= 0.0):
            used += 1
    return used


@jit
def _next_entry(a: int, b: int, symbol: Any, states: Any, rank: Any) -> int:
    best = -1
    for r in range(a, b):
        s = states[symbol[r]]
        fresh = s[OPENING] != 0.0 and s[CLOSING] == 0.0 and s[SPEND] < 0.0
        if fresh and (best < 0 or rank[symbol[r]] > rank[symbol[best]]):
            best = r
    return best


@jit
def _enter(r: int, spend: float, rows: Any, bars: Any, rules: Any, books: Any) -> None:
    states, purse, last, _ = books
    s = states[rows[1][r]]
    free = purse[CASH]
    for other in range(len(states)):
        if states[other][SIDE] < 0.0:
            free += 2.0 * states[other][QUANTITY] * last[other]
    s[SPEND] = round_money(max(0.0, min(spend, free)))
    _lend(s, purse)
    open_at_open(rows[2][r], bars[0][r], rules, s)
    _take_back(s, purse)


@jit
def _worth(states: Any, purse: Any, last: Any) -> tuple[float, int]:
    worth, used = purse[CASH], 0
    for i in range(len(states)):
        if states[i][SIDE] != 0.0:
            worth += states[i][QUANTITY] * last[i]
            used += 1
    return worth, used


@jit
def _liquidate(rows: Any, stop: int, rules: Any, books: Any) -> None:
    states, purse, table, last = books
    for r in range(stop - 1, -1, -1):
        s = states[rows[1][r]]
        if s[SIDE] != 0.0:
            s[ROOM] = math.inf
            _lend(s, purse)
            force_out(rows[2][r], RUIN, last[rows[1][r]], rules, s, table)
            _take_back(s, purse)
