"""Vectors in ChromaDB: a persistent client in this process, one collection a domain, no telemetry, never its own embedder.

Wart: a collection opened without our embedding function would fetch a model from the network at first use, so it is registered and given on every
open. Only one process may have the folder open: a second one's vectors stay invisible to the first one's searches.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import chromadb
import numpy as np
from chromadb.api.client import Client
from chromadb.api.collection_configuration import CreateHNSWConfiguration
from chromadb.api.shared_system_client import SharedSystemClient
from chromadb.api.types import Embeddable, EmbeddingFunction, Embeddings
from chromadb.config import Settings
from chromadb.errors import ChromaError, NotFoundError
from chromadb.utils.embedding_functions import register_embedding_function

from libs.common.values import Domain
from services.strategy_gen.knowledge.embedding import Vector
from services.strategy_gen.knowledge.errors import IndexUnavailableError
from services.strategy_gen.knowledge.ranking import ranked
from services.strategy_gen.knowledge.vectors import Near

_BATCH = 500
_HINT = "index with `rebuild`: the index is made from the texts and can always be made anew"
_GRAPH: CreateHNSWConfiguration = {"space": "cosine", "ef_construction": 200, "ef_search": 400, "max_neighbors": 32}
"""Wide enough that its approximate search finds what an exact one does in a few thousand vectors."""


@register_embedding_function
class GivenVectors(EmbeddingFunction[Embeddable]):
    """What our collections name as their embedder: vectors are always given, so it refuses to make any."""

    def __init__(self, embedder: str):
        """Remember which embedder makes the vectors."""
        self._embedder = embedder

    def __call__(self, input: Embeddable) -> Embeddings:
        """Refuse."""
        raise ValueError("the vectors of this collection are made by strategy_gen")

    @staticmethod
    def name() -> str:
        """Return the name it is registered under."""
        return "sentinel_given_vectors"

    @staticmethod
    def build_from_config(config: dict[str, Any]) -> "GivenVectors":
        """Return it as stored."""
        return GivenVectors(str(config["embedder"]))

    def get_config(self) -> dict[str, Any]:
        """Return what is stored of it."""
        return {"embedder": self._embedder}


class ChromaVectors:
    """The store used where chromadb is installed."""

    kind = "chroma"

    def __init__(self, path: Path, embedder_name: str):
        """Open or make the store in the folder `path`, for vectors of the embedder named."""
        self._function = GivenVectors(embedder_name)
        self._embedder = embedder_name
        with _telling():
            path.mkdir(parents=True, exist_ok=True)
        self._client = _client(path)

    def keys(self, space: str, domain: Domain) -> frozenset[str]:
        """Return every key."""
        collection = self._found(space, domain)
        if collection is None:
            return frozenset()
        with _telling():
            return frozenset(collection.get(include=[])["ids"])

    def put(self, space: str, domain: Domain, items: Sequence[tuple[str, Vector]]) -> None:
        """Keep vectors under their keys."""
        with _telling():
            collection = self._client.get_or_create_collection(
                _name(space, domain),
                embedding_function=self._function,
                metadata={"embedder": self._embedder},
                configuration={"hnsw": _GRAPH},
            )
            for start in range(0, len(items), _BATCH):
                batch = items[start : start + _BATCH]
                collection.upsert(ids=[key for key, _ in batch], embeddings=[_array(vector) for _, vector in batch])

    def drop(self, space: str, domain: Domain, keys: Iterable[str]) -> None:
        """Forget keys."""
        collection, gone = self._found(space, domain), sorted(keys)
        if collection is not None:
            with _telling():
                for start in range(0, len(gone), _BATCH):
                    collection.delete(ids=gone[start : start + _BATCH])

    def nearest(self, space: str, domain: Domain, vector: Vector, count: int) -> list[Near]:
        """Return the nearest keys."""
        collection = self._found(space, domain)
        if collection is None:
            return []
        asked = _array(vector)
        with _telling():
            found = collection.query(query_embeddings=[asked], n_results=count, include=["embeddings"])
        vectors = found["embeddings"]
        if vectors is None or not found["ids"][0]:
            return []
        return ranked(found["ids"][0], np.asarray(vectors[0]), asked, count)

    def keep_only(self, space: str) -> None:
        """Forget every other space."""
        with _telling():
            for collection in self._client.list_collections():
                if not collection.name.endswith(f"-{space}"):
                    self._client.delete_collection(collection.name)

    def close(self) -> None:
        """Let go of the folder."""
        self._client.close()

    def _found(self, space: str, domain: Domain) -> chromadb.Collection | None:
        with _telling():
            try:
                return self._client.get_collection(_name(space, domain), embedding_function=self._function)
            except NotFoundError:
                return None


def _array(vector: Vector) -> Any:
    return np.asarray(vector, dtype=np.float32)  # its types ask for a list of arrays of integers or floats, mixed


def _name(space: str, domain: Domain) -> str:
    return f"{domain}-{space}"


def _client(path: Path) -> Client:
    try:
        return cast(Client, chromadb.PersistentClient(path=str(path), settings=Settings(anonymized_telemetry=False)))
    except Exception as error:
        # It keeps half-started clients by their path and would give this one again. Ours is the only one in a service.
        SharedSystemClient.clear_system_cache()
        raise IndexUnavailableError(f"ChromaDB does not open: {str(error)[:200]}", hint=_HINT) from error


@contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except (ChromaError, ValueError, RuntimeError, OSError) as error:
        raise IndexUnavailableError(f"ChromaDB does not answer: {str(error)[:200]}", hint=_HINT) from error
