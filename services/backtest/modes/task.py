"""What a job works on: one value that every shard and the merge read, and nothing else but the catalog.

Decides what a task's bytes are: equal questions about equal bars give equal bytes. Knows no mode.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import orjson

from libs.common.values import Timeframe
from libs.strategy.spec import Strategy
from services.backtest.core.fingerprint import canonical


@dataclass(frozen=True)
class Task:
    """A strategy, the symbols it is asked about, and the bars it may see.

    symbols: those with bars, sorted. universe, version: the named list they are from, None where they were given one by one. start_ms,
    end_ms: start <= open time < end, epoch ms. tail: newest bars of each symbol that are read, None is all. as_of_ms: the moment that is
    decided, the close of the last bar. fundamentals: version of the company figures, None without. data_hash: of all bars read.
    at_ms: when it was asked for. options: what the mode needs beside.
    """

    mode: str
    strategy: Strategy
    strategy_id: str | None
    family_id: str
    symbols: tuple[str, ...]
    universe: str | None
    version: str | None
    start_ms: int
    end_ms: int
    as_of_ms: int
    tail: int | None
    fundamentals: str | None
    data_hash: str
    simulated: bool
    at_ms: int
    options: Mapping[str, Any] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """Return the one spelling of the task."""
        told = {each.name: getattr(self, each.name) for each in fields(self)}
        told["strategy"] = {**asdict(self.strategy), "timeframe": self.strategy.timeframe.value}
        return canonical(told)

    @classmethod
    def from_bytes(cls, body: bytes) -> "Task":
        """Return the task that `to_bytes` wrote."""
        told = orjson.loads(body)
        strategy = told["strategy"]
        strategy |= {"symbols": tuple(strategy["symbols"]), "timeframe": Timeframe(strategy["timeframe"])}
        return cls(**{**told, "strategy": Strategy(**strategy), "symbols": tuple(told["symbols"])})
