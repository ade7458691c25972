"""Jobs and screens over HTTP: started, followed, read, cancelled."""

import asyncio
import hashlib
import json
from typing import Any

import pytest

from libs.common.commands import Command
from libs.common.events import Event, JobDone, JobFailed, JobProgressed, JobStarted
from libs.common.studies import BacktestUniverse, CancelJob, RunAlert, RunScreen, SweepParameters, WalkForward
from tests.api.world import World, done, nothing_asked, refused
from tests.support.build import START

RESULT = {"success": True, "execution_mode": "screening", "ranked_results": [{"symbol": "AAA", "score": 0.5}]}
CODE = {"code": "def classify_symbol(symbol): ...", "timeframe": "1d"}


def keep(world: World, result: dict[str, Any]) -> str:
    raw = json.dumps(result).encode()
    key = hashlib.sha256(raw).hexdigest()
    path = world.settings.reports_dir / key[:2] / f"{key}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    return key


def words(job_id: str, mode: str = "screen") -> dict[str, Any]:
    return {"job_id": job_id, "mode": mode, "name": "gap", "universe": "all", "symbols_total": 423, "shards": 9}


def started(job_id: str, mode: str = "screen", n: int = 0) -> JobStarted:
    command = RunScreen.first(key=job_id, at=START)
    return JobStarted.after(command, key=f"{job_id}{n}", **words(job_id, mode))


def finished(job_id: str, key: str, mode: str = "screen") -> JobDone:
    command = RunScreen.first(key=job_id, at=START)
    return JobDone.after(command, key=job_id, **words(job_id, mode), summary={"hits": 1}, result_key=key)


def stopped(job_id: str, **more: Any) -> JobFailed:
    command = RunScreen.first(key=job_id, at=START)
    told = {"code": "strategy.raised", "detail": "line 3: no", "pointer": "/code", **more}
    return JobFailed.after(command, key=job_id, **words(job_id), **told)


def progressed(job_id: str, count: int) -> JobProgressed:
    command = RunScreen.first(key=job_id, at=START)
    fields = {"service": "backtest", "job_id": job_id, "phase": "symbols", "done": count, "total": 423, "rate": 99.5}
    return JobProgressed.after(command, key=str(count), **fields)


def answering(world: World, *facts: Event, after_s: float = 0.0) -> None:
    """Let the coordinator answer a command with a job, and the facts come a moment later."""
    later: set[asyncio.Task[None]] = set()

    async def come() -> None:
        await asyncio.sleep(after_s)
        await world.fold(*facts)

    def answer(command: Command) -> Event:
        later.add(asyncio.get_running_loop().create_task(come()))
        return done(command, "j1", job_id="j1")

    world.outlet.answer = answer


async def test_screen_is_accepted_with_the_place_of_its_job(world: World) -> None:
    answering(world, started("j1"))
    reply = await world.client.post("/api/v1/screens", json={**CODE, "universe": "all", "limit": 5})
    assert (reply.status_code, reply.headers["location"]) == (202, "/api/v1/jobs/j1")
    assert (reply.json()["id"], reply.json()["state"]) == ("j1", "running")
    (command,) = world.outlet.asked
    assert isinstance(command, RunScreen)
    assert (command.universe, command.limit, command.timeframe) == ("all", 5, "1d")


async def test_screen_that_is_waited_for_comes_with_its_result(world: World) -> None:
    answering(world, started("j1"), finished("j1", keep(world, RESULT)), after_s=0.1)
    reply = await world.client.post("/api/v1/screens", json=CODE, headers={"Prefer": "respond-async, wait=10"})
    assert (reply.status_code, reply.json()["result"]) == (200, RESULT)
    assert reply.headers["preference-applied"] == "wait=10"
    assert (await world.get("/api/v1/screens/j1"))["result"] == RESULT


async def test_screen_that_takes_longer_than_one_waits_is_accepted(world: World) -> None:
    answering(world, started("j1"))
    reply = await world.client.post("/api/v1/screens", json=CODE, headers={"Prefer": "wait=1"})
    assert (reply.status_code, reply.json()["state"]) == (202, "running")


async def test_screen_that_fails_while_one_waits_says_why(world: World) -> None:
    answering(world, started("j1"), stopped("j1"))
    reply = await world.client.post("/api/v1/screens", json=CODE, headers={"Prefer": "wait=5"})
    assert (reply.status_code, reply.json()["code"], reply.json()["detail"]) == (422, "strategy.raised", "line 3: no")


async def test_refused_screen_says_why(world: World) -> None:
    world.outlet.answer = lambda command: refused(command, "universe.unknown", pointer="/universe")
    reply = await world.client.post("/api/v1/screens", json={**CODE, "universe": "nope"})
    assert (reply.status_code, reply.json()["code"]) == (404, "universe.unknown")


