"""What every mode of a job is: cut, done piece by piece, put together.

A mode decides what its result says. It reads bars and company figures through `Market` and writes nothing; who does the
pieces, and what happens when one of them dies, is `services/backtest/jobs`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from services.backtest.core.evidence.trials import Trial
from services.backtest.modes.market import Market
from services.backtest.modes.task import Task

Part = Mapping[str, Any]
"""What is one shard's own: a small JSON value."""


@dataclass(frozen=True)
class Plan:
    """A task and its pieces, in order. unit: what a piece has several of, such as symbols. sizes: how many of them each piece has."""

    task: Task
    parts: tuple[Part, ...]
    unit: str
    sizes: tuple[int, ...]


@dataclass(frozen=True)
class Merged:
    """A job's result. document: the whole, JSON with numpy columns allowed. summary: its headline. trials: tries to be remembered.

    shown_until_ms: open time of the last bar whoever asked has learnt something about.
    """

    document: Mapping[str, Any]
    summary: Mapping[str, Any]
    trials: tuple[Trial, ...] = field(default=())
    shown_until_ms: int = 0


class Mode(Protocol):
    """One kind of job.

    Promises: equal tasks give equal parts; `work` gives equal bytes for equal arguments, in any process; `merge` does not depend on
    the order in which pieces were done. All raise PermanentError where trying again cannot help, TransientError where it can.
    """

    def plan(self, task: Task, market: Market) -> Plan:
        """Return the pieces of a task, at least one."""
        ...

    def work(self, task: Task, part: Part, market: Market) -> bytes:
        """Return what came of one piece, as canonical JSON."""
        ...

    def merge(self, task: Task, results: Sequence[bytes], market: Market) -> Merged:
        """Return the result, from the bytes of all pieces in the order of the plan."""
        ...
