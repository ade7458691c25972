"""One indexing: every file that is new or changed is read, cut, embedded and put into both stores; what is gone is taken out; what a kill left is repaired.

The order for a document makes it whole at any moment: new vectors under new keys, the catalog in one transaction, then the old vectors. Both
stores are used under one lock, a document at a time, so that searches go on meanwhile; reading and embedding are done outside it.
"""

import hashlib
import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from libs.common.errors import SentinelError
from libs.common.values import Domain
from services.strategy_gen.knowledge.catalog import Catalog, Record
from services.strategy_gen.knowledge.chunking import cut
from services.strategy_gen.knowledge.embedding import Embedder
from services.strategy_gen.knowledge.errors import UnreadableError
from services.strategy_gen.knowledge.files import File, Passed, content
from services.strategy_gen.knowledge.reading import placed, read
from services.strategy_gen.knowledge.values import Chunk, DocumentState, Indexed, document_id
from services.strategy_gen.knowledge.vectors import Vectors

LOG = logging.getLogger("sentinel.knowledge")

_BATCH = 256
_TOLD = 100


@dataclass(frozen=True, slots=True)
class Stores:
    """Where everything is kept. space: names what made the vectors; lock: held for every use of the two stores."""

    catalog: Catalog
    vectors: Vectors
    embedder: Embedder
    space: str
    lock: threading.RLock


@dataclass
class Update:
    """One indexing; `anew`: every document is embedded again."""

    stores: Stores
    anew: bool = False
    _records: dict[str, Record] = field(default_factory=dict)
    _stored: dict[Domain, frozenset[str]] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)
    _kept: set[str] = field(default_factory=set)
    _touched: list[DocumentState] = field(default_factory=list)
    _skipped: list[str] = field(default_factory=list)
    _counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("added", "changed", "removed", "unchanged"), 0)
    )

    def run(self, found: Iterable[File | Passed]) -> Indexed:
        """Bring both stores to the state of the files; raises EmbeddingsError or IndexUnavailableError with the documents so far done."""
        self._begin()
        for file in found:
            self._visit(file)
        for name in sorted(set(self._records) - self._kept):
            self._remove(name)
        self._sweep()
        return self._told()

    def run_one(self, found: Iterable[File | Passed], domain: Domain, below: str) -> DocumentState:
        """Bring one document, the file `below` its domain's folder, to the state of its files, and return it as it is now.

        A document that is gone, or never was, is returned as removed. Raises UnreadableError, and what `run` raises.
        """
        name = f"{domain}/{below}"
        self._begin()
        for file in found:
            if isinstance(file, File) and (file.domain, file.name) == (domain, below) and name not in self._seen:
                self._take(file)
        if name not in self._kept and name in self._records:
            self._remove(name)
        if self._touched:
            return self._touched[-1]
        if name not in self._records:
            return DocumentState(document_id(name), name, domain, "", "", 0, 0, own=True, removed=True)
        return self._records[name].state

    def _begin(self) -> None:
        stores = self.stores
        with stores.lock:
            self._records = stores.catalog.records()
            self._stored = {domain: stores.vectors.keys(stores.space, domain) for domain in Domain}

    def _visit(self, file: File | Passed) -> None:
        if isinstance(file, Passed):
            self._skipped.append(f"{file.name}: {file.reason}")
            return
        try:
            self._take(file)
        except UnreadableError as error:
            self._skipped.append(f"{file.domain + '/' if file.domain else ''}{file.name}: {error.detail}")

    def _take(self, file: File) -> None:
        with _reading(file):
            body = content(file)
            domain = file.domain or placed(file.name, body)
        name = f"{domain}/{file.name}"
        if name in self._seen:
            raise UnreadableError("another text of that name counts")
        self._seen.add(name)
        digest = hashlib.sha256(body).hexdigest()
        known = self._records.get(name)
        if known is None or self.anew or not self._is_current(known, digest, file):
            with _reading(file):
                document = read(file.name, body)
                chunks = cut(document)
            state = DocumentState(
                document_id=document_id(name),
                document=name,
                domain=domain,
                title=document.title,
                content_hash=digest,
                characters=sum(len(section.text) for section in document.sections),
                chunks=len(chunks),
                own=file.own,
            )
            self._put(file, state, chunks, known)
            self._counts["changed" if known else "added"] += 1
            self._touched.append(state)
        else:
            self._counts["unchanged"] += 1
        self._kept.add(name)

    def _is_current(self, known: Record, digest: str, file: File) -> bool:
        state = known.state
        same = (known.space, state.content_hash, state.own) == (self.stores.space, digest, file.own)
        return same and self._stored[state.domain].issuperset(_keys(state))

    def _put(self, file: File, state: DocumentState, chunks: list[Chunk], known: Record | None) -> None:
        stores, keys = self.stores, _keys(state)
        for start in range(0, len(chunks), _BATCH):
            batch = chunks[start : start + _BATCH]
            with _reading(file):
                vectors = stores.embedder.embed([f"{state.title}\n{chunk.heading}\n{chunk.text}" for chunk in batch])
            with stores.lock:
                items = list(zip(keys[start : start + _BATCH], vectors, strict=True))
                stores.vectors.put(stores.space, state.domain, items)
        with stores.lock:
            stores.catalog.replace(state, stores.space, list(zip(keys, chunks, strict=True)))
            if known is not None:
                stores.vectors.drop(stores.space, state.domain, set(_keys(known.state)) - set(keys))

    def _remove(self, name: str) -> None:
        state = self._records[name].state
        with self.stores.lock:
            self.stores.catalog.remove(state.document_id)
            self.stores.vectors.drop(self.stores.space, state.domain, _keys(state))
        self._counts["removed"] += 1
        self._touched.append(replace(state, removed=True))

    def _sweep(self) -> None:
        """Take out vectors whose chunk is not in the catalog: those of another embedder, and those an earlier kill left."""
        stores = self.stores
        with stores.lock:
            for domain in Domain:
                known = stores.catalog.keys(domain, stores.space)
                if surplus := stores.vectors.keys(stores.space, domain) - known:
                    stores.vectors.drop(stores.space, domain, surplus)
            stores.vectors.keep_only(stores.space)

    def _told(self) -> Indexed:
        told = self._skipped[:_TOLD]
        if len(self._skipped) > _TOLD:
            told.append(f"and {len(self._skipped) - _TOLD:,} more")
        with self.stores.lock:
            counts = self.stores.catalog.chunk_counts()
        return Indexed(
            chunks=counts,
            documents=tuple(self._touched),
            embedder=f"{self.stores.embedder.name} ({self.stores.vectors.kind})",
            skipped=tuple(told),
            **self._counts,
        )


@contextmanager
def _reading(file: File) -> Iterator[None]:
    """Make a fault of our own in reading one text that text's alone: the others are read all the same."""
    try:
        yield
    except SentinelError:
        raise
    except Exception as error:
        LOG.exception("reading %s failed", file.name)
        raise UnreadableError(f"a fault in reading it: {type(error).__name__}") from error


def _keys(state: DocumentState) -> list[str]:
    """Return the keys of a document's chunks: another content has other keys."""
    return [f"{state.document_id}.{state.content_hash[:16]}.{number}" for number in range(state.chunks)]
