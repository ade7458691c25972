"""Which documents are searchable, their chunks, and the word index over them (FTS5, Porter stems): the record that vectors are matched against.

A document is replaced in one transaction, so a search sees it as it was or as it is. Knows nothing of files and vectors but their keys.
"""

import math
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from libs.common.values import Domain
from services.strategy_gen.knowledge.database import changing, opened, reading
from services.strategy_gen.knowledge.values import Chunk, DocumentState, Passage
from services.strategy_gen.knowledge.words import plain

_SCHEMA = (
    """CREATE TABLE documents (
        document_id TEXT PRIMARY KEY, document TEXT NOT NULL, domain TEXT NOT NULL, title TEXT NOT NULL, content_hash TEXT NOT NULL,
        characters INTEGER NOT NULL, chunks INTEGER NOT NULL, own INTEGER NOT NULL, space TEXT NOT NULL
    )""",
    """CREATE TABLE chunks (
        id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, document_id TEXT NOT NULL REFERENCES documents, number INTEGER NOT NULL,
        heading TEXT NOT NULL, text TEXT NOT NULL
    )""",
    "CREATE INDEX chunks_document ON chunks (document_id)",
    "CREATE VIRTUAL TABLE words USING fts5 (title, heading, body, tokenize = 'porter unicode61 remove_diacritics 2')",
)
_VERSION = 1
_WEIGHTS = "2.0, 1.5, 1.0"
"""What a word counts in the title, in the headings and in the text."""

_HIGHEST_GAIN = 2.2
"""BM25's limit of what any number of occurrences of a word can weigh, times the word's own weight: k1 + 1 with FTS5's k1 = 1.2."""


@dataclass(frozen=True, slots=True)
class Record:
    """A document as stored. space: what its vectors were made by."""

    state: DocumentState
    space: str


class Catalog:
    """An open index file."""

    def __init__(self, path: Path):
        """Open or make the file at `path`."""
        self._connection = opened(path, _SCHEMA, _VERSION)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def records(self) -> dict[str, Record]:
        """Return every document by its name."""
        with reading(self._connection) as rows:
            found = rows.execute(
                "SELECT document_id, document, domain, title, content_hash, characters, chunks, own, space FROM documents ORDER BY document"
            ).fetchall()
        return {
            row[1]: Record(
                DocumentState(row[0], row[1], Domain(row[2]), row[3], row[4], row[5], row[6], bool(row[7])), row[8]
            )
            for row in found
        }

    def chunk_counts(self) -> dict[Domain, int]:
        """Return how many chunks each domain has; 0 is included."""
        with reading(self._connection) as rows:
            found = dict(rows.execute("SELECT domain, sum(chunks) FROM documents GROUP BY domain"))
        return {domain: int(found.get(domain, 0)) for domain in Domain}

    def replace(self, state: DocumentState, space: str, chunks: Sequence[tuple[str, Chunk]]) -> None:
        """Let the document of `state` have exactly these chunks, each under its key."""
        with changing(self._connection) as rows:
            _delete(rows, state.document_id)
            rows.execute(
                "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    state.document_id,
                    state.document,
                    state.domain,
                    state.title,
                    state.content_hash,
                    state.characters,
                    len(chunks),
                    state.own,
                    space,
                ),
            )
            for key, chunk in chunks:
                added = rows.execute(
                    "INSERT INTO chunks (key, document_id, number, heading, text) VALUES (?, ?, ?, ?, ?)",
                    (key, state.document_id, chunk.number, chunk.heading, chunk.text),
                )
                rows.execute(
                    "INSERT INTO words (rowid, title, heading, body) VALUES (?, ?, ?, ?)",
                    (added.lastrowid, plain(state.title), plain(chunk.heading), plain(chunk.text)),
                )

    def remove(self, document_id: str) -> None:
        """Forget a document and its chunks."""
        with changing(self._connection) as rows:
            _delete(rows, document_id)

    def keys(self, domain: Domain, space: str) -> frozenset[str]:
        """Return the keys of every chunk of a domain whose vectors were made by `space`."""
        with reading(self._connection) as rows:
            return frozenset(
                key
                for (key,) in rows.execute(
                    "SELECT key FROM chunks JOIN documents USING (document_id) WHERE domain = ? AND space = ?",
                    (domain, space),
                )
            )

    def match(self, terms: Sequence[str], domain: Domain | None, count: int) -> list[tuple[str, float]]:
        """Return the `count` chunks that carry most of the weight of `terms`, best first: key, and that share in [0, 1].

        The share is BM25 divided by the most it could be: 1 would be a chunk made of nothing but all of the terms. Source: Robertson and
        Zaragoza, The Probabilistic Relevance Framework (2009). terms: plain words; any character in them is only a character.
        """
        quoted = ['"' + term.replace("\0", " ").replace('"', '""') + '"' for term in terms]
        with reading(self._connection) as rows:
            (total,) = rows.execute("SELECT count(*) FROM chunks").fetchone()
            having = [
                rows.execute("SELECT count(*) FROM words WHERE words MATCH ?", (term,)).fetchone()[0] for term in quoted
            ]
            most = _HIGHEST_GAIN * sum(_weight(total, some) for some in having)
            found = rows.execute(
                f"""SELECT key, -bm25(words, {_WEIGHTS}) AS gain FROM words JOIN chunks ON chunks.id = words.rowid
                JOIN documents USING (document_id) WHERE words MATCH ? AND (? IS NULL OR domain = ?) ORDER BY gain DESC, key LIMIT ?""",
                (" OR ".join(quoted), domain, domain, count),
            ).fetchall()
        return [(key, min(1.0, max(0.0, gain / most))) for key, gain in found]

    def passages(self, scores: Iterable[tuple[str, float]], limit: int) -> list[Passage]:
        """Return the first `limit` chunks under these keys with their scores, in order; a key that is not known is left out."""
        found: list[Passage] = []
        with reading(self._connection) as rows:
            for key, score in scores:
                if len(found) == limit:
                    break
                row = rows.execute(
                    """SELECT document, number, domain, title, heading, text, own
                    FROM chunks JOIN documents USING (document_id) WHERE key = ?""",
                    (key,),
                ).fetchone()
                if row is not None:
                    found.append(
                        Passage(row[0], row[1], Domain(row[2]), row[3], row[4], row[5], score, own=bool(row[6]))
                    )
        return found


def _delete(rows: sqlite3.Connection, document_id: str) -> None:
    rows.execute("DELETE FROM words WHERE rowid IN (SELECT id FROM chunks WHERE document_id = ?)", (document_id,))
    rows.execute("DELETE FROM chunks WHERE document_id = ?", (document_id,))
    rows.execute("DELETE FROM documents WHERE document_id = ?", (document_id,))


def _weight(total: int, having: int) -> float:
    """Return how much a word says that `having` of `total` chunks contain, as FTS5's bm25 reckons it."""
    return max(1e-6, math.log((total - having + 0.5) / (having + 0.5)))