@pytest.mark.parametrize(
    ("mode", "fields", "kind"),
    [
        ("screen", {}, RunScreen),
        ("alert", {"symbols": ["arm"]}, RunAlert),
        ("backtest_universe", {"start": "2022-01-01"}, BacktestUniverse),
        ("sweep", {"space": {"fast": [1, 2]}}, SweepParameters),
        ("walk_forward", {"space": {"fast": [1, 2]}, "folds": 3}, WalkForward),
    ],
)
async def test_job_of_each_mode_is_started_by_its_command(
    world: World, mode: str, fields: dict[str, Any], kind: type
) -> None:
    answering(world, started("j1", mode))
    reply = await world.client.post("/api/v1/jobs", json={**CODE, "mode": mode, **fields})
    assert reply.status_code == 202, reply.text
    (command,) = world.outlet.asked
    assert type(command) is kind
    assert not isinstance(command, RunAlert) or command.symbols == ["ARM"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/jobs", {**CODE, "mode": "dance"}),
        ("/jobs", CODE),
        ("/jobs", {**CODE, "mode": ["sweep"]}),
        ("/jobs", {**CODE, "mode": "sweep"}),
        ("/jobs", {**CODE, "mode": "sweep", "space": {}}),
        ("/screens", {**CODE, "limit": 0}),
        ("/screens", {**CODE, "mode": "screen"}),
        ("/screens", {**CODE, "end": "yesterday"}),
        ("/screens", {**CODE, "symbols": ["a b"]}),
    ],
)
async def test_request_that_makes_no_sense_sends_nothing(world: World, path: str, body: dict[str, Any]) -> None:
    with nothing_asked(world):
        reply = await world.client.post(f"/api/v1{path}", json=body)
    assert reply.status_code == 422, reply.text


async def test_running_job_shows_how_far_it_is(world: World) -> None:
    await world.fold(started("j1"))
    assert (await world.get("/api/v1/jobs/j1"))["progress"] is None
    world.outlet.heard = [progressed("j1", 40), progressed("j2", 1), progressed("j1", 94)]
    await world.gateway.progress.watch(world.outlet.hear(JobProgressed))  # type: ignore[arg-type]
    assert (await world.get("/api/v1/jobs/j1"))["progress"] == {
        "phase": "symbols",
        "done": 94,
        "total": 423,
        "rate": 99.5,
    }


async def test_result_is_given_once_the_job_is_done_and_refused_before(world: World) -> None:
    await world.fold(started("j1"))
    early = await world.client.get("/api/v1/jobs/j1/result")
    assert (early.status_code, early.json()["code"]) == (409, "job.running")
    await world.fold(finished("j1", keep(world, RESULT)))
    job = await world.get("/api/v1/jobs/j1")
    assert (job["state"], job["summary"], job["result"]) == ("done", {"hits": 1}, "/api/v1/jobs/j1/result")
    assert await world.get("/api/v1/jobs/j1/result") == RESULT


async def test_end_of_a_job_counts_whether_it_comes_before_or_after_its_start(world: World) -> None:
    await world.fold(stopped("j1", cancelled=True, code="job.cancelled"), started("j1"))
    assert (await world.get("/api/v1/jobs/j1"))["state"] == "cancelled"


async def test_jobs_are_listed_newest_first_by_mode_and_state(world: World) -> None:
    await world.fold(started("a"), stopped("b"), started("c", "sweep"), started("a", n=1))
    listed = await world.get("/api/v1/jobs")
    assert {(job["id"], job["state"]) for job in listed["items"]} == {
        ("a", "running"),
        ("b", "failed"),
        ("c", "running"),
    }
    assert [job["id"] for job in (await world.get("/api/v1/jobs", mode="sweep"))["items"]] == ["c"]
    assert [job["id"] for job in (await world.get("/api/v1/jobs", state="failed"))["items"]] == ["b"]
    assert {job["id"] for job in (await world.get("/api/v1/screens"))["items"]} == {"a", "b"}
    page = await world.get("/api/v1/jobs", limit=2)
    rest = await world.get("/api/v1/jobs", limit=2, cursor=page["next_cursor"])
    assert len(page["items"]) + len(rest["items"]) == 3


async def test_delete_cancels_the_job(world: World) -> None:
    await world.fold(started("j1"))
    answering(world, stopped("j1", cancelled=True))
    reply = await world.client.delete("/api/v1/jobs/j1")
    assert reply.status_code == 200, reply.text
    (command,) = world.outlet.asked
    assert isinstance(command, CancelJob)
    assert command.job_id == "j1"


@pytest.mark.parametrize("path", ["/jobs/nope", "/jobs/nope/result", "/screens/nope", "/screens/c"])
async def test_what_is_not_there_is_not_found(world: World, path: str) -> None:
    await world.fold(started("c", "sweep"))
    reply = await world.client.get(f"/api/v1{path}")
    assert (reply.status_code, reply.json()["code"]) == (404, "job.unknown")
