"""Sentences, questions and documents that make no sense as requests: a 4xx problem, nothing sent on, and the next good one works."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.api.world import World, done, nothing_asked, open_world

pytestmark = pytest.mark.asyncio(loop_scope="module")

GENERATE = "/api/v1/strategies/generate"
KNOWLEDGE = "/api/v1/knowledge"
JSON = {"Content-Type": "application/json"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """One gateway for all of it: bad input leaves no trace, so every case meets the same one."""
    async with open_world(tmp_path_factory.mktemp("world")) as opened:
        opened.outlet.answer = done
        yield opened


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": 5},
        {"text": "x" * 4_001},
        {"text": "x", "variants": 0},
        {"text": "x", "variants": 11},
        {"text": "x", "engine": "magic"},
        {"text": "x", "kind": "rules.json"},
        {"text": "x", "symbols": ["a b"]},
        {"text": "x", "timeframe": "7x"},
        {"text": "x", "name": "../x"},
        {"text": "x", "job_id": "mine"},
        {"text": "x", "event_id": "mine"},
        {"text": "x\x00"},
    ],
)
async def test_sentence_that_makes_no_sense_as_a_request_sends_nothing(world: World, body: dict[str, Any]) -> None:
    with nothing_asked(world):
        reply = await world.client.post(GENERATE, json=body)
    assert reply.status_code == 422, reply.text
    assert reply.json()["code"].startswith("input.")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("search", {}),
        ("search", {"query": ""}),
        ("search", {"query": "x" * 4_001}),
        ("search", {"query": "x", "domain": "astrology"}),
        ("search", {"query": "x", "limit": 0}),
        ("search", {"query": "x", "limit": 51}),
        ("index", {"rebuild": "yes"}),
        ("index", {"folder": "/etc"}),
        ("documents", {"domain": "risk", "name": "stops"}),
        ("documents", {"domain": "risk", "name": "../stops", "text": "x"}),
        ("documents", {"domain": "../risk", "name": "stops", "text": "x"}),
        ("documents", {"domain": "risk", "name": "stops", "text": ""}),
        ("documents", {"domain": "risk", "name": "stops", "text": "x" * 200_001}),
        ("documents", {"domain": "risk", "name": "stops", "text": "x\x00"}),
    ],
)
async def test_request_that_makes_no_sense_sends_nothing(world: World, path: str, body: dict[str, Any]) -> None:
    with nothing_asked(world):
        reply = await world.client.post(f"{KNOWLEDGE}/{path}", json=body)
    assert reply.status_code == 422, reply.text
    assert reply.json()["code"].startswith("input.")


@pytest.mark.parametrize("place", ["astrology/stops", "risk/%2e%2e", "risk/a.b", "risk/" + "a" * 65])
async def test_place_that_names_no_document_sends_nothing(world: World, place: str) -> None:
    with nothing_asked(world):
        reply = await world.client.delete(f"{KNOWLEDGE}/documents/{place}")
    assert reply.status_code in (404, 422), reply.text


@pytest.mark.parametrize("query", ["domain=astrology", "limit=0", "cursor=!!", "cursor=YWJj", "text=x"])
async def test_list_that_makes_no_sense_is_refused(world: World, query: str) -> None:
    reply = await world.client.get(f"{KNOWLEDGE}/documents?{query}")
    assert reply.status_code == 422, reply.text


@pytest.mark.parametrize("path", [GENERATE, f"{KNOWLEDGE}/search", f"{KNOWLEDGE}/index", f"{KNOWLEDGE}/documents"])
async def test_foreign_page_form_and_garbage_are_refused_everywhere(world: World, path: str) -> None:
    with nothing_asked(world):
        page = await world.client.post(path, json={"text": "x"}, headers={"Origin": "http://evil.example"})
        host = await world.client.post(path, json={"text": "x"}, headers={"Host": "evil.example"})
        form = await world.client.post(path, data={"text": "x"})
        garbage = await world.client.post(path, content=b"[1, 2", headers=JSON)
        large = await world.client.post(path, content=b"x" * 1_100_000, headers=JSON)
        key = await world.client.post(path, json={"text": "x"}, headers={"Idempotency-Key": "a b"})
    statuses = [reply.status_code for reply in (page, host, form, garbage, large)]
    assert statuses == [403, 403, 415, 400, 413]
    assert key.status_code == 422, key.text


async def test_next_good_request_works(world: World) -> None:
    reply = await world.client.post(f"{KNOWLEDGE}/search", json={"query": "x"})
    assert reply.status_code == 200
