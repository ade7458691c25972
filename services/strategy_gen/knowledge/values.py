"""The values that go into and come out of the knowledge base."""

import hashlib
from dataclasses import dataclass

from libs.common.values import Domain


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a document under one heading. headings: from the outermost to its own; empty before the first."""

    headings: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """A file that has been read: what a person would see of it."""

    title: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document. number: its place in the document, from 0; heading: the path of headings above it, joined by ` > `."""

    number: int
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk that answers a question.

    document: `<domain>/<file>`. score: in [0, 1], with the built-in embedder 65 % the share of the question's weight that the passage carries
    in the same words and 35 % the cosine of both; good answers mostly have 0.25 to 0.6, 1 would be a text made of the question alone. own: it
    was added to this profile, so its author is unknown.
    """

    document: str
    chunk: int
    domain: Domain
    title: str
    heading: str
    text: str
    score: float
    own: bool


@dataclass(frozen=True, slots=True)
class DocumentState:
    """A document as it is searchable now; `removed`: it no longer is. content_hash: SHA-256 of the file; characters: of the text read."""

    document_id: str
    document: str
    domain: Domain
    title: str
    content_hash: str
    characters: int
    chunks: int
    own: bool
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Indexed:
    """What an indexing did. chunks: all that is searchable, by domain; documents: those added, changed or removed; skipped: files not read, and why."""

    chunks: dict[Domain, int]
    added: int
    changed: int
    removed: int
    unchanged: int
    documents: tuple[DocumentState, ...]
    embedder: str
    skipped: tuple[str, ...]


def document_id(document: str) -> str:
    """Return the stable id of the document `<domain>/<file>`: 24 hexadecimal digits of its name's SHA-256."""
    return hashlib.sha256(document.encode()).hexdigest()[:24]
