"""Where vectors are kept and compared: the protocol, and which of its two adapters serves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from libs.common.values import Domain
from services.strategy_gen.knowledge.embedding import Vector

Kind = Literal["auto", "chroma", "sqlite"]


@dataclass(frozen=True, slots=True)
class Near:
    """A stored vector and its cosine with the one asked about, in [-1, 1], rounded to 6 digits."""

    key: str
    cosine: float


class Vectors(Protocol):
    """Vectors by space (what made them) and domain, under unique keys.

    Promises: what `put` returned from survives a kill; `put` replaces a key; `nearest` is ordered by cosine, then key; an unknown space or
    domain is empty, not an error. One process at a time, one call at a time. Raises IndexUnavailableError when the store fails.
    """

    @property
    def kind(self) -> str:
        """Name of the adapter."""

    def keys(self, space: str, domain: Domain) -> frozenset[str]:
        """Return every key."""

    def put(self, space: str, domain: Domain, items: Sequence[tuple[str, Vector]]) -> None:
        """Keep vectors under their keys."""

    def drop(self, space: str, domain: Domain, keys: Iterable[str]) -> None:
        """Forget keys; unknown ones are ignored."""

    def nearest(self, space: str, domain: Domain, vector: Vector, count: int) -> list[Near]:
        """Return the `count` keys with the highest cosine."""

    def keep_only(self, space: str) -> None:
        """Forget every other space."""

    def close(self) -> None:
        """Let go of files."""


def open_vectors(folder: Path, kind: Kind, embedder_name: str) -> Vectors:
    """Open the store of `kind` below `folder`; `auto` is Chroma where it is installed, else SQLite with numpy."""
    if kind != "sqlite":
        try:
            from services.strategy_gen.knowledge.vectors_chroma import ChromaVectors  # noqa: PLC0415 - a second to import, and optional

            return ChromaVectors(folder / "chroma", embedder_name)
        except ImportError:
            if kind == "chroma":
                raise
    from services.strategy_gen.knowledge.vectors_sqlite import SqliteVectors  # noqa: PLC0415 - imports numpy

    return SqliteVectors(folder / "vectors.db")
