"""Bad input at the documented routes: the cases of `/api/v1`, and those of their own fields. Typed errors, nothing sent on."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from libs.common.commands import Command
from libs.common.events import Event
from libs.common.studies import StudyCommand
from tests.api.answers import ended, judged, overruled, stored
from tests.api.facts import backtest
from tests.api.test_bad_input import BODIES_400, FIELDS_422, HEADS, JSON, STRATEGIES
from tests.api.world import World, done, nothing_asked, open_world
from tests.support.build import RSI_EMA

pytestmark = pytest.mark.asyncio(loop_scope="module")

GOOD: dict[str, dict[str, Any]] = {
    "/run_backtest": {"strategy_code": "def generate_signals(df):\n    return [0] * len(df)\n", "symbol": "BTCUSDT"},
    "/backtest/": {"strategy_json": RSI_EMA},
    "/api/backtest": {"strategy_json": RSI_EMA},
    "/api/backtest/run": {"strategy_json": RSI_EMA},
    "/execute": {"function": "run_backtest", "strategy_id": "s1"},
    "/update_verdict": {"code_hash": "c1", "verdict": "good"},
}
"""Route -> a body it takes."""

OWN_TYPE = ("/run_backtest", "/update_verdict")
"""Routes whose errors say status "error", which a problem document cannot."""

RENAMED = {"start": "start_date", "end": "end_date", "rules": "strategy_json"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """One gateway for all of it: bad input leaves no trace, so every case meets the same one."""
    async with open_world(tmp_path_factory.mktemp("world")) as opened:
        key = stored(opened.settings.reports_dir, {"trades": []})
        await opened.fold(backtest(), ended(key))

        def answer(command: Command) -> Event:
            return done(command, "j1") if isinstance(command, StudyCommand) else judged(command, report_key=key)

        opened.outlet.answer = answer
        yield opened


def spliced(path: str, text: str, renamed: dict[str, str]) -> bytes:
    """Return the good body of `path` with the fields of a bad one, which need not be JSON a library would write."""
    for name, own in renamed.items():
        text = text.replace(f'{{"{name}"', f'{{"{own}"').replace(f', "{name}"', f', "{own}"')
    kept = {name: value for name, value in GOOD[path].items() if f'"{name}"' not in text}
    start = json.dumps(kept)[:-1]
    return (start + (", " if kept else "") + text[1:]).encode()


def check(path: str, reply: Any, status: int) -> Any:
    """Return the body of a refusal, in the form that its route promises."""
    assert reply.status_code == status, reply.text
    body = reply.json()
    assert reply.headers["content-type"] == ("application/json" if path in OWN_TYPE else "application/problem+json")
    assert body["status"] == ("error" if path in OWN_TYPE else status)
    assert body["detail"]
    assert body["instance"] == reply.headers["x-request-id"]
    assert body.get("message", body["detail"]) == body["detail"]
    assert ("success" in body) is (path == "/execute")
    return body


@pytest.mark.parametrize("renamed", [{}, RENAMED], ids=["v1 names", "documented names"])
@pytest.mark.parametrize("text", FIELDS_422.values(), ids=FIELDS_422.keys())
@pytest.mark.parametrize("path", ["/run_backtest", "/backtest/", "/execute"])
async def test_bad_field_is_422_with_its_place(world: World, path: str, text: str, renamed: dict[str, str]) -> None:
    with nothing_asked(world):
        reply = await world.client.post(path, content=spliced(path, text, renamed), headers=JSON)
    problem = check(path, reply, 422)
    place = problem["errors"][0]["pointer"]
    assert problem["code"].startswith("input.")
    assert len(reply.content) < 2_000
    assert f"{place}/".split("/")[1] not in renamed


@pytest.mark.parametrize("path", GOOD)
@pytest.mark.parametrize("body", BODIES_400.values(), ids=BODIES_400.keys())
async def test_body_that_is_not_one_json_object_is_400(world: World, path: str, body: bytes) -> None:
    with nothing_asked(world):
        reply = await world.client.post(path, content=body, headers=JSON)
    assert check(path, reply, 400)["code"] == "request.not_json"


HEADS_HERE = {name: parts for name, parts in HEADS.items() if parts[0] == "POST" and parts[1] == STRATEGIES}


@pytest.mark.parametrize("path", GOOD)
@pytest.mark.parametrize(("parts", "status"), [case[2:] for case in HEADS_HERE.values()], ids=HEADS_HERE.keys())
async def test_bad_head_is_refused(world: World, path: str, parts: dict[str, Any], status: int) -> None:
    parts = dict(parts)
    if isinstance(parts.get("headers"), dict):
        parts["headers"] = [(name.encode(), value.encode()) for name, value in parts["headers"].items()]
    with nothing_asked(world):
        reply = await world.client.post(path, **parts)
    assert reply.status_code == status, reply.text
    assert reply.json()["code"]


@pytest.mark.parametrize("path", GOOD)
async def test_chunked_body_beyond_the_limit_is_413(world: World, path: str) -> None:
    async def endless() -> Any:
        for _ in range(20):
            yield b" " * 65_536

    with nothing_asked(world):
        reply = await world.client.post(path, content=endless(), headers=JSON)
    assert check(path, reply, 413)["code"] == "request.too_large"


@pytest.mark.parametrize("path", [*GOOD, "/backtest/results", "/api/backtests"])
async def test_other_methods_are_405(world: World, path: str) -> None:
    reply = await world.client.request("PATCH", path, json={})
    assert (reply.status_code, reply.json()["code"]) == (405, "request.method")


@pytest.mark.parametrize("identity", ["99999999999999999999", "1e3", "a" * 65, "%00", "..%2f", "%D9%A3"])
async def test_id_that_names_no_stored_backtest_is_refused(world: World, identity: str) -> None:
    reply = await world.client.get(f"/api/backtests/{identity}")
    assert reply.status_code in (404, 422)
    assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("function", ["run_everything", "RunScreener", "", None, 5, ["run_alert"], {}])
async def test_unknown_function_is_refused_with_the_known_ones(world: World, function: Any) -> None:
    with nothing_asked(world):
        reply = await world.client.post("/execute", json={"function": function, "strategy_id": "s1"})
    body = reply.json()
    assert (reply.status_code, body["success"], body["errors"][0]["pointer"]) == (422, False, "/function")
    for known in ("run_backtest", "run_screener", "run_alert", "RunBacktest", "RunScreening", "RunAlert"):
        assert known in body["hint"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"function": "run_screener"}, "/strategy_id"),
        ({"function": "run_screener", "strategy_id": True}, "/strategy_id"),
        ({"function": "run_screener", "strategy_id": 1.5}, "/strategy_id"),
        ({"function": "run_screener", "strategy_id": "../s1"}, "/strategy_id"),
        ({"function": "run_screener", "strategy_id": "s1", "universe": []}, "/universe"),
        ({"function": "run_alert", "strategy_id": "s1", "symbols": []}, "/symbols"),
        ({"function": "run_screener", "strategy_id": "s1", "universe": ["AAPL", "*"]}, "/universe/1"),
        ({"function": "run_screener", "strategy_id": "s1", "universe": ["AAPL", 5]}, "/universe/1"),
        ({"function": "run_screener", "strategy_id": "s1", "universe": ["AAPL"], "symbols": ["A"]}, "/universe"),
        ({"function": "run_screener", "strategy_id": "s1", "universe": {"a": 1}}, "/universe"),
        ({"function": "run_screener", "strategy_id": "s1", "limit": 0}, "/limit"),
        ({"function": "run_screener", "strategy_id": "s1", "limit": -1}, "/limit"),
        ({"function": "run_screener", "strategy_id": "s1", "limit": 1e9}, "/limit"),
        ({"function": "run_screener", "strategy_id": "s1", "limit": True}, "/limit"),
        ({"function": "run_screener", "strategy_id": "s1", "start_date": "2024-01-01"}, "/start_date"),
        ({"function": "run_backtest", "strategy_id": "s1", "limit": 5}, "/limit"),
        ({"function": "run_backtest", "strategy_id": "s1", "persist": False}, "/persist"),
        ({"function": "run_alert", "strategy_id": "s1", "persist": True}, "/persist"),
        ({"function": "run_alert", "strategy_id": "s1", "persist": None}, "/persist"),
        ({"function": "run_backtest", "strategy_id": "s1", "end_date": "2024-02-30"}, "/end_date"),
        (
            {
                "function": "run_backtest",
                "strategy_id": "s1",
                "start_date": "2024-02-01",
                "end_date": "2024-01-01",
            },
            "/start_date",
        ),
    ],
)
async def test_field_that_is_wrong_is_422_with_its_place(world: World, body: dict[str, Any], pointer: str) -> None:
    with nothing_asked(world):
        reply = await world.client.post("/execute", json=body)
    assert (reply.status_code, reply.json()["success"], reply.json()["errors"][0]["pointer"]) == (422, False, pointer)
    assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("body", [{}, {"strategy_code": None}, {"rules": {}}, {"strategy_id": "s1"}])
async def test_body_without_code_is_refused(world: World, body: dict[str, Any]) -> None:
    with nothing_asked(world):
        reply = await world.client.post("/run_backtest", json=body)
    assert (reply.status_code, reply.json()["errors"][0]["pointer"]) == (422, "/strategy_code")


async def test_body_without_rules_is_refused(world: World) -> None:
    for body in ({}, {"symbol": "BTCUSDT"}, {"strategy_json": None}):
        with nothing_asked(world):
            reply = await world.client.post("/backtest/", json=body)
        assert (reply.status_code, reply.json()["errors"][0]["pointer"]) == (422, "/strategy_json")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"verdict": "good"}, "/code_hash"),
        ({"code_hash": "c1"}, "/verdict"),
        ({"code_hash": "c1", "verdict": "superb"}, "/verdict"),
        ({"code_hash": "c1", "verdict": 5}, "/verdict"),
        ({"code_hash": "c1", "verdict": ["good"]}, "/verdict"),
        ({"code_hash": "../c1", "verdict": "good"}, "/code_hash"),
        ({"code_hash": 7, "verdict": "good"}, "/code_hash"),
        ({"code_hash": "c1", "verdict": "good", "is_admin": True}, "/is_admin"),
        ({"code_hash": "c1", "verdict": "good", "reason": ""}, "/reason"),
        ({"code_hash": "c1", "verdict": "good", "asked_by": "root"}, "/asked_by"),
    ],
)
async def test_verdict_that_cannot_be_set_is_refused_with_its_place(
    world: World, body: dict[str, Any], pointer: str
) -> None:
    with nothing_asked(world):
        reply = await world.client.post("/update_verdict", json=body)
    assert (reply.status_code, reply.json()["status"], reply.json()["errors"][0]["pointer"]) == (422, "error", pointer)


@pytest.mark.parametrize(("path", "body"), GOOD.items(), ids=GOOD.keys())
async def test_good_request_works_after_all_that(world: World, path: str, body: dict[str, Any]) -> None:
    if path == "/update_verdict":
        world.outlet.answer = overruled
    reply = await world.client.post(path, json=body)
    assert reply.status_code == 200, reply.text
