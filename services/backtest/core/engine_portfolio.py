"""Several symbols, one purse: who gets the cash, and in what order.

Decides the order inside a bar: at the open, in the order of symbol names, first every exit, then every entry; inside the bar the
guards; at the close the decisions. An entry gets an equal part of the equity of the bar before, or what is left of the cash. With all
places taken a new entry lapses and is counted; the highest score comes first where scores are given. A short reserves its worth once
more beside its proceeds, so that long and short together never exceed the equity. What a fill is stays with `engine_kernel`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from libs.market.fills import round_money
from libs.market.frame import Frame
from libs.market.jit import jit
from services.backtest.core.engine import Book, Terms, blank, book_of, column, plain
from services.backtest.core.engine_kernel import (
    CASH,
    CLOSING,
    COLUMNS,
    FRACTION,
    OPENING,
    QUANTITY,
    ROW,
    SIDE,
    SPEND,
    STATE,
    SYMBOL,
    TRADES,
    close_at_open,
    decide,
    guard,
    mark,
    measure_room,
    open_at_open,
    ruin,
)
from services.backtest.core.values import Floats, Times

MAX_POSITIONS = 20
"""Most symbols held at once unless a caller says otherwise."""


@dataclass(frozen=True)
class PortfolioResult:
    """What one purse made of several symbols on the union of their open times, T of them.

    symbols: in order of name. times: (T,) epoch ms. equity: (T,) cash + holdings at the last close of each, 0 from a ruin on.
    exposure: (T,) share of the places in use. books: trades by symbol, indices into the symbol's own frame. cash: at the end. pending:
    1 buy or -1 sell by symbol, those with an order in work alone. refused: entries that found no place or no cash. ruined_at: index
    into `times`, or -1.
    """

    symbols: tuple[str, ...]
    times: Times
    equity: Floats
    exposure: Floats
    books: Mapping[str, Book]
    cash: float
    pending: Mapping[str, int]
    refused: int
    ruined_at: int


def run_portfolio(  # noqa: PLR0913  the words of one question
    actions: Mapping[str, NDArray[np.int8]],
    frames: Mapping[str, Frame],
    terms: Terms,
    *,
    position_mode: bool = False,
    allow_short: bool = False,
    horizon: int = 0,
    max_positions: int = MAX_POSITIONS,
    scores: Mapping[str, Floats] | None = None,
) -> PortfolioResult:
    """Return what `actions` by symbol would have done with one purse; words as in `engine.run`.

    max_positions: symbols held at once, >= 1; an entry spends equity x fraction / min(max_positions, symbols), fee included. scores: (T,)
    by symbol, finite; of the entries decided at the same bar the highest comes first, equal ones by name. A classifier is
    actions of 0 and 1 with its `horizon`. Raises ValueError when symbols or lengths differ or there is no bar.
    """
    names = tuple(sorted(frames))
    if not names or set(names) != set(actions) or max_positions < 1:
        raise ValueError("actions and frames must name the same symbols, at least one, and max_positions must be >= 1")
    for name in names:
        if not len(frames[name]) or len(actions[name]) != len(frames[name]):
            raise ValueError(f"{len(actions[name])} actions for {len(frames[name])} bars of {name}")
    return _run(names, actions, frames, terms, (position_mode, allow_short, horizon, max_positions), scores)


def _run(
    names: tuple[str, ...],
    actions: Mapping[str, NDArray[np.int8]],
    frames: Mapping[str, Frame],
    terms: Terms,
    modes: tuple[bool, bool, int, int],
    scores: Mapping[str, Floats] | None,
) -> PortfolioResult:
    ts = np.concatenate([frames[name].ts for name in names])
    order = np.argsort(ts, kind="stable")
    times, first = np.unique(ts[order], return_index=True)
    own = np.concatenate([np.arange(len(frames[name])) for name in names])[order]
    symbol = np.repeat(np.arange(len(names)), [len(frames[name]) for name in names])[order]
    equity, exposure, table = np.empty(len(times)), np.empty(len(times)), np.empty((COLUMNS, len(ts)))
    states, purse = plain(np.zeros((len(names), STATE))), blank(2, terms.initial_capital)
    refused, ruined_at = replay_all(
        (plain(np.append(first, len(ts))), plain(symbol), plain(own)),
        tuple(column(_flat(names, frames, name, order)) for name in ("open", "high", "low", "close", "volume")),
        (
            plain(np.concatenate([actions[name] for name in names]).astype(np.int8)[order]),
            column(_ranks(names, frames, scores)[order]),
        ),
        (terms.rules, terms.guarded, modes[:3], min(modes[3], len(names))),
        (states, purse, blank(len(names)), blank(len(names))),
        (equity, exposure, table),
    )
    written = table[:, : int(purse[TRADES])]
    books = {name: book_of(written[:, written[SYMBOL] == i]) for i, name in enumerate(names)}
    waiting = {name: _pending(states[i]) for i, name in enumerate(names)}
    pending = {name: side for name, side in waiting.items() if side}
    return PortfolioResult(names, times, equity, exposure, books, float(purse[CASH]), pending, refused, ruined_at)


def _flat(names: tuple[str, ...], frames: Mapping[str, Frame], field: str, order: Times) -> Floats:
    return np.concatenate([getattr(frames[name], field) for name in names])[order]


def _ranks(names: tuple[str, ...], frames: Mapping[str, Frame], scores: Mapping[str, Floats] | None) -> Floats:
    return np.concatenate([np.zeros(len(frames[name])) if scores is None else scores[name] for name in names])


def _pending(s: Any) -> int:
    return int(-s[SIDE] if s[CLOSING] else s[OPENING])


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
        refused += _entries(a, b, rows, bars, (rules, share, places), (states, purse, table, last, rank))
        for r in range(a, b):
            s = states[symbol[r]]
            if guarded and s[SIDE] != 0.0:
                guard(own[r], (bars[0][r], bars[1][r], bars[2][r]), rules, s, table, purse)
            last[symbol[r]] = bars[3][r]
        worth, used = _worth(states, purse, last)
        equity[t], exposure[t] = worth, used / places
        if not worth > 0.0:
            equity[t:] = 0.0
            exposure[t:] = 0.0
            _liquidate(rows, b, rules, (states, purse, table, last))
            return refused, t
        for r in range(a, b):
            decide(own[r], said[0][r], modes, states[symbol[r]], table)
            rank[symbol[r]] = said[1][r]
    for i in range(len(states)):
        if states[i][SIDE] != 0.0:
            mark(last[i], states[i], table)
    return refused, -1


@jit
def _exits(a: int, b: int, rows: Any, bars: Any, rules: Any, books: Any) -> None:
    states, purse, table = books
    for r in range(a, b):
        s = states[rows[1][r]]
        measure_room(bars[4][r], rules, s)
        if s[CLOSING] != 0.0:
            close_at_open(rows[2][r], bars[0][r], rules, s, table, purse)


@jit
def _entries(a: int, b: int, rows: Any, bars: Any, given: Any, books: Any) -> int:
    """Fill the entries of a bar and return how many lapsed: those in work by name, then new ones by score and name."""
    rules, share, places = given
    states, rank = books[0], books[4]
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
    states, purse, table, last, _ = books
    i = rows[1][r]
    s = states[i]
    free = purse[CASH]
    for other in range(len(states)):
        if states[other][SIDE] < 0.0:
            free += 2.0 * states[other][QUANTITY] * last[other]
    s[SPEND] = round_money(max(0.0, min(spend, free)))
    open_at_open(rows[2][r], bars[0][r], rules, s, table, purse)
    if s[SIDE] != 0.0:
        table[SYMBOL, int(s[ROW])] = i


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
        i = rows[1][r]
        if states[i][SIDE] != 0.0:
            ruin(rows[2][r], last[i], rules, states[i], table, purse)
