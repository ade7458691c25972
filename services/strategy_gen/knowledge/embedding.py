"""What turns texts into vectors: the protocol, and the embedder that needs no model, no network and no training.

Ours hashes: every stemmed word and its 3- and 4-letter pieces (so that related and misspelt words meet) add or subtract at one of 1,024 places
chosen by BLAKE2b. The same text gives the same vector on every machine and for ever; it knows nothing of synonyms, which is why it
is used together with a word index. Source: signed feature hashing, Weinberger et al., Feature Hashing for Large Scale Multitask Learning (2009).
"""

import hashlib
import math
from array import array
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from services.strategy_gen.knowledge.words import stem, words

Vector = Sequence[float]

DIMENSIONS = 1_024
PIECE_WEIGHT = 0.6
"""What all pieces of a word weigh together beside the word itself. This and the share were measured by `benchmarks/knowledge.py`."""

_REMEMBERED = 50_000


class Embedder(Protocol):
    """Turns texts into vectors.

    Promises: the result has one vector a text, in order, all of one size, finite, of length 1 (or all zero for a text without words); a cosine
    between two of them says how alike the texts are. `name` changes whenever the vectors of the same text would. Safe to call from several threads.
    Raises EmbeddingsError when it cannot; then nothing was returned at all.
    """

    @property
    def name(self) -> str:
        """What made the vectors, at most 100 characters; stored beside them."""

    @property
    def share(self) -> float:
        """What its cosines count in a passage's score beside the words in common, in [0, 1]."""

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Return a vector for each text."""


class HashedWords:
    """The embedder that is always there."""

    name = "hashed-words-1"
    share = 0.35

    def __init__(self) -> None:
        """Begin with nothing remembered."""
        self._places: dict[str, tuple[tuple[int, float], ...]] = {}

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Return a vector of 1,024 floats for each text."""
        return [self._vector(text) for text in texts]

    def _vector(self, text: str) -> Vector:
        sums = [0.0] * DIMENSIONS
        for word, count in sorted(Counter(map(stem, words(text))).items()):
            weight = 1.0 + math.log(count)
            for place, share in self._placed(word):
                sums[place] += weight * share
        length = math.sqrt(math.fsum(value * value for value in sums))
        return array("f", [value / length for value in sums] if length else sums)

    def _placed(self, word: str) -> tuple[tuple[int, float], ...]:
        known = self._places.get(word)
        if known is None:
            if len(self._places) >= _REMEMBERED:
                self._places = {}
            pieces = _pieces(word)
            share = PIECE_WEIGHT / math.sqrt(len(pieces)) if pieces else 0.0
            known = (_place("w" + word, 1.0), *(_place("c" + piece, share) for piece in pieces))
            self._places[word] = known
        return known


def _pieces(word: str) -> list[str]:
    framed = f"<{word}>"
    return [framed[at : at + size] for size in (3, 4) for at in range(len(framed) - size + 1)]


def _place(feature: str, weight: float) -> tuple[int, float]:
    drawn = int.from_bytes(hashlib.blake2b(feature.encode(), digest_size=8).digest(), "big")
    return drawn % DIMENSIONS, weight if drawn >> 63 else -weight
