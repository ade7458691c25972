"""Vectors in an SQLite file, compared by numpy: exact, and enough for some 100,000 chunks. Serves where chromadb is not installed."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from libs.common.values import Domain
from services.strategy_gen.knowledge.database import changing, opened, reading
from services.strategy_gen.knowledge.embedding import Vector
from services.strategy_gen.knowledge.ranking import ranked
from services.strategy_gen.knowledge.vectors import Near

_SCHEMA = """CREATE TABLE vectors (
    space TEXT NOT NULL, domain TEXT NOT NULL, key TEXT NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (space, domain, key)
) WITHOUT ROWID"""
_VERSION = 1
_SPARE = 50
"""How many rows more than asked for are ranked exactly, after a rough product has chosen them."""


class SqliteVectors:
    """The store that is always there; a domain's vectors are held in memory once asked about."""

    kind = "sqlite"

    def __init__(self, path: Path):
        """Open or make the file at `path`."""
        self._connection = opened(path, (_SCHEMA,), _VERSION)
        self._held: dict[tuple[str, Domain], tuple[list[str], NDArray[np.float32]]] = {}

    def keys(self, space: str, domain: Domain) -> frozenset[str]:
        """Return every key."""
        with reading(self._connection) as rows:
            return frozenset(
                key
                for (key,) in rows.execute("SELECT key FROM vectors WHERE space = ? AND domain = ?", (space, domain))
            )

    def put(self, space: str, domain: Domain, items: Sequence[tuple[str, Vector]]) -> None:
        """Keep vectors under their keys."""
        values = [(space, domain, key, np.asarray(vector, dtype="<f4").tobytes()) for key, vector in items]
        self._held.pop((space, domain), None)
        with changing(self._connection) as rows:
            rows.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)", values)

    def drop(self, space: str, domain: Domain, keys: Iterable[str]) -> None:
        """Forget keys."""
        self._held.pop((space, domain), None)
        with changing(self._connection) as rows:
            rows.executemany(
                "DELETE FROM vectors WHERE space = ? AND domain = ? AND key = ?", [(space, domain, key) for key in keys]
            )

    def nearest(self, space: str, domain: Domain, vector: Vector, count: int) -> list[Near]:
        """Return the nearest keys; vectors of another size than `vector` are not comparable and left out."""
        keys, matrix = self._matrix(space, domain)
        asked = np.asarray(vector, dtype=np.float32)
        if not keys or matrix.shape[1] != asked.shape[0]:
            return []
        rough = matrix @ asked
        most = min(len(keys), count + _SPARE)
        likely = sorted(np.argpartition(-rough, most - 1)[:most].tolist())
        return ranked([keys[at] for at in likely], matrix[likely], asked, count)

    def keep_only(self, space: str) -> None:
        """Forget every other space."""
        self._held.clear()
        with changing(self._connection) as rows:
            rows.execute("DELETE FROM vectors WHERE space != ?", (space,))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _matrix(self, space: str, domain: Domain) -> tuple[list[str], NDArray[np.float32]]:
        held = self._held.get((space, domain))
        if held is None:
            held = self._held[space, domain] = self._loaded(space, domain)
        return held

    def _loaded(self, space: str, domain: Domain) -> tuple[list[str], NDArray[np.float32]]:
        with reading(self._connection) as rows:
            found = rows.execute(
                "SELECT key, vector FROM vectors WHERE space = ? AND domain = ? ORDER BY key", (space, domain)
            ).fetchall()
        if not found:
            return [], np.zeros((0, 0), dtype=np.float32)
        size = len(found[0][1])
        alike = [(key, blob) for key, blob in found if len(blob) == size]
        matrix = np.frombuffer(b"".join(blob for _, blob in alike), dtype="<f4").reshape(len(alike), size // 4)
        return [key for key, _ in alike], matrix.astype(np.float32)
