"""Requests that act: the command that leaves, and what the answer becomes."""

import asyncio

import pytest

from libs.common.commands import (
    Command,
    DeleteStrategy,
    HaltTrading,
    ImportBars,
    PromoteStrategy,
    ReduceTrading,
    ResumeTrading,
    RetireStrategy,
    RunBacktest,
    SetVerdict,
    SubmitStrategy,
    UnwatchSymbols,
    WatchSymbols,
)
from libs.common.errors import BusUnavailableError, TimedOutError
from libs.common.events import Event, VerdictSet
from tests.api.facts import backtest, proposed
from tests.api.world import World, done, nothing_asked, refused

RULES = {"indicators": {"rsi": {"period": 14}}}


async def test_submit_sends_the_command_and_names_the_strategy(world: World) -> None:
    await world.fold(proposed())
    world.outlet.answer = lambda command: done(command, "s1", duplicate=False)
    body = {"name": "dip buyer", "rules": RULES, "symbols": ["btc/usdt"], "timeframe": "1h"}
    reply = await world.client.post("/api/v1/strategies", json=body)
    assert reply.status_code == 201
    assert reply.headers["location"] == "/api/v1/strategies/s1"
    assert (reply.json()["id"], reply.json()["result"]) == ("s1", {"duplicate": False})
    (command,) = world.outlet.asked
    assert isinstance(command, SubmitStrategy)
    assert (command.symbols, command.rules, command.origin) == (["BTCUSDT"], RULES, "user")
    assert command.asked_by == "gateway"


async def test_backtest_is_shown_as_soon_as_its_answer_is_out(world: World) -> None:
    world.outlet.answer = lambda command: done(command, "b1")

    async def later() -> None:
        while not world.outlet.asked:
            await asyncio.sleep(0)
        await world.fold(backtest())

    body = {"strategy_id": "s1", "start": "2024-01-01", "end": "2024-03-31T00:00:00"}
    async with asyncio.TaskGroup() as group:
        group.create_task(later())
        asking = group.create_task(world.client.post("/api/v1/backtests", json=body))
    reply = asking.result()
    assert (reply.status_code, reply.json()["self"]) == (201, "/api/v1/backtests/b1")
    assert (await world.get(reply.json()["self"]))["status"] == "completed"
    (command,) = world.outlet.asked
    assert isinstance(command, RunBacktest)
    assert str(command.start) == "2024-01-01 00:00:00+00:00"


@pytest.mark.parametrize(
    ("method", "path", "body", "kind"),
    [
        ("POST", "/strategies/s1/promote", {"stage": "alert", "fraction": 0.5}, PromoteStrategy),
        ("POST", "/strategies/s1/promote", None, PromoteStrategy),
        ("POST", "/strategies/s1/retire", {"reason": "old"}, RetireStrategy),
        ("DELETE", "/strategies/s1?reason=old", None, DeleteStrategy),
        ("POST", "/market/imports", {"path": "/bars.csv.gz", "timeframe": "1h"}, ImportBars),
        ("POST", "/market/watches", {"symbols": ["BTCUSDT", "eth/usdt"]}, WatchSymbols),
        ("DELETE", "/market/watches/w1", None, UnwatchSymbols),
        ("PUT", "/control/kill-switch", {"state": "halted", "reason": "storm"}, HaltTrading),
        ("PUT", "/control/kill-switch", {"state": "reducing", "reason": "storm"}, ReduceTrading),
        ("PUT", "/control/kill-switch", {"state": "trading", "reason": "over"}, ResumeTrading),
    ],
)
async def test_act_sends_its_command(
    world: World, method: str, path: str, body: dict[str, object] | None, kind: type[Command]
) -> None:
    reply = await world.client.request(method, f"/api/v1{path}", json=body)
    assert reply.status_code in (200, 201), reply.text
    (command,) = world.outlet.asked
    assert type(command) is kind
    assert reply.json()["command_id"] == command.event_id


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("input.symbol", 422),
        ("strategy.invalid", 422),
        ("data.bad_bars", 422),
        ("not_found", 404),
        ("backtest.unknown_strategy", 404),
        ("data.unknown_symbol", 404),
        ("conflict", 409),
        ("watch.overlap", 409),
        ("refused", 409),
        ("gate.verdict", 409),
        ("something.new", 422),
    ],
)
async def test_refusal_keeps_code_place_and_hint(world: World, code: str, status: int) -> None:
    world.outlet.answer = lambda command: refused(command, code, pointer="/rules/rsi", hint="try 14")
    reply = await world.client.post("/api/v1/strategies", json={"rules": RULES})
    body = reply.json()
    assert (reply.status_code, body["status"], body["code"], body["hint"]) == (status, status, code, "try 14")
    assert body["errors"] == [{"pointer": "/rules/rsi", "detail": "no"}]
    assert reply.headers["content-type"] == "application/problem+json"
    assert body["instance"] == reply.headers["x-request-id"]


