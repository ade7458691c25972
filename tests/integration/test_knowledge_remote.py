"""Embeddings from a URL, against a server on loopback that misbehaves in every way a server can."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from libs.common.errors import BadInputError
from services.strategy_gen.knowledge.base import Knowledge
from services.strategy_gen.knowledge.embedding import HashedWords
from services.strategy_gen.knowledge.errors import EmbeddingsError
from services.strategy_gen.knowledge.remote import RemoteEmbedder


def right(texts: list[str]) -> dict[str, Any]:
    """Answer as the real ones do; the order of rows is the server's business."""
    vectors = HashedWords().embed(texts)
    rows = [{"index": at, "embedding": [2.0 * value for value in vector]} for at, vector in enumerate(vectors)]
    return {"object": "list", "data": rows[::-1], "model": "m", "usage": {"total_tokens": 1}}


class Server:
    """A loopback server; `answer` makes its body, `asked` is what it was sent."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any], str | None]] = []
        self.answer: Callable[[list[str]], Any] = right
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.asked.append((self.path, body, self.headers["Authorization"]))
                said = outer.answer(body["input"])
                raw = said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/", "/v1/embeddings"])
def test_remote_asks_the_usual_path_whatever_part_of_it_is_given(server: Server, ending: str) -> None:
    RemoteEmbedder(server.url + ending, "m", "secret").embed(["stop"])
    asked = [("/v1/embeddings", {"model": "m", "input": ["stop"], "encoding_format": "float"}, "Bearer secret")]
    assert server.asked == asked


def test_remote_gives_unit_vectors_in_order_64_a_call(server: Server) -> None:
    texts = [f"stop number {number}" for number in range(150)]
    vectors = RemoteEmbedder(server.url, "m").embed(texts)
    assert [len(body["input"]) for _, body, _ in server.asked] == [64, 64, 22]
    for vector, expected in zip(vectors, HashedWords().embed(texts), strict=True):
        assert vector == pytest.approx(expected, abs=1e-6)


def _changed(**fields: Any) -> Callable[[list[str]], Any]:
    return lambda texts: right(texts) | fields


def _row(values: Any) -> Callable[[list[str]], Any]:
    return lambda texts: {"data": [{"index": at, "embedding": values} for at in range(len(texts))]}


BAD: dict[str, Callable[[list[str]], Any]] = {
    "no JSON": lambda _: b"<html>",
    "cut short": lambda texts: json.dumps(right(texts)).encode()[:100],
    "a list": lambda _: [1, 2],
    "no data": lambda _: {},
    "too few": _changed(data=[]),
    "too many": lambda texts: right([*texts, "more"]),
    "rows that are no objects": _changed(data=[1, 2]),
    "the same index twice": lambda texts: {"data": [{"index": 0, "embedding": [1.0]}] * len(texts)},
    "an index that is a list": lambda texts: {
        "data": [{"index": [at], "embedding": [1.0]} for at in range(len(texts))]
    },
    "text for numbers": _row("0.1"),
    "NaN": lambda texts: b'{"data": [' + b",".join([b'{"embedding": [NaN, 1]}'] * len(texts)) + b"]}",
    "truth values": _row([True, False]),
    "nothing": _row([]),
    "zeros": _row([0.0, 0.0]),
    "too large": _row([0.1] * 20_000),
    "deep nesting": lambda _: b"[" * 100_000,
    "not UTF-8": lambda _: b'{"data": "\xff\xfe"}',
}


@pytest.mark.parametrize("case", BAD)
def test_remote_anything_but_embeddings_is_an_error(server: Server, case: str) -> None:
    server.answer = BAD[case]
    with pytest.raises(EmbeddingsError) as told:
        RemoteEmbedder(server.url, "m", "secret").embed(["stop", "gap"])
    assert "secret" not in f"{told.value} {told.value.hint}"


@pytest.mark.parametrize("status", [301, 401, 404, 429, 500, 503])
def test_remote_a_refusal_is_an_error_that_says_the_status(server: Server, status: int) -> None:
    server.status = status
    with pytest.raises(EmbeddingsError, match=str(status)):
        RemoteEmbedder(server.url, "m").embed(["stop"])


def test_remote_vectors_of_different_sizes_are_an_error(server: Server) -> None:
    server.answer = lambda _: {"data": [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0, 2.0]}]}
    with pytest.raises(EmbeddingsError, match="different sizes"):
        RemoteEmbedder(server.url, "m").embed(["stop", "gap"])


@pytest.mark.parametrize(
    "url", ["", "localhost:11434", "ftp://host", "http://", "http://user:pw@host", "file:///etc/x"]
)
def test_remote_what_is_no_url_is_refused_without_saying_it(url: str) -> None:
    with pytest.raises(BadInputError) as told:
        RemoteEmbedder(url, "m")
    assert "pw" not in str(told.value)


def test_base_with_a_url_indexes_searches_and_keeps_its_state_when_it_fails(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "shared" / "risk"
    folder.mkdir(parents=True)
    (folder / "stops.md").write_text("# Stops\n\nA stop limits the loss.")
    base = Knowledge(
        [tmp_path / "shared"], tmp_path / "own", tmp_path / "index", embeddings_url=server.url, embeddings_model="m"
    )
    assert base.index().embedder.startswith("m at 127.0.0.1:")
    assert base.search("stop the loss")[0].document == "risk/stops.md"
    (folder / "stops.md").write_text("# Stops\n\nEntirely other words.")
    server.status = 503
    with pytest.raises(EmbeddingsError):
        base.index()
    with pytest.raises(EmbeddingsError):
        base.search("stop the loss")
    server.status = 200
    assert base.search("stop the loss")[0].text == "A stop limits the loss."
    assert base.index().changed == 1
    base.close()
    plain = Knowledge([tmp_path / "shared"], tmp_path / "own", tmp_path / "index")
    assert plain.index().changed == 1
    assert plain.search("other words")[0].document == "risk/stops.md"
    plain.close()


def test_nobody_listening_is_an_error() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        with pytest.raises(EmbeddingsError, match="ConnectError"):
            RemoteEmbedder(f"http://127.0.0.1:{held.getsockname()[1]}", "m").embed(["stop"])
