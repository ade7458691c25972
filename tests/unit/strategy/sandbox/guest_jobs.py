"""Jobs for the guest, run in this process: made-up bars, a source, an answer."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import dedent
from typing import Any

import numpy as np
import numpy.typing as npt

from libs.strategy.sandbox.guest.run import run
from libs.strategy.sandbox.layout import Scalar, pack_market
from libs.strategy.sandbox.wire import JobHeader, Op, pack_frame

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
START_MS = 1_704_067_200_000
"""2024-01-01 00:00 UTC."""

Columns = tuple[memoryview, ...]


def bars(count: int, *, step_ms: int = HOUR_MS, start_ms: int = START_MS, first: float = 100.0) -> Columns:
    """Return `count` bars whose close is `first`, `first` + 1, ..., open one below, volume 1, 2, ..."""
    ts = start_ms + step_ms * np.arange(count, dtype=np.int64)
    close = first + np.arange(count, dtype=np.float64)
    return views(ts, close - 1, close + 1, close - 2, close, np.arange(1, count + 1, dtype=np.float64))


def views(ts: npt.NDArray[np.int64], *columns: npt.NDArray[np.float64]) -> Columns:
    return tuple(np.ascontiguousarray(each).data for each in (ts, *columns))


def market(
    symbols: Mapping[str, Columns],
    timeframe: tuple[str, int] = ("1h", HOUR_MS),
    fundamentals: Mapping[str, Mapping[str, Scalar]] | None = None,
    *,
    point_in_time: bool = False,
) -> memoryview:
    return memoryview(b"".join(pack_market(timeframe, symbols, fundamentals, point_in_time=point_in_time)))


@dataclass(frozen=True)
class Answered:
    """Header and payload, and shorthands for what tests look at."""

    header: dict[str, Any]
    payload: bytes

    @property
    def error(self) -> dict[str, Any]:
        """The error of the whole, else of the only symbol."""
        found: dict[str, Any] = self.header["symbols"][0]["error"] if self.header["ok"] else self.header["error"]
        return found

    @property
    def actions(self) -> list[int]:
        assert self.header["ok"], self.header
        assert all(each["error"] is None for each in self.header["symbols"]), self.header["symbols"]
        count = sum(each["rows"] for each in self.header["symbols"])
        return list(memoryview(self.payload[:count]).cast("b"))

    @property
    def hits(self) -> list[int]:
        assert self.header["ok"], self.header
        return list(self.payload[: len(self.payload) - self.header["details_bytes"]])

    @property
    def details(self) -> list[list[Any]]:
        found: list[list[Any]] = json.loads(self.payload[len(self.payload) - self.header["details_bytes"] :])
        return found

    @property
    def picks(self) -> list[dict[str, Any]]:
        assert self.header["ok"], self.header
        found: list[dict[str, Any]] = json.loads(self.payload)
        return found

    @property
    def warnings(self) -> dict[str, str]:
        return {each["code"]: each["message"] for each in self.header["warnings"]}


@dataclass(frozen=True)
class Guest:
    """A market to run sources on."""

    market: memoryview
    symbols: list[str] = field(default_factory=lambda: ["BTCUSDT"])
    guarded: bool = True

    def run(self, op: Op, source: str, **args: Any) -> Answered:
        code = dedent(source).encode()
        seed = int.from_bytes(hashlib.sha256(code).digest()[:4], "little")
        job = JobHeader(1, op, seed=seed, args={"symbols": self.symbols, "parameters": {}} | args)
        header, payload = run(job, code, self.market, guarded=self.guarded)
        pack_frame(header, payload)
        return Answered(header, payload)

    def signals(self, source: str, **args: Any) -> Answered:
        return self.run("signals", source, **args)

    def classify(self, source: str, **args: Any) -> Answered:
        return self.run("classify", source, **args)


def one(count: int = 48) -> Guest:
    return Guest(market({"BTCUSDT": bars(count)}))
