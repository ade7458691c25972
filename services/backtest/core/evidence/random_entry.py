"""Whether the moments of entry were worth anything: the run beside 1,000 that entered at random.

A random run has as many trades, of the same lengths and sides, at the same costs, on the same bars; only when they happen, and in which
order, is drawn. So it earns what the market paid for being invested that long, and nothing for timing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from libs.market.frame import Frame
from services.backtest.core.engine import Terms
from services.backtest.core.evidence.probe import generator
from services.backtest.core.values import Floats, Times, Undefined

DRAWS = 1_000

_CELLS = 2_000_000


@dataclass(frozen=True)
class Holdings:
    """The trades of one symbol: bars (n,) how long each was held, sides (n,) 1 long or -1 short, on `frame`."""

    frame: Frame
    bars: Times
    sides: Times


@dataclass(frozen=True)
class RandomEntry:
    """percentile: share of random runs, 0..1, that the run beat (a tie counts half). median, best: their total returns, fractions."""

    total_return: float
    percentile: float
    median: float
    best: float
    draws: int


def random_entry(holdings: Sequence[Holdings], terms: Terms, total_return: float, seed: str) -> RandomEntry | Undefined:
    """Return where `total_return` stands among random runs; several symbols have equal shares of the capital, as in the run.

    seed: any text that names the run (its signal hash): equal runs draw equal numbers. Undefined without trades.
    """
    if not any(len(held.bars) for held in holdings):
        return Undefined("no trades")
    shares = [growths(held, terms, seed, place) for place, held in enumerate(holdings)]
    drawn = np.mean(shares, axis=0) - 1.0
    below, level = np.count_nonzero(drawn < total_return), np.count_nonzero(drawn == total_return)
    return RandomEntry(
        total_return, float(below + level / 2) / DRAWS, float(np.median(drawn)), float(drawn.max()), DRAWS
    )


def growths(held: Holdings, terms: Terms, seed: str, place: int) -> Floats:
    """Return (1000,) final over initial capital of random runs with these holdings; `place` tells symbols of one run apart."""
    trades, count = len(held.bars), len(held.frame)
    if not trades:
        return np.ones(DRAWS)
    chance = generator(seed, place)
    free = count - 1 - int(held.bars.sum())
    # A holding that outlasts the last bar is marked at the last close.
    prices = np.append(held.frame.open, held.frame.close[-1])
    found = np.empty(DRAWS)
    step = max(1, _CELLS // trades)
    for first in range(0, DRAWS, step):
        rows = min(step, DRAWS - first)
        order = chance.permuted(np.tile(np.arange(trades), (rows, 1)), axis=1)
        lengths = held.bars[order]
        waits = np.sort(chance.integers(0, max(free, 0) + 1, (rows, trades)), axis=1)
        entries = 1 + waits + np.cumsum(lengths, axis=1) - lengths
        entries = np.minimum(entries, count - 1)
        exits = np.minimum(entries + lengths, count)
        found[first : first + rows] = _grown(prices, entries, exits, held.sides[order], terms)
    return found


def _grown(prices: Floats, entries: Times, exits: Times, sides: Times, terms: Terms) -> Floats:
    """Compound the trades: each stakes `fraction` of the capital, fee included, and pays both sides' costs."""
    ended = exits == len(prices) - 1
    slip, fee = np.where(ended, 0.0, terms.slippage), np.where(ended, 0.0, terms.fee)
    bought = prices[entries] * (1.0 + sides * terms.slippage)
    sold = prices[exits] * (1.0 - sides * slip)
    gain = (sides * (sold / bought - 1.0) - fee * sold / bought - terms.fee) / (1.0 + terms.fee)
    grown: Floats = np.prod(np.maximum(1.0 + terms.fraction * gain, 0.0), axis=1)
    return grown
