"""Bad input: a 4xx problem with a code, nothing sent on, nothing echoed, and the next good request works."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.api.world import World, done, nothing_asked, open_world

pytestmark = pytest.mark.asyncio(loop_scope="module")

STRATEGIES = "/api/v1/strategies"
BACKTESTS = "/api/v1/backtests"
JSON = {"Content-Type": "application/json"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """One gateway for all of it: bad input leaves no trace, so every case meets the same one."""
    async with open_world(tmp_path_factory.mktemp("world")) as opened:
        opened.outlet.answer = done
        yield opened


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return value


FIELDS_422 = {
    "NaN": '{"initial_capital": NaN}',
    "Infinity": '{"initial_capital": Infinity}',
    "minus Infinity": '{"initial_capital": -Infinity}',
    "1e999": '{"initial_capital": 1e999}',
    "zero": '{"initial_capital": 0}',
    "negative": '{"initial_capital": -1}',
    "minus zero": '{"initial_capital": -0.0}',
    "number as text": '{"initial_capital": "1e5"}',
    "true as number": '{"initial_capital": true}',
    "null as number": '{"initial_capital": null}',
    "400 digits": '{"initial_capital": ' + "9" * 400 + "}",
    "empty name": '{"name": ""}',
    "name of 65": '{"name": "' + "n" * 65 + '"}',
    "NUL": '{"name": "a\\u0000b"}',
    "lone surrogate": '{"name": "\\ud800"}',
    "lone surrogate as key": '{"\\ud800": 1}',
    "lone surrogate as deep key": '{"rules": {"\\ud800": 1}}',
    "NUL as deep key": '{"rules": {"a\\u0000": 1}}',
    "lone surrogate deep": '{"rules": {"a": ["\\udfff"]}}',
    "path as name": '{"name": "../../etc/passwd"}',
    "windows path as name": '{"name": "..\\\\..\\\\x"}',
    "slash in name": '{"name": "a/b"}',
    "bidi override": '{"name": "a\\u202eb"}',
    "zero width space": '{"name": "a\\u200bb"}',
    "symbol with space": '{"symbol": "btc usdt"}',
    "symbol wildcard": '{"symbol": "BTCUSDT.>"}',
    "symbol star": '{"symbol": "*"}',
    "symbol of 300": '{"symbol": "' + "B" * 300 + '"}',
    "symbol full width": '{"symbol": "ＢＴＣ"}',
    "start after end": '{"start": "2024-02-01T00:00:00Z", "end": "2024-01-01T00:00:00Z"}',
    "30 February": '{"start": "2024-02-30T00:00:00Z"}',
    "year 0000": '{"start": "0000-01-01T00:00:00Z"}',
    "epoch": '{"start": 1e18}',
    "epoch text": '{"start": "1700000000"}',
    "zone": '{"start": "2024-01-01T00:00:00 Mars/Phobos"}',
    "edge of time": '{"start": "9999-12-31T23:59:59-12:00"}',
    "timeframe": '{"timeframe": "7x"}',
    "unknown field": '{"is_admin": true}',
    "envelope": '{"event_id": "mine"}',
    "asked by": '{"asked_by": "root"}',
    "900 levels": '{"rules": ' + json.dumps(nested(90)) + "}",
    "10,000 keys": '{"rules": ' + json.dumps({str(n): n for n in range(10_000)}) + "}",
    "NaN deep": '{"rules": {"x": NaN}}',
    "id": '{"strategy_id": "../x"}',
    "signal mode": '{"signal_mode": "both"}',
}


@pytest.mark.parametrize("body", FIELDS_422.values(), ids=FIELDS_422.keys())
async def test_bad_field_is_422_with_its_place(world: World, body: str) -> None:
    with nothing_asked(world):
        reply = await world.client.post(BACKTESTS, content=body.encode(), headers=JSON)
    problem = reply.json()
    assert reply.status_code == 422, reply.text
    assert problem["errors"][0]["pointer"] is not None
    assert problem["code"].startswith("input.")
    assert "input" not in problem["errors"][0]
    assert len(reply.content) < 1_500
    assert (await world.client.post(BACKTESTS, json={"strategy_id": "s1"})).status_code == 201


BODIES_400 = {
    "cut": b'{"a": ',
    "empty": b"",
    "null": b"null",
    "list": b"[]",
    "text": b'"x"',
    "5,000 digits": b'{"a": ' + b"9" * 5_000 + b"}",
    "100,000 deep": b"[" * 100_000,
    "latin-1": b'{"name": "\xe9"}',
    "UTF-16": '{"name": "a"}'.encode("utf-16"),
    "BOM": b'\xef\xbb\xbf{"name": "a"}',
    "twice the same key": b'{"name": "a", "name": "b"}',
    "twice the same key deep": b'{"rules": {"a": [{"b": 1, "b": 2}]}}',
    "trailing comma": b'{"name": "a",}',
    "NUL byte": b"\x00",
}


@pytest.mark.parametrize("body", BODIES_400.values(), ids=BODIES_400.keys())
async def test_body_that_is_not_one_json_object_is_400(world: World, body: bytes) -> None:
    with nothing_asked(world):
        reply = await world.client.post(STRATEGIES, content=body, headers=JSON)
    assert (reply.status_code, reply.json()["code"]) == (400, "request.not_json")
    assert reply.headers["content-type"] == "application/problem+json"


HEADS: dict[str, tuple[str, str, dict[str, Any], int]] = {
    "Host evil": ("GET", "/healthz", {"headers": {"Host": "evil.example"}}, 403),
    "Host localhost.evil": ("GET", "/healthz", {"headers": {"Host": "localhost.evil.example"}}, 403),
    "Host with user": ("GET", "/healthz", {"headers": {"Host": "localhost@evil.example"}}, 403),
    "Host missing": ("GET", "/healthz", {"headers": {"Host": ""}}, 403),
    "Origin null": ("POST", STRATEGIES, {"json": {}, "headers": {"Origin": "null"}}, 403),
    "Origin evil": ("POST", STRATEGIES, {"json": {}, "headers": {"Origin": "http://evil.example"}}, 403),
    "Origin other port": ("POST", STRATEGIES, {"json": {}, "headers": {"Origin": "http://127.0.0.1:9"}}, 403),
    "preflight": ("OPTIONS", STRATEGIES, {"headers": {"Origin": "http://evil.example"}}, 403),
    "no body, evil": ("POST", f"{STRATEGIES}/s1/retire", {"headers": {"Origin": "http://evil.example"}}, 403),
    "text/plain": ("POST", STRATEGIES, {"content": b"{}", "headers": {"Content-Type": "text/plain"}}, 415),
    "no type": ("POST", STRATEGIES, {"content": b"{}"}, 415),
    "form": ("POST", STRATEGIES, {"data": {"a": "b"}}, 415),
    "multipart": ("POST", STRATEGIES, {"files": {"a": b"b"}}, 415),
    "xml": ("POST", STRATEGIES, {"content": b"<a/>", "headers": {"Content-Type": "application/xml"}}, 415),
    "other charset": (
        "POST",
        STRATEGIES,
        {"content": b"{}", "headers": {"Content-Type": "application/json; charset=utf-16"}},
        415,
    ),
    "gzip": ("POST", STRATEGIES, {"content": b"x", "headers": {**JSON, "Content-Encoding": "gzip"}}, 415),
    "5 MB": ("POST", STRATEGIES, {"content": b"x" * 5_000_000, "headers": JSON}, 413),
    "length no number": ("POST", STRATEGIES, {"content": b"{}", "headers": {**JSON, "Content-Length": "٣"}}, 400),
    "20 KB URL": ("GET", "/api/v1/signals?symbol=" + "B" * 20_000, {}, 414),
    "64 KB header": ("GET", "/healthz", {"headers": {"X-Big": "b" * 65_536}}, 431),
    "wrong method": ("PATCH", STRATEGIES, {"json": {}}, 405),
    "no route": ("GET", "/api/v1/nothing", {}, 404),
    "traversal": ("GET", "/api/%2e%2e/admin", {}, 404),
    "key with space": ("POST", STRATEGIES, {"json": {}, "headers": {"Idempotency-Key": "a b"}}, 422),
}


@pytest.mark.parametrize(("method", "path", "parts", "status"), HEADS.values(), ids=HEADS.keys())
async def test_bad_head_is_refused_as_problem(
    world: World, method: str, path: str, parts: dict[str, Any], status: int
) -> None:
    parts = dict(parts)
    if isinstance(parts.get("headers"), dict):
        parts["headers"] = [(name.encode(), value.encode()) for name, value in parts["headers"].items()]
    with nothing_asked(world):
        reply = await world.client.request(method, path, **parts)
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["status"] == status
    assert reply.headers["x-request-id"] == reply.json()["instance"]


async def test_chunked_body_beyond_the_limit_is_413(world: World) -> None:
    async def endless() -> Any:
        for _ in range(20):
            yield b" " * 65_536

    reply = await world.client.post(STRATEGIES, content=endless(), headers=JSON)
    assert (reply.status_code, reply.json()["code"]) == (413, "request.too_large")


QUERIES = {
    "limit 0": "signals?limit=0",
    "limit -1": "signals?limit=-1",
    "limit 1e9": "signals?limit=1000000000",
    "limit 1e3": "signals?limit=1e3",
    "limit 2^63": "signals?limit=9223372036854775808",
    "limit arabic": "signals?limit=%D9%A3",
    "limit twice the size": "signals?limit=1001",
    "unknown parameter": "signals?is_admin=true",
    "cursor": "signals?cursor=!!",
    "cursor of another list": "signals?cursor=YWJj",
    "cursor huge": "signals?cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5HzE",
    "symbol": "signals?symbol=*",
    "symbol full width": "signals?symbol=%EF%BC%A2",
    "lone surrogate": "signals?symbol=%ED%A0%80",
    "time": "signals?since=yesterday",
    "epoch": "signals?since=1e18",
    "30 February": "signals?since=2024-02-30",
    "year 0": "signals?since=0000-01-01",
    "action": "signals?action=short",
    "verdict": "strategies?verdict=superb",
    "status": "strategies?status=happy",
    "state": "orders?state=lost",
    "account": "portfolio?account=../x",
    "points": "portfolio?points=1001",
    "timeframe": "market/ohlcv?symbol=BTCUSDT&timeframe=7x",
    "no symbol": "market/ohlcv",
    "start after end": "market/ohlcv?symbol=BTCUSDT&start=2024-02-01&end=2024-01-01",
    "id with NUL": "decisions/%00",
    "id arabic": "decisions/%D9%A3",
    "id of 65": "decisions/" + "a" * 65,
    "id with dot": "strategies/a.b",
    "report of a path": "backtests/..%2f/report.json",
    "lineage": "lineage/fill/%00",
}


@pytest.mark.parametrize("path", QUERIES.values(), ids=QUERIES.keys())
async def test_bad_query_is_a_4xx_problem(world: World, path: str) -> None:
    reply = await world.client.get(f"/api/v1/{path}")
    assert reply.status_code in (404, 422), reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    assert (await world.client.get("/api/v1/signals")).status_code == 200


@pytest.mark.parametrize("identity", ["99999999999999999999", "1e3", "-", "a" * 64])
async def test_id_that_names_nothing_is_404(world: World, identity: str) -> None:
    for path in ("strategies", "backtests", "decisions"):
        reply = await world.client.get(f"/api/v1/{path}/{identity}")
        assert (reply.status_code, reply.json()["code"]) == (404, "not_found")


async def test_same_origin_page_may_act(world: World) -> None:
    headers = {"Origin": "http://127.0.0.1:3000"}
    reply = await world.client.put(
        "/api/v1/control/kill-switch", json={"state": "halted", "reason": "x"}, headers=headers
    )
    assert reply.status_code == 200


@pytest.mark.parametrize("body", [{}, {"state": "on"}, {"state": None}, {"state": ["halted"]}, {"state": "trading"}])
async def test_kill_switch_needs_a_state_and_a_reason(world: World, body: dict[str, Any]) -> None:
    with nothing_asked(world):
        reply = await world.client.put("/api/v1/control/kill-switch", json=body)
    assert reply.status_code == 422
