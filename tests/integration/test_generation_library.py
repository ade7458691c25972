"""The knowledge base on the bus: read at first start, added to, asked, and told of truthfully whatever was killed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from libs.common.bus import Service
from libs.common.clock import WallClock
from libs.common.errors import BadInputError
from libs.common.events import CommandDone, CommandRefused, DocumentIndexed, KnowledgeIndexed
from libs.common.generation import AddDocument, IndexKnowledge, RemoveDocument, SearchKnowledge
from libs.common.messages import MAX_BODY_BYTES
from libs.strategy.sandbox.host.pool import Pool
from services.strategy_gen import library_store
from services.strategy_gen.library import Library
from services.strategy_gen.shelf import Shelf
from tests.support.build import START
from tests.support.generation import Desk, running, service

STOPS = "# Stops\n\nA trailing stop follows the highest price since the entry and never moves down.\n"
SIZES = "# Sizes\n\nRisk one percent of the equity on a trade; the size follows from the distance of the stop.\n"


def write(folder: Path, name: str, text: str) -> None:
    path = folder / "shared" / "risk" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@asynccontextmanager
async def library(folder: Path) -> AsyncIterator[Desk]:
    """Run the service with the task that reads the folders."""
    with Pool(1) as pool:
        made = service(folder, pool)
        async with running(made, folder, task=1) as desk:
            yield desk


def index(key: str, **changes: Any) -> IndexKnowledge:
    return IndexKnowledge.first(key=key, at=START, **changes)


def add(text: str = SIZES, key: str = "add", name: str = "sizes") -> AddDocument:
    return AddDocument.first(key=key + text, at=START, domain="risk", name=name, text=text)


def told(desk: Desk) -> list[tuple[str, bool]]:
    return [(fact.document, fact.removed) for fact in desk.facts(DocumentIndexed)]


async def test_first_start_reads_the_shared_folder_once(tmp_path: Path) -> None:
    write(tmp_path, "stops.md", STOPS)
    async with library(tmp_path) as desk:
        (done,) = await desk.until(KnowledgeIndexed)
        assert (done.added, done.chunks["risk"], told(desk)) == (1, 1, [("risk/stops.md", False)])  # type: ignore[index]
    async with library(tmp_path) as desk:
        while desk.commits < 2:
            await asyncio.sleep(0.01)
        await desk.deliver(index("later"))
        (done,) = await desk.until(KnowledgeIndexed)
        assert (done.added, done.unchanged, told(desk)) == (0, 1, [])
        assert done.job_id == index("later").event_id


async def test_indexing_tells_of_what_is_new_changed_and_gone(tmp_path: Path) -> None:
    write(tmp_path, "stops.md", STOPS)
    write(tmp_path, "old.md", SIZES)
    async with library(tmp_path) as desk:
        await desk.until(KnowledgeIndexed)
        write(tmp_path, "stops.md", STOPS + "\nIt is checked at the close of a bar.\n")
        write(tmp_path, "new.md", SIZES.replace("one", "two"))
        (tmp_path / "shared" / "risk" / "old.md").unlink()
        before = len(told(desk))
        await desk.deliver(index("again"))
        done = (await desk.until(KnowledgeIndexed, 2))[1]
        assert (done.added, done.changed, done.removed, done.unchanged) == (1, 1, 1, 0)
        assert sorted(told(desk)[before:]) == [
            ("risk/new.md", False),
            ("risk/old.md", True),
            ("risk/stops.md", False),
        ]


async def test_text_that_was_added_is_found_and_one_that_was_removed_is_not(tmp_path: Path) -> None:
    async with library(tmp_path) as desk:
        await desk.until(KnowledgeIndexed)
        await desk.deliver(add())
        answer = desk.facts(CommandDone)[-1].result
        assert (answer["document"], answer["domain"], answer["chunks"]) == ("risk/sizes.md", "risk", 1)
        assert desk.facts(DocumentIndexed)[-1].own
        ask = SearchKnowledge.first(key="q", at=START, query="how large is a position, by the distance of its stop?")
        await desk.deliver(ask)
        (hit,) = desk.facts(CommandDone)[-1].result["hits"]
        assert (hit["document"], hit["own"], hit["heading"]) == ("risk/sizes.md", True, "Sizes")
        assert "one percent" in hit["text"]
        await desk.deliver(RemoveDocument.first(key="r", at=START, domain="risk", name="sizes"))
        assert told(desk)[-1] == ("risk/sizes.md", True)
        await desk.deliver(ask.model_copy(update={"event_id": "q2"}))
        assert desk.facts(CommandDone)[-1].result["hits"] == []
        await desk.deliver(RemoveDocument.first(key="r2", at=START, domain="risk", name="sizes"))
        refused = desk.facts(CommandRefused)[-1]
        assert (refused.code, refused.pointer) == ("not_found", "/name")


async def test_answer_of_the_widest_passages_fits_on_the_bus(tmp_path: Path) -> None:
    wide = "\U00020000" * 960
    write(tmp_path, "wide.md", "\n\n".join(f"# {wide[:200]} {number}\n\nstop {wide}" for number in range(60)))
    async with library(tmp_path) as desk:
        await desk.until(KnowledgeIndexed)
        await desk.deliver(SearchKnowledge.first(key="q", at=START, query="stop", limit=50))
        (answer,) = [body for subject, body in desk.published if subject.startswith("answers.")]
        assert len(answer) < MAX_BODY_BYTES
        assert len(desk.facts(CommandDone)[-1].result["hits"]) == 50


async def test_text_added_by_a_process_that_died_before_telling_is_told_of_later(tmp_path: Path) -> None:
    async with library(tmp_path) as desk:
        await desk.until(KnowledgeIndexed)
        work = desk.bench.row(add()).work
        assert work is not None
        await work(add())
        assert told(desk) == []
    async with library(tmp_path) as desk:
        await desk.deliver(add())
        assert told(desk) == [("risk/sizes.md", False)]
    async with library(tmp_path) as desk:
        work = desk.bench.row(RemoveDocument.first(key="r", at=START, domain="risk", name="sizes")).work
        assert work is not None
        await work(RemoveDocument.first(key="r", at=START, domain="risk", name="sizes"))
    async with library(tmp_path) as desk:
        await desk.deliver(RemoveDocument.first(key="r", at=START, domain="risk", name="sizes"))
        assert told(desk) == [("risk/sizes.md", True)]


async def test_shared_text_cannot_be_removed_over_the_bus(tmp_path: Path) -> None:
    write(tmp_path, "stops.md", STOPS)
    async with library(tmp_path) as desk:
        await desk.until(KnowledgeIndexed)
        await desk.deliver(RemoveDocument.first(key="r", at=START, domain="risk", name="stops"))
        assert desk.facts(CommandRefused)[-1].pointer == "/name"
        assert (tmp_path / "shared" / "risk" / "stops.md").exists()


async def test_removal_of_an_own_text_shows_the_shared_one_it_hid(tmp_path: Path) -> None:
    write(tmp_path, "sizes.md", STOPS)
    async with library(tmp_path) as desk:
        await desk.until(KnowledgeIndexed)
        await desk.deliver(add())
        await desk.deliver(RemoveDocument.first(key="r", at=START, domain="risk", name="sizes"))
        shown = desk.facts(DocumentIndexed)
        assert [(fact.own, fact.removed) for fact in shown] == [(False, False), (True, False), (False, False)]
        assert shown[0].content_hash == shown[2].content_hash


@pytest.mark.parametrize(
    ("command", "pointer"),
    [(add("  \n"), "/text"), (SearchKnowledge.first(key="q", at=START, query="  "), "/query")],
)
async def test_empty_text_or_question_is_refused(tmp_path: Path, command: Any, pointer: str) -> None:
    async with library(tmp_path) as desk:
        with pytest.raises(BadInputError) as refused:
            await desk.bench.row(command).work(command)  # type: ignore[misc]
        assert refused.value.pointer == pointer


async def test_indexing_killed_before_it_told_is_done_again(tmp_path: Path) -> None:
    write(tmp_path, "stops.md", STOPS)
    async with library(tmp_path) as desk:
        await desk.until(KnowledgeIndexed)
    write(tmp_path, "more.md", SIZES)
    with Pool(1) as pool:
        async with running(service(tmp_path, pool), tmp_path, last=2, task=1) as desk:
            await desk.deliver(index("kill"))
            async with asyncio.timeout(10):
                await desk.killed.wait()
            assert desk.facts(KnowledgeIndexed) == []
    async with library(tmp_path) as desk:
        (done,) = await desk.until(KnowledgeIndexed)
        assert done.job_id == index("kill").event_id
        assert told(desk) == [("risk/more.md", False)]


async def test_folders_that_can_never_be_read_end_their_job_with_the_reason(tmp_path: Path) -> None:
    def broken() -> Shelf:
        raise LookupError("a bug")

    made = Library(broken, WallClock())
    alone = Service("strategy_gen", made.table(), library_store.MIGRATIONS, tasks=(made.keep,))
    async with running(alone, tmp_path) as desk:
        await desk.until(KnowledgeIndexed)
        await desk.deliver(index("again"))
        told = (await desk.until(KnowledgeIndexed, 2))[1]
        assert (told.job_id, told.code, told.detail) == (index("again").event_id, "LookupError", "LookupError: a bug")
        async with desk.bench.transactor.database.read() as connection:
            assert await library_store.list_jobs(connection) == []
