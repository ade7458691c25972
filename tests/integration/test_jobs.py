"""Jobs on the bench: the coordinator and the keeper on real SQLite, a real worker, no bus."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import func, select

from libs.common.bus import Service
from libs.common.errors import NotFoundError, PermanentError
from libs.common.events import (
    Event,
    JobDone,
    JobFailed,
    JobProgressed,
    JobStarted,
    ShardDone,
    ShardFailed,
    ShardReady,
    StrategyProposed,
)
from libs.common.studies import (
    BacktestUniverse,
    CancelJob,
    RunAlert,
    RunScreen,
    StudyCommand,
    SweepParameters,
    WalkForward,
)
from libs.market.catalog import CatalogWriter
from services.backtest import store as judged
from services.backtest.jobs import coordinator as coordinating
from services.backtest.jobs import store
from services.backtest.jobs.coordinator import Coordinator
from services.backtest.jobs.files import JobFiles
from services.backtest.jobs.keeper import RESEND_S, STALL_S, Keeper
from services.backtest.jobs.worker import Worker
from services.backtest.modes.market import Market
from services.backtest.reports import Reports
from services.backtest.roles import remember
from services.backtest.trials_store import TRIALS
from tests.support.bench import Bench
from tests.support.build import START, hour
from tests.support.jobs import RSI, key_of, merged, stock, walk

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


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    stock(tmp_path, 6, 400)
    async with opened(tmp_path) as found:
        yield found


@pytest.mark.parametrize(
    "command",
    [
        asked(RunScreen),
        asked(RunAlert),
        asked(BacktestUniverse),
        sweep(),
        asked(WalkForward, symbols=["S000", "S001"], space=SPACE, folds=2, gap=20),
    ],
    ids=lambda command: type(command).__name__,
)
async def test_job_ends_with_the_bytes_its_pieces_give_in_one_process(desk: Desk, command: Any) -> None:
    started = await desk.send(command)
    (answer,) = started["answer"]
    assert answer["result_ids"] == [command.event_id]
    assert started["JobStarted"][0].shards == answer["result"]["shards"]
    await desk.work(started["ShardReady"])
    (done,) = (await desk.look())["JobDone"]
    assert done.result_key == key_of(merged(command, desk.folder))
    assert orjson.loads(desk.reports.read(done.result_key))["success"] is True
    assert (done.job_id, done.caused_by, done.simulated) == (command.event_id, command.event_id, True)
    assert await desk.count(store.SHARDS) == 0
    await desk.look()
    assert not list((desk.folder / "jobs").iterdir())


async def test_every_try_of_a_sweep_is_a_trial_once(desk: Desk) -> None:
    await desk.work((await desk.send(sweep()))["ShardReady"])
    await desk.look()
    assert await desk.count(TRIALS) == 10
    assert await desk.look() == {}
    assert await desk.count(TRIALS) == 10


async def test_sweep_sees_no_bar_that_is_kept_back(tmp_path: Path) -> None:
    stock(tmp_path, 1, 400)
    boundary_ms = int(hour(300).timestamp() * 1_000)
    async with opened(tmp_path, boundary_ms) as desk:
        await desk.work((await desk.send(sweep()))["ShardReady"])
        (done,) = (await desk.look())["JobDone"]
    told = orjson.loads(desk.reports.read(done.result_key))
    assert (told["as_of"], told["holdout_from"]) == ("2024-01-13T12:00:00Z", "2024-01-13T12:00:00+00:00")
    assert done.result_key == key_of(merged(sweep(), tmp_path, boundary_ms=boundary_ms))


async def test_message_that_comes_twice_changes_nothing(desk: Desk) -> None:
    (ready,) = (await desk.send(sweep()))["ShardReady"]
    assert await desk.send(sweep()) == {}
    done = await desk.worker.act(ready, 1)
    assert done == await desk.worker.act(ready, 2)
    await desk.send(done)
    assert await desk.send(done) == {}
    assert len((await desk.look())["JobDone"]) == 1
    late = ShardDone.after(ready, key="late", job_id=ready.job_id, number=0, result_key="ab" * 32)
    assert await desk.send(late) == {}
    assert await desk.look() == {}


async def test_pieces_are_handed_out_a_few_at_a_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coordinating, "AHEAD", 2)
    monkeypatch.setattr("services.backtest.modes.tries.MOST_A_PIECE", 3)
    started = await desk.send(sweep())
    assert [ready.number for ready in started["ShardReady"]] == [0, 1]
    first = await desk.worker.act(started["ShardReady"][1], 1)
    assert [ready.number for ready in (await desk.send(first))["ShardReady"]] == [2]
    found = await desk.work([started["ShardReady"][0], *await waiting(desk, 2)])
    assert [ready.number for ready in found["ShardReady"]] == [3]
    assert len((await desk.look())["JobDone"]) == 1


async def waiting(desk: Desk, number: int) -> list[ShardReady]:
    """Return the pieces that are out, from `number` on."""
    async with desk.bench.transactor.database.read() as connection:
        (job,) = await store.list_live(connection)
        again = await coordinating.sent_again(connection, job)
    return [ready for ready in again if isinstance(ready, ShardReady) and ready.number >= number]


async def test_coordinator_that_dies_goes_on_from_its_rows(tmp_path: Path) -> None:
    stock(tmp_path, 2, 400)
    async with opened(tmp_path) as first:
        (ready,) = (await first.send(sweep()))["ShardReady"]
        done = await first.worker.act(ready, 1)
    async with opened(tmp_path) as second:
        await second.send(done)
    async with opened(tmp_path) as third:
        assert len((await third.look())["JobDone"]) == 1
    async with opened(tmp_path) as fourth:
        assert await fourth.look() == {}
        assert not list((tmp_path / "jobs").iterdir())


async def test_piece_that_fails_twice_for_the_same_reason_fails_its_job(desk: Desk) -> None:
    (ready,) = (await desk.send(sweep()))["ShardReady"]
    CatalogWriter(desk.folder / "catalog").merge("S000", "1h", walk(5, 9, hours=-5), "test", True)
    failed = await desk.worker.act(ready, 1)
    assert isinstance(failed, ShardFailed)
    assert failed.code == "job.bars_changed"
    (again,) = (await desk.send(failed))["ShardReady"]
    assert (again.number, again.part) == (ready.number, ready.part)
    assert again.event_id != ready.event_id
    (ended,) = (await desk.send(await desk.worker.act(again, 1)))["JobFailed"]
    assert (ended.code, ended.cancelled) == ("job.bars_changed", False)
    assert ended.hint
    assert await desk.count(TRIALS) == 0


async def test_piece_that_fails_for_a_new_reason_each_time_fails_its_job_at_the_third(desk: Desk) -> None:
    (ready,) = (await desk.send(sweep()))["ShardReady"]
    seen: list[dict[str, list[Any]]] = []
    for attempt in (1, 2, 3):
        words = {"code": "x", "detail": f"reason {attempt}"}
        failed = ShardFailed.after(ready, key=str(attempt), job_id=ready.job_id, number=0, attempt=attempt, **words)
        seen.append(await desk.send(failed))
    assert [set(each) for each in seen] == [{"ShardReady"}, {"ShardReady"}, {"JobFailed"}]


async def test_cancelled_job_ends_and_its_pieces_are_dropped(desk: Desk) -> None:
    (ready,) = (await desk.send(sweep()))["ShardReady"]
    await desk.look()
    (ended,) = (await desk.send(CancelJob.first(key="c", at=START, job_id=ready.job_id)))["JobFailed"]
    assert (ended.cancelled, ended.code) == (True, "job.cancelled")
    await desk.look()
    assert await desk.worker.act(ready, 1) is None
    assert not list((desk.folder / "jobs").iterdir())
    again = await desk.send(CancelJob.first(key="again", at=START, job_id=ready.job_id))
    assert [answer["code"] for answer in again["answer"]] == ["job.ended"]


async def test_cancel_of_an_unknown_job_is_refused(desk: Desk) -> None:
    published = await desk.send(CancelJob.first(key="c", at=START, job_id="nope"))
    assert [answer["code"] for answer in published["answer"]] == ["job.unknown"]


async def test_progress_says_how_far_a_job_is_and_a_stall_is_told_and_sent_again(desk: Desk) -> None:
    (ready,) = (await desk.send(sweep()))["ShardReady"]
    await desk.look()
    desk.clock.seconds = STALL_S + 1
    assert await desk.look() == {}
    desk.clock.seconds = RESEND_S + 1
    assert [each.event_id for each in (await desk.look())["ShardReady"]] == [ready.event_id]
    told = [event for event in desk.outlet.told if isinstance(event, JobProgressed)]
    assert [(each.phase, each.done, each.total) for each in told[:1]] == [("tries", 0, 10)]
    assert told[1].phase.startswith("stalled")


async def test_job_whose_files_are_gone_fails_with_its_reason(desk: Desk) -> None:
    (ready,) = (await desk.send(sweep()))["ShardReady"]
    await desk.look()
    desk.files.forget(ready.job_id)
    desk.clock.seconds = RESEND_S + 1
    assert [each.code for each in (await desk.look())["JobFailed"]] == ["job.files_lost"]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (asked(RunScreen, universe="nope"), "universe.unknown"),
        (asked(RunScreen, universe="all", symbols=["S000"]), "job.two_universes"),
        (asked(RunScreen, symbols=["NOPE"]), "data.unknown_symbol"),
        (asked(RunScreen, timeframe="7h"), "input.timeframe"),
        (asked(RunScreen, end=hour(-9)), "job.no_bars"),
        (asked(RunScreen, rules={"indicators": {}}), "strategy.invalid"),
        (asked(RunScreen, rules=None), "strategy.invalid"),
        (asked(RunScreen, rules=None, strategy_id="nope"), "backtest.unknown_strategy"),
        (asked(RunScreen, strategy_id="nope"), "backtest.two_strategies"),
        (asked(BacktestUniverse, start=hour(9), end=hour(9)), "backtest.window_empty"),
        (asked(BacktestUniverse, start=hour(9_000)), "backtest.no_bars"),
        (asked(SweepParameters, space=SPACE), "job.no_symbol"),
        (asked(SweepParameters, symbols=["S000"], space={"x": [1]}), "strategy.invalid"),
        (asked(WalkForward, symbols=["S000"], space=SPACE, gap=500), "walk_forward.too_short"),
    ],
)
async def test_command_that_makes_no_sense_is_refused_and_leaves_nothing(desk: Desk, command: Any, code: str) -> None:
    with pytest.raises(PermanentError) as refused:
        await desk.coordinator.plan(command)
    assert refused.value.code == code
    assert refused.value.pointer
    assert await desk.count(store.JOBS) == 0
    assert not (desk.folder / "jobs").exists()


async def test_worker_reads_no_file_of_an_unknown_key(desk: Desk) -> None:
    (ready,) = (await desk.send(sweep()))["ShardReady"]
    with pytest.raises(NotFoundError):
        desk.files.read(ready.job_id, "ab" * 32)
