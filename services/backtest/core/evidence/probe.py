"""Asking a strategy again on other bars: what an answer is, and where two answers part.

Decides how evidence sees a strategy: as one function from bars to signals. What runs behind it (rules, a sandbox, a fake) is the
caller's; a strategy that refuses the bars raises a PermanentError, anything else ends the examination.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from libs.common.errors import PermanentError
from libs.market.frame import Frame
from services.backtest.core.values import Times

Actions = NDArray[np.int8]
"""(T,) signals of -1, 0, 1, one per bar."""

SignalsOf = Callable[[Frame], Actions]
"""A strategy: the signals it gives on bars it is shown."""

Answer = Actions | PermanentError


class Mapped(Protocol):
    """`map`, or the `map` of a pool of threads: the answers in the order of the frames."""

    def __call__(self, ask: Callable[[Frame], Answer], frames: list[Frame], /) -> Iterable[Answer]:
        """Return one answer per frame."""


def one_by_one(ask: Callable[[Frame], Answer], frames: list[Frame]) -> Iterable[Answer]:
    """Ask in turn, in this thread."""
    return [ask(frame) for frame in frames]


@dataclass(frozen=True)
class Change:
    """The first bar on which a rerun said something else.

    time: open time of the bar, epoch ms. full: signal with all bars known. again: signal of the rerun. cut: open time of the bar at which the
    rerun's bars ended (or from which on they were noise), or began; epoch ms.
    """

    time: int
    full: int
    again: int
    cut: int


def asked(signals_of: SignalsOf, frames: list[Frame], mapped: Mapped = one_by_one) -> list[Answer]:
    """Return what the strategy says on each of `frames`, or the PermanentError with which it refused them."""

    def ask(frame: Frame) -> Answer:
        try:
            return signals_of(frame)
        except PermanentError as error:
            return error

    return list(mapped(ask, frames))


def first_change(times: Times, full: Actions, again: Actions, cut: int) -> Change | None:
    """Return where two answers on the same bars first differ; times, full, again: (n,), oldest first."""
    differs = np.flatnonzero(full != again)
    if not len(differs):
        return None
    at = int(differs[0])
    return Change(int(times[at]), int(full[at]), int(again[at]), cut)


def generator(*content: str | int) -> np.random.Generator:
    """Return a random generator seeded by content, so that equal content always draws the same numbers."""
    digest = hashlib.sha256("\x1f".join(map(str, content)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))
