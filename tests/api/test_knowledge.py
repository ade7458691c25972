"""The knowledge base over HTTP: asked, read again, listed, added to, and what is refused."""

import asyncio
import json

import pytest

from libs.common.commands import AddDocument, Command, IndexKnowledge, RemoveDocument, SearchKnowledge
from libs.common.events import Event
from tests.api import sentences as told
from tests.api.world import World, done, nothing_asked, refused

JSON = {"Content-Type": "application/json"}
KNOWLEDGE = "/api/v1/knowledge"
PASSAGE = {"document": "risk/stops.md", "chunk": 2, "heading": "Stops", "text": "A stop is a price.", "score": 0.71}


async def test_search_answers_the_passages_of_the_service(world: World) -> None:
    world.outlet.answer = lambda command: done(command, hits=[PASSAGE])
    body = {"query": "where do I put a stop?", "domain": "risk", "limit": 3}
    reply = await world.client.post(f"{KNOWLEDGE}/search", json=body)
    (command,) = world.outlet.asked
    assert isinstance(command, SearchKnowledge)
    assert (command.query, command.domain, command.limit) == ("where do I put a stop?", "risk", 3)
    assert (reply.status_code, reply.json()["hits"]) == (200, [PASSAGE])
    assert (reply.json()["query"], reply.json()["domain"]) == ("where do I put a stop?", "risk")


async def test_index_is_a_job_whose_result_counts_chunks_by_domain(world: World) -> None:
    later: set[asyncio.Task[None]] = set()

    def answer(command: Command) -> Event:
        later.add(asyncio.get_running_loop().create_task(world.fold(told.indexed(command.event_id))))
        return done(command)

    world.outlet.answer = answer
    reply = await world.client.post(f"{KNOWLEDGE}/index", json={"rebuild": True}, headers={"Prefer": "wait=5"})
    (command,) = world.outlet.asked
    assert isinstance(command, IndexKnowledge)
    assert command.rebuild
    assert reply.status_code == 200, reply.text
    assert reply.json()["result"]["chunks"] == {"risk": 12, "technical": 30}
    job = await world.get(reply.headers["location"])
    assert (job["mode"], job["state"], job["result"]) == ("index", "done", f"{reply.headers['location']}/result")
    assert (await world.get(job["result"]))["unchanged"] == 43
    assert [one["id"] for one in (await world.get("/api/v1/jobs", mode="index"))["items"]] == [command.event_id]


async def test_index_that_takes_longer_is_a_running_job_until_it_is_done(world: World) -> None:
    reply = await world.client.post(f"{KNOWLEDGE}/index")
    (command,) = world.outlet.asked
    assert isinstance(command, IndexKnowledge)
    assert not command.rebuild
    place = reply.headers["location"]
    assert (reply.status_code, reply.json()["mode"], reply.json()["state"]) == (202, "index", "running")
    assert (await world.client.get(f"{place}/result")).json()["code"] == "job.running"
    await world.fold(told.indexed(command.event_id))
    assert (await world.get(place))["state"] == "done"


async def test_index_that_can_never_be_done_is_a_failed_job_with_the_reason(world: World) -> None:
    await world.client.post(f"{KNOWLEDGE}/index")
    (command,) = world.outlet.asked
    await world.fold(told.indexed(command.event_id, code="LookupError", detail="LookupError: a bug"))
    job = await world.get(f"/api/v1/jobs/{command.event_id}")
    assert (job["state"], job["detail"], job.get("result")) == ("failed", "LookupError: a bug", None)
    reply = await world.client.get(f"/api/v1/jobs/{command.event_id}/result")
    assert (reply.status_code, reply.json()["code"]) == (422, "LookupError")


async def test_index_cannot_be_cancelled(world: World) -> None:
    await world.fold(told.indexed("x1"))
    with nothing_asked(world):
        reply = await world.client.delete("/api/v1/jobs/x1")
    assert (reply.status_code, reply.json()["code"]) == (409, "job.not_cancellable")


async def test_documents_are_listed_by_name_in_pages_and_by_domain(world: World) -> None:
    names = {"d1": "risk/stops.md", "d2": "papers/a.pdf", "d3": "risk/kelly.md", "d4": "technical/rsi.md"}
    await world.fold(*(told.document(identity, name) for identity, name in names.items()))
    first = await world.get(f"{KNOWLEDGE}/documents", limit=3)
    rest = await world.get(f"{KNOWLEDGE}/documents", limit=3, cursor=first["next_cursor"])
    shown = [one["document"] for one in (*first["items"], *rest["items"])]
    assert (shown, rest["next_cursor"]) == (sorted(names.values()), None)
    of_risk = await world.get(f"{KNOWLEDGE}/documents", domain="risk")
    assert [one["id"] for one in of_risk["items"]] == ["d3", "d1"]
    assert of_risk["items"][1]["chunks"] == 2


async def test_document_that_was_removed_is_not_listed_whatever_came_first(world: World) -> None:
    at = told.document().at.replace(year=2030)
    gone = told.document(n=1, removed=True, chunks=0).model_copy(update={"at": at})
    await world.fold(gone, told.document())
    assert (await world.get(f"{KNOWLEDGE}/documents"))["items"] == []


async def test_document_is_added_and_removed_by_domain_and_name(world: World) -> None:
    added = await world.client.post(
        f"{KNOWLEDGE}/documents", json={"domain": "risk", "name": "stops", "text": "A stop."}
    )
    removed = await world.client.delete(f"{KNOWLEDGE}/documents/risk/stops")
    assert (added.status_code, removed.status_code) == (201, 200)
    add, remove = world.outlet.asked
    assert isinstance(add, AddDocument)
    assert isinstance(remove, RemoveDocument)
    assert (add.domain, add.name, add.text) == ("risk", "stops", "A stop.")
    assert (remove.domain, remove.name) == ("risk", "stops")


async def test_removing_what_is_not_there_says_so(world: World) -> None:
    world.outlet.answer = lambda command: refused(command, "knowledge.unknown", pointer="/name")
    reply = await world.client.delete(f"{KNOWLEDGE}/documents/risk/nothing")
    assert (reply.status_code, reply.json()["code"]) == (404, "knowledge.unknown")


@pytest.mark.parametrize("code", ["knowledge.index", "knowledge.embeddings"])
async def test_base_that_cannot_be_asked_just_then_is_503(world: World, code: str) -> None:
    world.outlet.answer = lambda command: refused(command, code, hint="ask again in a moment")
    reply = await world.client.post(f"{KNOWLEDGE}/search", json={"query": "where do I put a stop?"})
    assert (reply.status_code, reply.json()["code"]) == (503, code)


async def test_text_too_large_for_the_bus_is_413_and_sends_nothing(world: World) -> None:
    with nothing_asked(world):
        body = {"domain": "risk", "name": "stops", "text": "\u4e2d" * 150_000}
        reply = await world.client.post(
            f"{KNOWLEDGE}/documents", content=json.dumps(body, ensure_ascii=False).encode(), headers=JSON
        )
    assert (reply.status_code, reply.json()["code"]) == (413, "request.too_large")
