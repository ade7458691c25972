"""What a strategy says after each bar, and why: the value `evaluate` returns. Decides the words, not the signals."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeGuard

import numpy as np
import numpy.typing as npt

from libs.common.errors import BadStrategyError
from libs.market.frame import FloatArray, Frame
from libs.strategy.rules import ActionArray, Vote, plain
from libs.strategy.sandbox.host.answers import Detail
from libs.strategy.sandbox.host.strict import Plain

MOST_SHOWN = 5
"""Numbers of a classifier's data that are shown beside its score."""


@dataclass(frozen=True, eq=False)
class Signals:
    """What a strategy says after each of T bars.

    actions: (T,) int8, 1 buy, -1 sell, 0 hold (target positions where the strategy's signal_mode is `position`). values: (T,)
    columns by title, such as `rsi(14)`, that decided; NaN until warm. votes: of rules. speaker: the function of Python code.
    hits: (T,) bool, where a classifier or a batch said yes, None for other kinds; details: what it said beside, by bar.
    """

    actions: ActionArray
    values: dict[str, FloatArray]
    frame: Frame
    votes: tuple[Vote, ...] = ()
    speaker: str = ""
    hits: npt.NDArray[np.bool_] | None = None
    details: Mapping[int, Detail] = field(default_factory=dict)

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
        if self.speaker:
            return self._quoted(bar, action)
        if action:
            return self._told(bar, "buy" if action > 0 else "sell")
        silences = [told for told in (vote.silence(bar) for vote in self.votes) if told]
        if silences:
            return " and ".join(silences)
        partial = [*self._spoken(bar, "buy"), *self._spoken(bar, "sell")]
        return f"not all conditions met, only {' and '.join(partial)}" if partial else "no condition met"

    def values_at(self, bar: int) -> dict[str, float | None]:
        """Return the values that decided on the bar; None where an indicator is not warm. Of a classifier: its score and the first numbers in its data."""
        if self.hits is not None:
            return _numbers(self.details[bar]) if bar in self.details else {}
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

    def _quoted(self, bar: int, action: int) -> str:
        shown = [f"{title} {plain(value, 6)}" for title, value in self.values_at(bar).items() if value is not None]
        said = f"{self.speaker} says {self._word(bar, action)}"
        return f"{said}; {', '.join(shown)}" if shown else said

    def _word(self, bar: int, action: int) -> str:
        if self.hits is None:
            return str(action)
        answer = "yes" if self.hits[bar] else "no"
        return f"{answer}, and the last hit has been held for its time" if action < 0 else answer


def _is_number(value: Plain) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _numbers(detail: Detail) -> dict[str, float | None]:
    score: dict[str, float | None] = {} if detail.score is None else {"score": detail.score}
    data = (detail.data or {}).items()
    shown = {title: float(value) for title, value in data if _is_number(value) and title != "score"}
    return score | dict(list(shown.items())[:MOST_SHOWN])


@dataclass(frozen=True)
class Fault:
    """Why a strategy has no signals on a symbol: its own doing, and the same again on the same bars.

    code: `strategy.raised`, `strategy.result`, `strategy.memory`, ... line: of the strategy's code, None where there is none.
    """

    code: str
    message: str
    line: int | None = None
    hint: str | None = None

    @property
    def words(self) -> str:
        """Return the fault in one line."""
        return f"line {self.line}: {self.message}" if self.line else self.message

    def error(self) -> BadStrategyError:
        """Return the fault as an error to raise."""
        return BadStrategyError(self.words, code=self.code, pointer="/code", hint=self.hint)


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a strategy says on several symbols; each symbol asked for is in `signals` or in `faults`.

    warnings: what its author should know, such as a classifier that never succeeded. printed: the first of what the code printed.
    sandbox: how the code was contained, empty for rules. claimed: figures the code gave about itself, shown and never used.
    """

    signals: Mapping[str, Signals]
    faults: Mapping[str, Fault] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    printed: str = ""
    sandbox: Mapping[str, str] = field(default_factory=dict)
    claimed: Mapping[str, Any] | None = None

    def only(self, symbol: str) -> Signals:
        """Return the signals on one symbol; raises BadStrategyError with the fault if there are none."""
        if symbol in self.faults:
            raise self.faults[symbol].error()
        return self.signals[symbol]
