"""`POST /execute`: which function becomes which command, and when the result of its job is the reply."""

import asyncio
from typing import Any

import pytest

from libs.common.commands import Command
from libs.common.studies import BacktestUniverse, RunAlert, RunScreen
from tests.api.answers import broken, ended, started, stored
from tests.api.facts import proposed
from tests.api.world import World, done, refused

RESULT = {"success": True, "strategy_id": "s1", "execution_mode": "screening", "scores": {"NVDA": 0.89}}


async def finished(world: World, result: dict[str, Any] = RESULT) -> None:
    """Let every command become the job j1, which has ended with `result`."""
    world.outlet.answer = lambda command: done(command, "j1")
    await world.fold(started(), ended(stored(world.settings.reports_dir, result)))


@pytest.mark.parametrize(
    ("function", "more", "kind", "fields"),
    [
        (
            "run_backtest",
            {"start_date": "2022-01-01", "end_date": "2024-01-01"},
            BacktestUniverse,
            {"start": "2022-01-01 00:00:00+00:00", "end": "2024-01-01 00:00:00+00:00", "universe": "None"},
        ),
        (
            "run_screener",
            {"universe": ["aapl", "MSFT", "GOOGL"], "limit": 50},
            RunScreen,
            {"symbols": "['AAPL', 'MSFT', 'GOOGL']", "universe": "None", "limit": "50"},
        ),
        ("run_screener", {"universe": "sp500"}, RunScreen, {"universe": "sp500", "symbols": "[]", "limit": "50"}),
        (
            "run_alert",
            {"symbols": ["ARM", "NVDA", "AAPL"], "persist": False},
            RunAlert,
            {"symbols": "['ARM', 'NVDA', 'AAPL']"},
        ),
        ("RunBacktest", {}, BacktestUniverse, {"start": "None"}),
        ("RunScreening", {"limit": 3}, RunScreen, {"limit": "3"}),
        ("RunAlert", {}, RunAlert, {"symbols": "[]"}),
    ],
)
async def test_function_becomes_its_command_and_the_result_the_reply(
    world: World, function: str, more: dict[str, Any], kind: type[Command], fields: dict[str, str]
) -> None:
    await finished(world)
    reply = await world.client.post("/execute", json={"function": function, "strategy_id": "s1", **more})
    assert (reply.status_code, reply.json()) == (200, RESULT)
    assert reply.headers["location"] == "/api/v1/jobs/j1"
    (command,) = world.outlet.asked
    assert type(command) is kind
    assert {name: str(getattr(command, name)) for name in fields} == fields


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("s1", "s1"),
        ("hash-2", "s2"),
        ("dip buyer", "s3"),
        ("ETHUSDT_strategy_s2", "s2"),
        ("BTCUSDT_strategy_dip buyer.json", "s3"),
        (123, "123"),
        ("s9", "s9"),
    ],
)
async def test_strategy_is_found_by_id_hash_name_and_file(world: World, given: Any, found: str) -> None:
    await finished(world)
    await world.fold(
        proposed("s1", 1),
        proposed("s2", 2, code_hash="hash-2", symbols=("ETHUSDT",), name="other"),
        proposed("s3", 3),
    )
    await world.client.post("/execute", json={"function": "run_alert", "strategy_id": given})
    (command,) = world.outlet.asked
    assert isinstance(command, RunAlert)
    assert command.strategy_id == found


async def test_result_is_the_reply_as_soon_as_the_job_has_ended(world: World) -> None:
    world.outlet.answer = lambda command: done(command, "j1")
    await world.fold(started())

    async def later() -> None:
        while not world.outlet.asked:
            await asyncio.sleep(0)
        await world.fold(ended(stored(world.settings.reports_dir, RESULT)))

    async with asyncio.TaskGroup() as group:
        group.create_task(later())
        asking = group.create_task(
            world.client.post("/execute", json={"function": "run_screener", "strategy_id": "s1"})
        )
    assert asking.result().json() == RESULT


async def test_job_that_takes_longer_is_504_with_its_place(world: World) -> None:
    world.outlet.answer = lambda command: done(command, "j1")
    await world.fold(started())
    body = {"function": "run_backtest", "strategy_id": "s1"}
    reply = await world.client.post("/execute", json=body, headers={"Prefer": "wait=1"})
    told = reply.json()
    assert (reply.status_code, told["code"], told["success"]) == (504, "timeout", False)
    assert (told["job"], reply.headers["location"]) == ("/api/v1/jobs/j1", "/api/v1/jobs/j1")
    assert (await world.get(told["job"]))["state"] == "running"


async def test_job_that_failed_is_the_error_it_failed_with(world: World) -> None:
    world.outlet.answer = lambda command: done(command, "j1")
    await world.fold(started(), broken("strategy.raised", "/code"))
    body = {"function": "run_screener", "strategy_code": "def classify_symbol(symbol):\n    return 1 / 0\n"}
    reply = await world.client.post("/execute", json=body)
    told = reply.json()
    assert (reply.status_code, told["success"], told["code"]) == (422, False, "strategy.raised")
    assert told["errors"] == [{"pointer": "/strategy_code", "detail": "it cannot be"}]


async def test_command_that_is_refused_keeps_its_code(world: World) -> None:
    world.outlet.answer = lambda command: refused(command, "backtest.unknown_strategy", pointer="/strategy_id")
    reply = await world.client.post("/execute", json={"function": "run_alert", "strategy_id": 123})
    assert (reply.status_code, reply.json()["success"], reply.json()["code"]) == (
        404,
        False,
        "backtest.unknown_strategy",
    )
