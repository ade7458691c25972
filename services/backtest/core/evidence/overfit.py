"""How often the family's best try on one half of the bars is below the median on the other half (PBO by CSCV).

Source: Bailey, Borwein, Lopez de Prado, Zhu, "The Probability of Backtest Overfitting" (2017): T x N returns in S even blocks, every
half of the blocks once in sample, the rest out of sample.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np

from services.backtest.core.values import TINY, Floats, Undefined

MIN_MEMBERS = 10
"""Tries a family needs before PBO says anything; a sweep is judged from two on."""

FAIL_ABOVE = 0.5
WARN_ABOVE = 0.2

_MIN_BARS = 8
_CELLS = 50_000
"""Ratios worked on at a time: what stays in the processor's cache."""


@dataclass(frozen=True)
class Overfit:
    """pbo: 0..1, share of the splits in which the best in sample ranks in the lower half out of sample.

    median_rank: median of that relative rank, 0..1. members: N tries. blocks: S. splits: S choose S/2. bars: T.
    """

    pbo: float
    median_rank: float
    members: int
    blocks: int
    splits: int
    bars: int


def overfit(returns: Floats) -> Overfit | Undefined:
    """Return the PBO of (T, N) per-bar returns, one column per distinct try, all on the same bars.

    S is 16 for up to 100 tries, 12 for up to 1,000, else 8; fewer where the bars do not fill blocks of eight. A try that did not
    move in a half has Sharpe 0 there; equal ratios share the mean of their ranks. Undefined below two tries or 64 bars.
    """
    bars, members = returns.shape
    if members < 2:
        return Undefined("fewer than two tries")
    blocks = min(16 if members <= 100 else 12 if members <= 1_000 else 8, bars // _MIN_BARS // 2 * 2)
    if blocks < 8:
        return Undefined("fewer than 64 common bars")
    ranks = relative_ranks(returns, blocks)
    # A logit of at most 0 means a relative rank of at most one half.
    share = float(np.count_nonzero(ranks <= 0.5)) / len(ranks)
    return Overfit(share, float(np.median(ranks)), members, blocks, len(ranks), bars)


def relative_ranks(returns: Floats, blocks: int) -> Floats:
    """Return per split the out-of-sample rank / (N + 1) of the try that was best in sample; (S choose S/2,).

    Bars that do not fill the last block are left out, the oldest first.
    """
    used = returns[len(returns) % blocks :]
    length = len(used) // blocks
    centre = used.mean(axis=0)
    # Sums about the overall mean, so that squares of tiny returns do not cancel.
    moved = (used - centre).reshape(blocks, length, -1)
    sums, squares = moved.sum(axis=1), np.einsum("btn,btn->bn", moved, moved)
    halves, bars = _halves(blocks), length * (blocks // 2)
    table = np.empty((len(halves), used.shape[1]))
    step = max(1, _CELLS // used.shape[1])
    parts = [slice(first, first + step) for first in range(0, len(table), step)]
    for part in parts:
        _sharpes(halves[part], (sums, squares, centre), bars, table[part])
    # In lexicographic order the complement of split i is split -1 - i, so one table serves both halves.
    outside = table[::-1]
    return np.concatenate([_ranks(table[part], outside[part]) for part in parts])


def _sharpes(halves: Floats, moments: tuple[Floats, Floats, Floats], bars: int, out: Floats) -> None:
    sums, squares, centre = moments
    np.matmul(halves, sums / bars, out=out)
    spreads = halves @ (squares / (bars - 1))
    spreads -= bars / (bars - 1) * out * out
    out += centre
    # What is left of the squares of returns that never moved is rounding; their ratio is 0.
    floor = np.maximum(TINY * squares.sum(axis=0) / bars, (TINY * centre) ** 2 + np.finfo(np.float64).tiny)
    if (spreads.min(axis=0) <= floor).any():
        spreads[spreads <= floor] = np.inf
    out /= np.sqrt(spreads, out=spreads)


def _ranks(inside: Floats, outside: Floats) -> Floats:
    best = np.argmax(inside, axis=1)
    reached = np.take_along_axis(outside, best[:, None], axis=1)
    below = np.count_nonzero(outside < reached, axis=1)
    level = np.count_nonzero(outside == reached, axis=1)
    ranks: Floats = (below + (level + 1) / 2) / (inside.shape[1] + 1)
    return ranks


@lru_cache(maxsize=5)
def _halves(blocks: int) -> Floats:
    """One row per split with 1 for each block in sample; at most 12,870 x 16."""
    chosen = np.array(list(combinations(range(blocks), blocks // 2)))
    rows = np.zeros((len(chosen), blocks))
    np.put_along_axis(rows, chosen, 1.0, axis=1)
    return rows
