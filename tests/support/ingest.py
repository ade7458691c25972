"""Ingest on the bench: its settings, orders and answers."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from libs.common.bus import Service, Tx
from libs.common.commands import ImportBars, WatchSymbols
from libs.common.errors import (
    StoreUnavailableError,
)
from services.ingest.app import Ingest, build
from services.ingest.settings import Settings
from tests.support.bench import Bench
from tests.unit.ingest.csv_cases import HEADER, NOW


class FixedClock:
    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0


class BenchOutlet:
    """The outlet of a service on the bench; `failures` commits are lost before it works; lagging: stream -> messages not handled yet."""

    def __init__(self, bench: Bench):
        self.bench = bench
        self.failures = 0
        self.lagging: dict[str, int] = {}

    @property
    def state(self) -> Any:
        return self.bench.state

    async def commit(self, act: Callable[[Tx], Awaitable[None]]) -> None:
        async def then_fail(tx: Tx) -> None:
            await act(tx)
            if self.failures:
                self.failures -= 1
                raise StoreUnavailableError("the disk is full")

        await self.bench.transactor.commit(then_fail)

    async def lag(self, stream: str) -> int:
        return self.lagging.get(stream, 0)


def settings(folder: Path, **changes: Any) -> Settings:
    return Settings(data_dir=folder, **{"feed": "files", "simulation_speed": 0, "history_bars": 50, **changes})


def service(folder: Path, **changes: Any) -> Service:
    return build(settings(folder, **changes), FixedClock())


def app_of(bench: Bench) -> Ingest:
    owner: Ingest = bench.service.tasks[0].__self__  # type: ignore[attr-defined]
    return owner


def order(path: Path | str, key: str = "1", **changes: Any) -> ImportBars:
    return ImportBars.first(key=key, at=NOW, path=str(path), **changes)


def watch(*symbols: str, key: str = "w", **changes: Any) -> WatchSymbols:
    return WatchSymbols.first(key=key, at=NOW, symbols=list(symbols), **changes)


def files_below(folder: Path) -> dict[str, bytes]:
    found = sorted(path for path in (folder / "catalog").rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def answer(published: list[tuple[str, bytes]]) -> dict[str, Any]:
    (body,) = [body for subject, body in published if subject.startswith("answers.")]
    found: dict[str, Any] = json.loads(body)["result"]
    return found


def bodies(published: list[tuple[str, bytes]], prefix: str) -> list[dict[str, Any]]:
    return [json.loads(body) for subject, body in published if subject.startswith(prefix)]


async def play(bench: Bench, outlet: BenchOutlet, turns: int = 1_000) -> list[tuple[str, bytes]]:
    """Take turns until no watch runs any more."""
    while bench.state and turns:
        await app_of(bench).watcher.turn(outlet)  # type: ignore[arg-type]
        turns -= 1
    return await bench.published()


async def stock(bench: Bench, folder: Path, **texts: str) -> None:
    """Import hourly bars, one file per symbol."""
    for symbol, text in texts.items():
        path = folder / f"{symbol}_stock.csv"
        path.write_text(HEADER + text)
        await bench.deliver(order(path, f"stock {symbol}"))
    await bench.published()
