"""The bars kept back: fixed per family at its first proposal, shown to the promotion check only.

Decides where the boundary lies, who may see past it, and what was found there. Automatic judging, sweeps and repair see the bars before it; a
person may look past it, once seen always seen.
"""

import math
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from libs.common.values import from_epoch_ms, to_epoch_ms
from libs.market.frame import Frame
from services.backtest.core.evidence.luck import sharpe_of
from services.backtest.core.returns_metrics import returns_of
from services.backtest.core.values import Floats, Times, Value

SHARE = 0.2


@dataclass(frozen=True)
class Holdout:
    """Where a family's kept-back bars begin. boundary_ms: open time of the first one, epoch ms; seen_at: when a person first looked."""

    family_id: str
    boundary_ms: int
    fixed_at: datetime
    seen_at: datetime | None = None


@dataclass(frozen=True)
class HeldOut:
    """One strategy before and after the boundary: total returns as fractions, Sharpe per bar, trades closed after the boundary."""

    boundary_ms: int
    bars_before: int
    bars_after: int
    return_before: float
    return_after: float
    sharpe_before: Value
    sharpe_after: Value
    closed_after: int


def fix(family_id: str, times: Times, at: datetime) -> Holdout:
    """Return the holdout of a family whose first proposal is judged `at` on bars that open at `times`, (T,), T >= 2, epoch ms.

    The last 20 % of the bars are kept back, at least one; the boundary never moves, so all that comes later is kept back too. Its time counts
    in whole milliseconds: in memory it must be the very boundary that is stored.
    """
    kept = max(1, math.floor(SHARE * len(times)))
    return Holdout(family_id, int(times[len(times) - kept]), from_epoch_ms(to_epoch_ms(at)))


def visible(holdout: Holdout, frame: Frame) -> Frame:
    """Return the bars of `frame` that automatic judging, sweeps and repair may see."""
    return frame.until(holdout.boundary_ms - 1)


def visible_end(holdout: Holdout, end: datetime | None) -> int:
    """Return the exclusive bound on open times, epoch ms, for an automatic run that would end at `end` (None: the newest bar)."""
    return holdout.boundary_ms if end is None else min(holdout.boundary_ms, to_epoch_ms(end))


def looked(holdout: Holdout, last_ms: int, at: datetime) -> Holdout:
    """Return the holdout after a person's backtest whose last bar opens at `last_ms`; the first look past the boundary counts."""
    if holdout.seen_at is not None or last_ms < holdout.boundary_ms:
        return holdout
    return replace(holdout, seen_at=at)


def held_out(holdout: Holdout, times: Times, equity: Floats, initial: float, exits: Times) -> HeldOut | None:
    """Return a run on both sides of the boundary, or None if it has no bar after it, or none before it.

    times, equity: (T,) of one run across the boundary. exits: (n,) open times of closing fills, -1 while open.
    """
    before = int(np.searchsorted(times, holdout.boundary_ms))
    if before in (0, len(times)):
        return None
    returns, turn = returns_of(equity, initial), float(equity[before - 1])
    return HeldOut(
        boundary_ms=holdout.boundary_ms,
        bars_before=before,
        bars_after=len(times) - before,
        return_before=turn / initial - 1.0,
        return_after=float(equity[-1]) / turn - 1.0 if turn > 0 else 0.0,
        sharpe_before=sharpe_of(returns[:before]),
        sharpe_after=sharpe_of(returns[before:]),
        closed_after=int(np.count_nonzero(exits >= holdout.boundary_ms)),
    )
