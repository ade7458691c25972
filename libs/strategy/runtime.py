"""`evaluate`: the one function that runs a strategy, in backtest, alert and live alike.

Pure: equal strategy and bars give equal signals, and the signal of a bar depends on no later bar.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from libs.market.frame import FloatArray, Frame
from libs.strategy.rules import ActionArray, Vote, combined, each_vote
from libs.strategy.rules_schema import read_rules
from libs.strategy.spec import Strategy


@dataclass(frozen=True, eq=False)
class Signals:
    """What a strategy says after each of T bars.

    actions: (T,) int8, 1 buy, -1 sell, 0 hold (target positions where the strategy's signal_mode is `position`). values: (T,)
    columns by title, such as `rsi(14)`, that decided; NaN until warm.
    """

    actions: ActionArray
    values: dict[str, FloatArray]
    frame: Frame
    votes: tuple[Vote, ...]

    def __len__(self) -> int:
        """Return the number of bars."""
        return len(self.actions)

    @cached_property
    def signal_hash(self) -> str:
        """Return the SHA-256 (hex) of the actions together with the bars they were given on."""
        return hashlib.sha256(self.frame.data_hash().encode() + self.actions.tobytes()).hexdigest()

    def reason(self, bar: int) -> str:
        """Return in one plain sentence why the strategy says what it says on the bar, such as `rsi(14) 27.4 < 30`."""
        action = int(self.actions[bar])
        if action:
            return self._told(bar, "buy" if action > 0 else "sell")
        silences = [told for told in (vote.silence(bar) for vote in self.votes) if told]
        if silences:
            return " and ".join(silences)
        partial = [*self._spoken(bar, "buy"), *self._spoken(bar, "sell")]
        return f"not all conditions met, only {' and '.join(partial)}" if partial else "no condition met"

    def values_at(self, bar: int) -> dict[str, float | None]:
        """Return the values that decided on the bar; None where an indicator is not warm."""
        found = {title: float(column[bar]) for title, column in self.values.items()}
        return {title: None if np.isnan(value) else value for title, value in found.items()}

    def _spoken(self, bar: int, side: Literal["buy", "sell"]) -> list[str]:
        return [vote.says(bar, side) for vote in self.votes if getattr(vote, side)[bar]]

    def _told(self, bar: int, side: Literal["buy", "sell"]) -> str:
        told = " and ".join(self._spoken(bar, side))
        if side == "sell":
            outvoted = [vote.title for vote in self.votes if vote.buy[bar]]
            if outvoted:
                return f"{told}; a sell outranks the buy of {' and '.join(outvoted)}"
        return told


def evaluate(strategy: Strategy, frame: Frame) -> Signals:
    """Return what `strategy` says after each bar of `frame`; no bars give no signals.

    Raises BadStrategyError if the definition is not one that `parse` would have let through.
    """
    rules = read_rules(strategy.rules)
    each = each_vote(rules, frame)
    values = {title: column for vote in each for title, column in vote.columns.items()}
    return Signals(combined(rules, each), values, frame, each)
