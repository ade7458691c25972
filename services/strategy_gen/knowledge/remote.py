"""Embeddings from an OpenAI-compatible `/v1/embeddings` URL: a model on this machine (Ollama, vLLM, LM Studio) or a provider's.

What is embedded leaves the process: every chunk once, every question. An answer that is not exactly the vectors asked for is an error, never
filled up. Keys and URLs with passwords never reach a message.
"""

import json
import math
import time
from array import array
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from libs.common.errors import BadInputError
from services.strategy_gen.knowledge.embedding import Vector
from services.strategy_gen.knowledge.errors import EmbeddingsError

BATCH = 64
CALL_TIMEOUT_S = 60.0
ANSWER_TIMEOUT_S = 120.0
MAX_ANSWER_BYTES = 64_000_000
MAX_DIMENSIONS = 16_384
_HINT = "see that the server runs and knows the model, or take the URL away to use the built-in embedder"


class RemoteEmbedder:
    """Asks a URL for vectors, 64 texts a call."""

    def __init__(self, url: str, model: str, key: str | None = None):
        """Use the server at `url`: its root, its `/v1` or the whole `/v1/embeddings`. model: may be empty where it has one only. Raises BadInputError."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
            raise BadInputError("the embeddings URL is not http(s)://host[:port][/path] without a password in it")
        path = parts.path.rstrip("/")
        if not path.endswith("/embeddings"):
            path += "/embeddings" if path.endswith("/v1") else "/v1/embeddings"
        self._url = f"{parts.scheme}://{parts.netloc}{path}"
        self._model = model
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._is_near = parts.hostname in ("localhost", "127.0.0.1", "::1")
        self.name = f"{model or 'a model'} at {parts.netloc}"[:100]
        self.share = 0.5

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Return a vector for each text; raises EmbeddingsError on any failure."""
        vectors: list[Vector] = []
        for start in range(0, len(texts), BATCH):
            vectors.extend(self._asked(texts[start : start + BATCH]))
        if len({len(vector) for vector in vectors}) > 1:
            raise EmbeddingsError(f"{self.name} gave vectors of different sizes", hint=_HINT)
        return vectors

    def _asked(self, texts: Sequence[str]) -> list[Vector]:
        import httpx  # noqa: PLC0415 - 90 ms that the built-in embedder must not pay

        asked = {"input": list(texts), "encoding_format": "float"} | ({"model": self._model} if self._model else {})
        try:
            with (
                httpx.Client(timeout=CALL_TIMEOUT_S, trust_env=not self._is_near) as client,
                client.stream("POST", self._url, json=asked, headers=self._headers) as answer,
            ):
                if answer.status_code != httpx.codes.OK:
                    raise EmbeddingsError(f"{self.name} answered {answer.status_code}", hint=_HINT)
                body = json.loads(self._whole(answer.iter_bytes()))
        except (httpx.HTTPError, ValueError, RecursionError) as error:
            raise EmbeddingsError(f"{self.name} gave no embeddings: {type(error).__name__}", hint=_HINT) from error
        return self._vectors(body, len(texts))

    def _whole(self, parts: Iterable[bytes]) -> bytes:
        body, end = bytearray(), time.monotonic() + ANSWER_TIMEOUT_S
        for part in parts:
            body += part
            if len(body) > MAX_ANSWER_BYTES or time.monotonic() > end:
                raise EmbeddingsError(f"{self.name} gave a longer answer than any embeddings have", hint=_HINT)
        return bytes(body)

    def _vectors(self, body: Any, count: int) -> list[Vector]:
        rows = body.get("data") if isinstance(body, dict) else None
        if not isinstance(rows, list) or len(rows) != count or not all(isinstance(row, dict) for row in rows):
            raise EmbeddingsError(f"{self.name} did not answer with {count} embeddings", hint=_HINT)
        at = {str(row.get("index", number)): row.get("embedding") for number, row in enumerate(rows)}
        return [self._unit(at.get(str(number))) for number in range(count)]

    def _unit(self, values: Any) -> Vector:
        if not isinstance(values, list) or not 1 <= len(values) <= MAX_DIMENSIONS or not all(map(_is_number, values)):
            raise EmbeddingsError(f"{self.name} gave an embedding that is no list of numbers", hint=_HINT)
        length = math.sqrt(math.fsum(value * value for value in values))
        if not length:
            raise EmbeddingsError(f"{self.name} gave an embedding of zeros", hint=_HINT)
        return array("f", [value / length for value in values])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9
