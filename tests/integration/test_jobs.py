"""Jobs on the bench: the coordinator and the keeper on real SQLite, a real worker, no bus."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from libs.common.errors import NotFoundError, PermanentError
from libs.common.events import JobProgressed, ShardDone, ShardFailed, ShardReady
from libs.common.studies import BacktestUniverse, CancelJob, RunAlert, RunScreen, SweepParameters, WalkForward
from libs.market.catalog import CatalogWriter
from services.backtest.jobs import coordinator as coordinating
from services.backtest.jobs import store
from services.backtest.jobs.keeper import RESEND_S, STALL_S
from services.backtest.modes.market import Market
from services.backtest.trials_store import TRIALS
from tests.support.build import START, hour
from tests.support.desk import SPACE, Desk, asked, opened, sweep
from tests.support.jobs import key_of, merged, stock, walk


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


async def test_piece_done_twice_while_its_job_runs_counts_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coordinating, "AHEAD", 2)
    monkeypatch.setattr("services.backtest.modes.tries.MOST_A_PIECE", 3)
    (first, second) = (await desk.send(sweep()))["ShardReady"]
    done = await desk.worker.act(first, 1)
    assert isinstance(done, ShardDone)
    assert [ready.number for ready in (await desk.send(done))["ShardReady"]] == [2]
    words = {"job_id": first.job_id, "number": 0, "result_key": "ab" * 32}
    assert await desk.send(ShardDone.after(first, key="again", **words)) == {}
    assert (
        await desk.send(
            ShardFailed.after(first, key="9", job_id=first.job_id, number=0, attempt=9, code="x", detail="y")
        )
        == {}
    )
    await desk.work([second, *await waiting(desk, 2)])
    (ended,) = (await desk.look())["JobDone"]
    assert ended.result_key == key_of(merged(sweep(), desk.folder))


async def test_worker_does_no_piece_of_a_job_that_has_ended(desk: Desk) -> None:
    (ready,) = (await desk.send(sweep()))["ShardReady"]
    await desk.look()
    assert await desk.worker.act(ready, 1) is not None
    await desk.send(CancelJob.first(key="c", at=START, job_id=ready.job_id))
    await desk.look()
    untouched = desk.worker._market = Market(desk.folder, None)
    assert await desk.worker.act(ready, 2) is None
    assert untouched._held is None


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
