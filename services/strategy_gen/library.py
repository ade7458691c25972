"""The knowledge base on the bus: index, add, remove, search.

Decides what is told of it, and that reading the folders is a job of its own: asked for, answered, done in the background, and done
again after a kill. What a base can do stands in `knowledge/`.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from libs.common.bus import On, Outlet, Tx
from libs.common.bus.refusal import final, shown
from libs.common.bus.transact import is_infrastructure
from libs.common.clock import Clock
from libs.common.errors import BadInputError, NotFoundError, PermanentError, SentinelError, TransientError
from libs.common.events import DocumentIndexed, Event, JobProgressed, KnowledgeIndexed
from libs.common.generation import AddDocument, IndexKnowledge, RemoveDocument, SearchKnowledge
from libs.common.messages import Message
from libs.common.values import Domain
from services.strategy_gen import library_store as store
from services.strategy_gen.knowledge.values import DocumentState, Indexed, Passage, document_id
from services.strategy_gen.shelf import Shelf

LOG = logging.getLogger("sentinel.knowledge")

QUOTED, ANSWERED = 1_500, 100_000
"""Most characters of a passage, and most bytes of all passages together, that an answer carries."""

SKIPPED, LONGEST_REASON = 100, 500
"""Files that are told of that could not be read, and the characters that each may have: all of them have to fit into one fact."""

AGAIN_S = 15.0
"""After so long an indexing is tried again that a disk or an embeddings server refused."""

Open = Callable[[], Shelf]
"""Opens the base, at its first use; the same one again later."""

T = TypeVar("T")


@dataclass(frozen=True)
class Read:
    """What reading the folders came to, and every document there now is, by name."""

    indexed: Indexed
    documents: Mapping[str, DocumentState]


@dataclass(frozen=True)
class Removed:
    """What became of a removal. missing: there was none. uncovered: the shared text of the same name, which was hidden until now."""

    missing: NotFoundError | None
    uncovered: DocumentState | None


class Library:
    """The handlers of the knowledge base, and the task that reads its folders."""

    def __init__(self, opened: Open, clock: Clock):
        """Use the base that `opened` gives; nothing of it is touched before the first command."""
        self._open = opened
        self._clock = clock
        self._news = asyncio.Event()

    def table(self) -> tuple[On, ...]:
        """Return what it listens to."""
        return (
            On(IndexKnowledge, self.on_index, key="event_id"),
            On(AddDocument, self.on_add, key="name", work=self.add),
            On(RemoveDocument, self.on_remove, key="name", work=self.remove),
            On(SearchKnowledge, self.on_search, key="event_id", work=self.search),
        )

    async def on_index(self, command: IndexKnowledge, tx: Tx) -> list[Event]:
        """Take an indexing on."""
        await store.add_job(tx.connection, command)
        tx.reply(command.event_id, job_id=command.event_id)
        self._news.set()
        return []

    async def add(self, command: AddDocument) -> DocumentState:
        """Keep and index a text; repeatable."""
        if not command.text.strip():
            raise BadInputError("the document has no text", code="knowledge.document", pointer="/text")
        return await _done(lambda: self._added(command))

    def _added(self, command: AddDocument) -> DocumentState:
        base = self._open()
        base.add(command.domain, command.name, command.text)
        return base.documents()[_name_of(command)]

    async def on_add(self, command: AddDocument, tx: Tx, state: DocumentState) -> list[Event]:
        """Tell of a document that was added."""
        fact = _fact(command, state)
        await store.save_told(tx.connection, fact)
        words = {name: getattr(fact, name) for name in ("document", "title", "characters", "chunks", "content_hash")}
        tx.reply(fact.document_id, document_id=fact.document_id, domain=fact.domain.value, **words)
        return [fact]

    async def remove(self, command: RemoveDocument) -> Removed:
        """Forget a text; repeatable: one that is gone already may have been removed by this very command."""
        missing: NotFoundError | None = None
        try:
            await _done(lambda: self._open().remove(command.domain, command.name))
        except NotFoundError as error:
            missing = error
        left = await _done(lambda: self._open().documents().get(_name_of(command)))
        return Removed(missing, left)

    async def on_remove(self, command: RemoveDocument, tx: Tx, removed: Removed) -> list[Event]:
        """Tell of a document that is gone; refused where none was added, as far as others know too."""
        told = await store.find_told(tx.connection, _name_of(command))
        if removed.missing is not None and (told is None or not told.own):
            raise removed.missing
        facts = []
        if removed.uncovered is not None:
            facts.append(_fact(command, removed.uncovered))
        elif told is not None:
            facts.append(_gone(command, told))
        for fact in facts:
            await store.save_told(tx.connection, fact)
        identity = document_id(_name_of(command))
        tx.reply(identity, document_id=identity, document=_name_of(command))
        return [*facts]

    async def search(self, command: SearchKnowledge) -> list[Passage]:
        """Return the passages nearest to a question."""
        if not command.query.strip():
            raise BadInputError("the question is empty", code="knowledge.question", pointer="/query")
        return await _done(lambda: self._open().search(command.query, command.domain, command.limit))

    async def on_search(self, command: SearchKnowledge, tx: Tx, found: list[Passage]) -> list[Event]:
        """Answer with the passages."""
        room = ANSWERED // max(1, len(found))
        tx.reply(hits=[_hit(passage, room) for passage in found])
        return []

    async def keep(self, outlet: Outlet) -> None:
        """Read the folders whenever that is asked for, and once if nothing was ever told of them, until cancelled."""
        await self._first(outlet)
        self._news.set()
        while True:
            await self._news.wait()
            self._news.clear()
            asked: list[IndexKnowledge] = []

            async def read(tx: Tx, found: list[IndexKnowledge] = asked) -> None:
                found[:] = await store.list_jobs(tx.connection)

            await outlet.commit(read)
            if asked and not await self._index(outlet, asked):
                await asyncio.sleep(AGAIN_S)
                self._news.set()

    async def _first(self, outlet: Outlet) -> None:
        """Have the folders read if that was never done."""

        async def ask(tx: Tx) -> None:
            if not await store.list_told(tx.connection) and not await store.list_jobs(tx.connection):
                await store.add_job(tx.connection, IndexKnowledge.first(key="first start", at=self._clock.now()))

        await outlet.commit(ask)

    async def _index(self, outlet: Outlet, asked: Sequence[IndexKnowledge]) -> bool:
        """Read the folders once for all who asked; False where that has to be tried again. What no other try can help is told."""
        for command in asked:
            await outlet.tell(_progress(command, "indexing", 0))
        rebuild = any(command.rebuild for command in asked)
        try:
            read = await asyncio.to_thread(self._read, rebuild)
            await outlet.commit(partial(_told, asked=asked, read=read))
        except TransientError as error:
            LOG.warning("the knowledge is not indexed yet: %s (%s)", error.detail, error.hint)
            return False
        except Exception as error:
            if is_infrastructure(error):
                raise
            LOG.exception("the knowledge cannot be indexed")
            await outlet.commit(partial(_given_up, asked=asked, problem=final(error)))
        for command in asked:
            await outlet.tell(_progress(command, "indexed", 1))
        return True

    def _read(self, rebuild: bool) -> Read:
        base = self._open()
        return Read(base.index(rebuild=rebuild), base.documents())


async def _told(tx: Tx, *, asked: Sequence[IndexKnowledge], read: Read) -> None:
    """Tell which documents are other than others know them, and answer everyone who asked with the same figures."""
    known = await store.list_told(tx.connection)
    cause, indexed = asked[0], read.indexed
    here = {state.document_id: state for state in read.documents.values()}
    facts = [_gone(cause, told) for identity, told in known.items() if identity not in here]
    for identity, state in here.items():
        told = known.get(identity)
        if told is None or (told.content_hash, told.own) != (state.content_hash, state.own):
            facts.append(_fact(cause, state))
    for fact in facts:
        await store.save_told(tx.connection, fact)
    tx.emit(*facts)
    names = ("added", "changed", "removed", "unchanged", "embedder")
    words: dict[str, Any] = {name: getattr(indexed, name) for name in names}
    words |= {
        "chunks": dict(indexed.chunks),
        "skipped": tuple(text[:LONGEST_REASON] for text in indexed.skipped[:SKIPPED]),
    }
    for command in asked:
        tx.emit(KnowledgeIndexed.after(command, job_id=command.event_id, **words))
    await store.end_jobs(tx.connection, [command.event_id for command in asked])


async def _given_up(tx: Tx, *, asked: Sequence[IndexKnowledge], problem: PermanentError) -> None:
    """Tell everyone who asked why the folders cannot be read; nobody is told of other documents than before."""
    words: dict[str, Any] = dict.fromkeys(("added", "changed", "removed", "unchanged"), 0)
    words |= {"chunks": {}, "embedder": "", "code": problem.code[:64], "detail": shown(problem.detail, 4_000)}
    for command in asked:
        tx.emit(KnowledgeIndexed.after(command, job_id=command.event_id, hint=problem.hint, **words))
    await store.end_jobs(tx.connection, [command.event_id for command in asked])


def _name_of(command: AddDocument | RemoveDocument) -> str:
    return f"{command.domain.value}/{command.name}.md"


def _gone(cause: Message, told: store.Told) -> DocumentIndexed:
    return DocumentIndexed.after(
        cause,
        key=told.document_id,
        document_id=told.document_id,
        domain=Domain(told.document.partition("/")[0]),
        document=told.document,
        content_hash=told.content_hash,
        characters=0,
        chunks=0,
        own=told.own,
        removed=True,
    )


def _fact(cause: Message, state: DocumentState) -> DocumentIndexed:
    names = ("document_id", "domain", "content_hash", "characters", "chunks", "own")
    return DocumentIndexed.after(
        cause,
        key=state.document_id,
        document=state.document[:256],
        title=state.title[:256],
        **{name: getattr(state, name) for name in names},
    )


def _hit(passage: Passage, room: int) -> dict[str, Any]:
    names = ("document", "chunk", "title", "heading", "own")
    told = {name: getattr(passage, name) for name in names}
    return {**told, "domain": passage.domain.value, "score": round(passage.score, 4), "text": _cut(passage.text, room)}


def _cut(text: str, room: int) -> str:
    return text[:QUOTED].encode()[:room].decode(errors="ignore")


def _progress(command: IndexKnowledge, phase: str, done: int) -> JobProgressed:
    return JobProgressed.after(
        command, key=phase, service="strategy_gen", job_id=command.event_id, phase=phase, done=done, total=1
    )


async def _done(act: Callable[[], T]) -> T:
    """Do blocking work on the base in a thread; what may pass is refused all the same, because somebody waits for the answer."""
    try:
        return await asyncio.to_thread(act)
    except TransientError as error:
        raise _refused(error) from error


def _refused(error: SentinelError) -> PermanentError:
    return PermanentError(error.detail, code=error.code, hint=error.hint or "ask again in a moment")
