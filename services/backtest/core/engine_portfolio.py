"""Several symbols with one purse, on the union of their bars: what such a run is given and what it tells.

Who gets the cash, and in what order, is `engine_purse`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from libs.market.frame import Frame
from services.backtest.core.engine import Book, Terms, blank, book_of, column, plain
from services.backtest.core.engine_kernel import (
    CASH,
    CLOSING,
    COLUMNS,
    OPENING,
    SIDE,
    STATE,
    SYMBOL,
    SYMBOL_COLUMN,
    TRADES,
)
from services.backtest.core.engine_purse import replay_all
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
    equity, exposure, table = np.empty(len(times)), np.empty(len(times)), np.empty((len(ts), COLUMNS))
    states, purse = np.zeros((len(names), STATE)), blank(2, terms.initial_capital)
    states[:, SYMBOL] = np.arange(len(names))
    working = plain(states)
    refused, ruined_at = replay_all(
        (plain(np.append(first, len(ts))), plain(symbol), plain(own)),
        tuple(column(_flat(names, frames, name, order)) for name in ("open", "high", "low", "close", "volume")),
        (
            plain(np.concatenate([actions[name] for name in names]).astype(np.int8)[order]),
            column(_ranks(names, frames, scores)[order]),
        ),
        (terms.rules, terms.guarded, modes[:3], min(modes[3], len(names))),
        (working, purse, blank(len(names)), blank(len(names))),
        (equity, exposure, table),
    )
    written = table[: int(purse[TRADES])]
    books = {name: book_of(written[written[:, SYMBOL_COLUMN] == i]) for i, name in enumerate(names)}
    waiting = {name: _pending(working[i]) for i, name in enumerate(names)}
    pending = {name: side for name, side in waiting.items() if side}
    return PortfolioResult(names, times, equity, exposure, books, float(purse[CASH]), pending, refused, ruined_at)


def _flat(names: tuple[str, ...], frames: Mapping[str, Frame], field: str, order: Times) -> Floats:
    return np.concatenate([getattr(frames[name], field) for name in names])[order]


def _ranks(names: tuple[str, ...], frames: Mapping[str, Frame], scores: Mapping[str, Floats] | None) -> Floats:
    return np.concatenate([np.zeros(len(frames[name])) if scores is None else scores[name] for name in names])


def _pending(s: Any) -> int:
    return int(-s[SIDE] if s[CLOSING] else s[OPENING])
