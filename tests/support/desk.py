"""A coordinator and its keeper on the bench, with a worker beside them: jobs without a bus."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import func, select

from libs.common.bus import Service
from libs.common.events import Event, JobDone, JobFailed, JobStarted, ShardReady, StrategyProposed
from libs.common.studies import StudyCommand, SweepParameters
from services.backtest import store as judged
from services.backtest.jobs import store
from services.backtest.jobs.coordinator import Coordinator
from services.backtest.jobs.files import JobFiles
from services.backtest.jobs.keeper import Keeper
from services.backtest.jobs.worker import Worker
from services.backtest.modes.market import Market
from services.backtest.reports import Reports
from services.backtest.roles import remember
from tests.support.bench import Bench
from tests.support.build import START
from tests.support.jobs import RSI

SPACE = {"/indicators/rsi/period": {"low": 5, "high": 14, "step": 1}}


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> Any:
        return START

    def monotonic(self) -> float:
        return self.seconds


@dataclass
class Outlet:
    """The outlet of a service on the bench."""

    bench: Bench
    told: list[Event] = field(default_factory=list)

    async def commit(self, act: Any) -> None:
        await self.bench.transactor.commit(act)

    async def tell(self, event: Event) -> None:
        self.told.append(event)


class Nobody:
    """Research that knows no strategy; families have the boundary it was given."""

    def __init__(self, boundary_ms: int | None = None):
        self.boundary = boundary_ms

    async def proposals(self, strategy_id: str) -> Mapping[str, StrategyProposed]:
        return {}

    async def boundary_ms(self, family_id: str, command: StudyCommand) -> int | None:
        return self.boundary


class Desk:
    """A coordinator with its keeper on the bench, and one worker beside them."""

    def __init__(self, folder: Path, bench: Bench, coordinator: Coordinator):
        self.folder, self.bench, self.coordinator = folder, bench, coordinator
        self.files, self.clock, self.outlet = coordinator.files, Clock(), Outlet(bench)
        self.reports = Reports(folder / "reports")
        self.keeper = Keeper(coordinator, self.reports, remember, self.clock)
        self.worker = Worker(Market(folder, None), self.files)

    async def send(self, *messages: Any) -> dict[str, list[Any]]:
        """Deliver messages and return what was published, by class."""
        found: dict[str, list[Any]] = {}
        for message in messages:
            published = await self.bench.deliver(message)
            assert not self.bench.failed
            found = sorted_out(published, found)
        return found

    async def look(self) -> dict[str, list[Any]]:
        await self.keeper.look(self.outlet)  # type: ignore[arg-type]
        return sorted_out(await self.bench.published(), {})

    async def work(self, ready: list[ShardReady]) -> dict[str, list[Any]]:
        """Do pieces, and those handed out because of them, until none is left; return all that was published."""
        found: dict[str, list[Any]] = {}
        todo = list(ready)
        while todo:
            outcome = await self.worker.act(todo.pop(0), 1)
            assert outcome is not None
            for name, events in (await self.send(outcome)).items():
                found.setdefault(name, []).extend(events)
                todo += events if name == "ShardReady" else []
        return found

    async def count(self, table: Any) -> int:
        async with self.bench.transactor.database.read() as connection:
            return int(await connection.scalar(select(func.count()).select_from(table)) or 0)


def sorted_out(published: list[tuple[str, bytes]], found: dict[str, list[Any]]) -> dict[str, list[Any]]:
    kinds = (ShardReady, JobStarted, JobDone, JobFailed)
    for subject, body in published:
        if subject.startswith("answers."):
            found.setdefault("answer", []).append(orjson.loads(body))
            continue
        kind = next(
            kind
            for kind in kinds
            if len(subject.split(".")) == len(kind.subject.split("."))
            and subject.startswith(kind.subject.split("{")[0])
        )
        found.setdefault(kind.__name__, []).append(kind.parse(body, subject))
    return found


@asynccontextmanager
async def opened(folder: Path, boundary_ms: int | None = None) -> AsyncIterator[Desk]:
    coordinator = Coordinator(Market(folder, None), JobFiles(folder / "jobs"), Nobody(boundary_ms))
    migrations = [*judged.MIGRATIONS, *store.MIGRATIONS]
    service = Service("backtest", coordinator.table(), migrations, load=coordinator.load)
    async with Bench.open(service, folder) as bench:
        yield Desk(folder, bench, coordinator)


def asked(kind: type[StudyCommand], key: str = "a", **fields: Any) -> Any:
    given = {"rules": RSI, "timeframe": "1h", **fields}
    return kind.first(key=key, at=START, asked_by="test", **given)


def sweep(key: str = "a", **fields: Any) -> Any:
    return asked(SweepParameters, key, symbols=["S000"], space=SPACE, **fields)