@pytest.mark.parametrize(("error", "status"), [(TimedOutError("slow"), 504), (BusUnavailableError("gone"), 503)])
async def test_no_answer_says_whether_to_ask_again(world: World, error: Exception, status: int) -> None:
    def fail(_: Command) -> Event:
        raise error

    world.outlet.answer = fail
    reply = await world.client.post("/api/v1/strategies", json={"rules": RULES})
    assert reply.status_code == status
    assert ("retry-after" in reply.headers) is (status == 503)


async def test_same_key_asks_the_same_command_again(world: World) -> None:
    headers = {"Idempotency-Key": "once"}
    first = await world.client.post("/api/v1/strategies", json={"rules": RULES, "name": "a"}, headers=headers)
    again = await world.client.post("/api/v1/strategies", json={"name": "a", "rules": RULES}, headers=headers)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert len({command.event_id for command in world.outlet.asked}) == 1


async def test_same_key_with_other_fields_is_refused(world: World) -> None:
    headers = {"Idempotency-Key": "once"}
    await world.client.post("/api/v1/strategies", json={"rules": RULES}, headers=headers)
    with nothing_asked(world):
        reply = await world.client.post("/api/v1/strategies", json={"rules": {}}, headers=headers)
    assert (reply.status_code, reply.json()["code"]) == (422, "idempotency.other_body")


async def test_requests_without_key_act_each_time(world: World) -> None:
    for _ in range(2):
        await world.client.post("/api/v1/strategies", json={"rules": RULES})
    assert len({command.event_id for command in world.outlet.asked}) == 2


async def test_unwatch_names_the_watch_of_its_path(world: World) -> None:
    await world.client.delete("/api/v1/market/watches/w1")
    (command,) = world.outlet.asked
    assert isinstance(command, UnwatchSymbols)
    assert command.watch_id == "w1"


async def test_promotion_to_live_needs_a_credential(world: World) -> None:
    with nothing_asked(world):
        reply = await world.client.post("/api/v1/strategies/s1/promote", json={"stage": "live"})
    assert (reply.status_code, reply.json()["code"]) == (403, "auth.credential_needed")


async def test_body_that_names_another_strategy_is_refused(world: World) -> None:
    with nothing_asked(world):
        reply = await world.client.post("/api/v1/strategies/s1/retire", json={"strategy_id": "s2"})
    assert (reply.status_code, reply.json()["errors"][0]["pointer"]) == (422, "/strategy_id")


async def test_verdict_of_a_person_stands_beside_the_computed_one(world: World) -> None:
    told = backtest()
    said = VerdictSet.first(
        key="by hand",
        at=told.at,
        backtest_id=told.backtest_id,
        strategy_id=told.strategy_id,
        code_hash=told.code_hash,
        verdict="poor",
        computed=told.verdict,
        reason="too few regimes",
        set_by="gateway",
    )
    await world.fold(told)
    path = f"/api/v1/backtests/{told.backtest_id}"
    assert (await world.get(path))["set_by_hand"] is None
    reply = await world.client.put(f"{path}/verdict", json={"verdict": "poor", "reason": "too few regimes"})
    assert reply.status_code == 200
    (command,) = world.outlet.asked
    assert isinstance(command, SetVerdict)
    assert (command.backtest_id, command.verdict) == (told.backtest_id, "poor")
    await world.fold(said)
    shown = await world.get(path)
    assert (shown["verdict"], shown["set_by_hand"]["verdict"]) == (told.verdict, "poor")
