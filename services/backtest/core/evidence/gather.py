"""All evidence on one run, from its bars, its signals and its family's other tries.

Decides which checks are made and on what; each check is a file of its own. A run on many symbols is asked again on the five that earned most, for that
is where a peek would show; everything else is of the whole run.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from libs.market.frame import Frame
from services.backtest.core.engine import Terms
from services.backtest.core.evidence.costs import DoubledCosts, doubled
from services.backtest.core.evidence.holdout import HeldOut
from services.backtest.core.evidence.lookahead import LookAhead, look_ahead
from services.backtest.core.evidence.luck import Luck, luck
from services.backtest.core.evidence.overfit import MIN_MEMBERS, Overfit, overfit
from services.backtest.core.evidence.probe import Actions, Answer, Mapped, SignalsOf, one_by_one
from services.backtest.core.evidence.random_entry import Holdings, RandomEntry, random_entry
from services.backtest.core.evidence.reproducible import Reproducible, reproducible
from services.backtest.core.evidence.trials import Trial, distinct, matrix, others
from services.backtest.core.evidence.walkforward import Kind, WalkForward, gap_of, walk_forward
from services.backtest.core.evidence.warmup import Lookback, lookback
from services.backtest.core.values import Floats, Metrics, Times, Undefined

EXAMINED = 5
"""Symbols of a run that are asked again."""

HORIZON = 1
"""Bars a signal reaches ahead: it is filled at the next open."""


@dataclass(frozen=True)
class Piece:
    """One symbol of a run: what was asked and answered, and what came of it.

    actions: (T,) what `signals_of(frame)` gave. returns: (T,) earned per bar. held, sides: (n,) bars held and side (1, -1) of each trade.
    together: answers for several frames at once, where that is cheaper; asked for the lookback alone, which accuses nobody: only separate
    answers prove that no other bars were in reach.
    """

    symbol: str
    frame: Frame
    signals_of: SignalsOf
    actions: Actions
    returns: Floats
    held: Times
    sides: Times
    together: Callable[[list[Frame]], list[Answer]] | None = None


@dataclass(frozen=True)
class Subject:
    """A run to examine. returns: (T,) of the whole run per bar; measured: replays its signals at other terms and measures them."""

    pieces: tuple[Piece, ...]
    returns: Floats
    total_return: float
    terms: Terms
    measured: Callable[[Terms], Metrics]
    is_sweep: bool = False


@dataclass(frozen=True)
class Asked:
    """What asking again showed on one symbol."""

    symbol: str
    look_ahead: LookAhead
    lookback: Lookback
    reproducible: Reproducible


@dataclass(frozen=True)
class Evidence:
    """Everything found on one run. overfit: None while the family is too small. lookback: bars, None if a symbol showed none."""

    asked: tuple[Asked, ...]
    lookback: int | None
    luck: Luck
    overfit: Overfit | Undefined | None
    random_entry: RandomEntry | Undefined
    doubled_costs: DoubledCosts
    walk_forward: tuple[WalkForward | Undefined, ...]
    holdout: HeldOut | None
    is_sweep: bool

    @property
    def look_ahead(self) -> bool:
        """Tell whether no symbol showed a look-ahead."""
        return all(each.look_ahead.passed for each in self.asked)

    @property
    def reproducible(self) -> bool:
        """Tell whether every symbol answered the same twice."""
        return all(each.reproducible.passed for each in self.asked)


def gather(
    subject: Subject, own: Trial, family: Sequence[Trial], holdout: HeldOut | None, *, mapped: Mapped = one_by_one
) -> Evidence:
    """Return all evidence on `subject`.

    own: its trial. family: every stored trial of its family, `own` included or not. holdout: what the promotion check found, None before
    it. mapped: how reruns are carried out, such as the `map` of a pool of threads.
    """
    asked = tuple(_asked(piece, mapped) for piece in _most_earning(subject.pieces))
    needs = [each.lookback.bars for each in asked]
    known = [bars for bars in needs if bars is not None]
    need = max(known) if len(known) == len(needs) else None
    return Evidence(
        asked=asked,
        lookback=need,
        luck=luck(subject.returns, [trial.sharpe for trial in others(family, own.signal_hash)]),
        overfit=_overfit(own, family, is_sweep=subject.is_sweep),
        random_entry=random_entry(
            [Holdings(piece.frame, piece.held, piece.sides) for piece in subject.pieces],
            subject.terms,
            subject.total_return,
            own.signal_hash,
        ),
        doubled_costs=doubled(subject.terms, subject.measured),
        walk_forward=tuple(_walked(subject.returns, need, kind) for kind in ("rolling", "anchored")),
        holdout=holdout,
        is_sweep=subject.is_sweep,
    )


def _most_earning(pieces: tuple[Piece, ...]) -> list[Piece]:
    return sorted(pieces, key=lambda piece: (-float(np.prod(1.0 + piece.returns)), piece.symbol))[:EXAMINED]


def _asked(piece: Piece, mapped: Mapped) -> Asked:
    what = (piece.signals_of, piece.frame, piece.actions)
    together = piece.together
    return Asked(
        piece.symbol,
        look_ahead(*what, piece.returns, mapped=mapped),
        lookback(*what, mapped=mapped if together is None else lambda _, frames: together(frames)),
        reproducible(*what),
    )


def _overfit(own: Trial, family: Sequence[Trial], *, is_sweep: bool) -> Overfit | Undefined | None:
    if not is_sweep and len(distinct([own, *family])) < MIN_MEMBERS:
        return None
    return overfit(matrix(own, family))


def _walked(returns: Floats, need: int | None, kind: Kind) -> WalkForward | Undefined:
    # Nothing is fitted on the training bars of a single strategy, so an unknown lookback leaks nothing into the test.
    return walk_forward(returns[:, None], gap_of(need or 0, HORIZON), kind)
