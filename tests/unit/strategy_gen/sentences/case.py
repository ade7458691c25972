"""One sentence and what it means: the shape of every case, and the walk that turns conditions into signals or positions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

Bars: TypeAlias = pd.DataFrame
Meaning: TypeAlias = Callable[[Bars], "pd.Series[bool]"]


@dataclass(frozen=True)
class Case:
    """A sentence with its reference meaning.

    entry: true after the bars on which it says yes. exit: the same for the way out, written out also where the sentence leaves it to the
    opposite. stop, target, trail: fractions of the entry price (trail: of the highest close since). hold: bars after the fill. bars: the
    bar length it is run on. own: the sentence itself names this length, by a word or a unit; otherwise the caller gives it.
    figures: the condition on the company besides, None where the sentence is about bars alone. assumes: words that the listed
    defaults must contain.
    """

    text: str
    entry: Meaning
    purpose: str
    exit: Meaning | None = None
    stop: float | None = None
    target: float | None = None
    trail: float | None = None
    hold: int | None = None
    bars: str = "1h"
    own: bool = False
    symbols: tuple[str, ...] = ()
    figures: Callable[[Mapping[str, Any]], bool] | None = None
    assumes: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The contract that the sentence must become."""
        return "python.signals" if self.purpose == "trade" and self.figures is None else "python.classify"

    @property
    def walks(self) -> bool:
        """Whether its signals are positions, because the way out depends on the entry."""
        return self.kind == "python.signals" and any(
            each is not None for each in (self.stop, self.target, self.trail, self.hold)
        )

    def hits(self, bars: Bars, known: Mapping[str, Any]) -> npt.NDArray[np.bool_]:
        """(T,) where the entry is true."""
        found: npt.NDArray[np.bool_] = self.entry(bars).fillna(False).to_numpy(dtype=bool)
        return found if self.figures is None else found & self.figures(known)

    def actions(self, bars: Bars) -> npt.NDArray[np.int8]:
        """(T,) what `generate_signals` must return: 1 and -1 as actions, or the position after each bar where it walks."""
        entries = self.hits(bars, {})
        exits = np.zeros(len(bars), bool) if self.exit is None else self.exit(bars).fillna(False).to_numpy(dtype=bool)
        if self.walks:
            return self._walked(bars, entries, exits)
        return np.where(exits, -1, np.where(entries, 1, 0)).astype(np.int8)

    def _walked(self, bars: Bars, entries: npt.NDArray[np.bool_], exits: npt.NDArray[np.bool_]) -> npt.NDArray[np.int8]:
        opens, closes = bars["open"].to_numpy(), bars["close"].to_numpy()
        positions = np.zeros(len(bars), np.int8)
        entered: int | None = None
        for bar in range(len(bars)):
            if entered is None:
                if entries[bar] and not exits[bar]:
                    entered = bar
                    positions[bar] = 1
                continue
            price = opens[entered + 1]
            best = max(price, closes[entered + 1 : bar + 1].max())
            leaves = (
                exits[bar]
                or (self.stop is not None and closes[bar] <= price * (1 - self.stop))
                or (self.target is not None and closes[bar] >= price * (1 + self.target))
                or (self.trail is not None and closes[bar] <= best * (1 - self.trail))
                or (self.hold is not None and bar - entered >= self.hold)
            )
            if leaves:
                entered = None
            else:
                positions[bar] = 1
        return positions


def trade(text: str, entry: Meaning, exit: Meaning | None = None, **more: Any) -> Case:
    """A sentence that buys, and sells by `exit` or by one of stop, target, trail, hold."""
    case = Case(text, entry, "trade", exit, **more)
    assert exit is not None or case.walks or case.figures is not None, text
    return case


def screen(text: str, entry: Meaning, **more: Any) -> Case:
    """A sentence that looks for symbols."""
    return Case(text, entry, "screen", **more)


def alert(text: str, entry: Meaning, **more: Any) -> Case:
    """A sentence that wants to be told."""
    return Case(text, entry, "alert", **more)
