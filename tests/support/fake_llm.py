"""A model's server on loopback: speaks Gemini's, OpenAI's, Anthropic's and Ollama's protocol, and misbehaves by script.

    with FakeLlm(answers=[Reply("no code here"), Status(429, retry_after="3"), strategy(code)]) as fake:
        settings = fake.settings("google")          # a writer that talks to it
        fake.calls, fake.bodies, fake.last           # what it was asked

The last answer of a script is given for ever. It runs in threads of its own, so tests of any kind can use it.
"""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, TypeAlias

from pydantic import SecretStr

from services.strategy_gen.llm.settings import LlmSettings
from tests.support.fake_llm_wire import Protocol, protocol_of, spoken

MODELS = {
    "google": "gemini-2.5-flash",
    "openai": "gpt-5-mini",
    "anthropic": "claude-haiku-4-5",
    "ollama": "qwen3-coder",
}
KEYS = {
    "google": "canary-google-0123456789",
    "openai": "canary-openai-0123456789",
    "anthropic": "canary-anthropic-0123456789",
    "ollama": "canary-own-0123456789",
}
TOKENS_IN, TOKENS_OUT = 2_000, 500
"""What every answer says it took."""

GOOD_CODE = '''def generate_signals(df, period=14):
    """Buy when the close crosses above its mean, sell when it crosses below."""
    mean = df["close"].rolling(period).mean()
    above = df["close"] > mean
    below = df["close"] < mean
    return above.astype(int) - below.astype(int)
'''


@dataclass(frozen=True)
class Reply:
    """An answer of status 200. content: a dict becomes the structured answer (a tool call, or JSON text for Ollama), a str is plain text.

    usage: whether tokens are told; tokens: in and out; refused: the provider's own way to decline; cut_off: it ran into its token limit.
    """

    content: dict[str, Any] | str
    usage: bool = True
    tokens: tuple[int, int] = (TOKENS_IN, TOKENS_OUT)
    refused: bool = False
    cut_off: bool = False


@dataclass(frozen=True)
class ToolText:
    """A structured answer whose arguments are exactly this text, broken JSON included. cut_off: it ran into its token limit."""

    arguments: str
    cut_off: bool = False


@dataclass(frozen=True)
class Status:
    """An error of the provider."""

    status: int
    retry_after: str | None = None
    message: str = "something went wrong"


@dataclass(frozen=True)
class Raw:
    """Bytes as they are. length: the Content-Length to claim, for answers that are cut."""

    body: bytes
    length: int | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Silence:
    """No answer, until the server ends. after: bytes of a 200 that are sent first; dripping: a byte every 20 ms comes after them."""

    after: bytes = b""
    dripping: bool = False


Answer: TypeAlias = Reply | ToolText | Status | Raw | Silence


def strategy(code: str = GOOD_CODE, **other: Any) -> Reply:
    """Return a right answer with this code; other fields replace the usual ones."""
    usual = {
        "name": "Mean crossing",
        "description": "Buys above the mean.",
        "code": code,
        "parameters": {},
        "rationale": "Trends last.",
        "citations": [],
    }
    return Reply(usual | other)


class FakeLlm:
    """The server. url: its base URL for every provider; calls: requests so far; bodies, headers, paths: what each one held."""

    def __init__(self, answers: Sequence[Answer | dict[str, Any] | str]):
        """answers: in order; a dict or a str is short for a Reply."""
        self.answers = [answer if isinstance(answer, Answer) else Reply(answer) for answer in answers]
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.asked = threading.Event()
        self.ended = threading.Event()
        self._lock = threading.Lock()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self.url = ""

    @property
    def calls(self) -> int:
        return len(self.bodies)

    @property
    def last(self) -> str:
        """Everything the last request said, as one text."""
        return json.dumps(self.bodies[-1], ensure_ascii=False)

    def settings(self, provider: str = "google", **changes: Any) -> LlmSettings:
        """Return settings of one model of this server, with a canary key; no environment is read for what is given here."""
        key = SecretStr(KEYS[provider])
        named = "llm_key" if provider == "ollama" else f"{provider}_key"
        keys = {"google_key": None, "openai_key": None, "anthropic_key": None, "llm_key": None} | {named: key}
        usual = {"llm": f"{provider}:{MODELS[provider]}", "llm_url": self.url, "llm_timeout_s": 10.0, "llm_price": ""}
        return LlmSettings(**{**keys, **usual, **changes})

    def __enter__(self) -> "FakeLlm":
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.ended.set()
        if self._server and self._thread:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()

    def next(self, path: str, headers: Mapping[str, str], body: dict[str, Any]) -> Answer:
        """Remember a request and return what it is answered with."""
        with self._lock:
            self.paths.append(path)
            self.headers.append({name.lower(): value for name, value in headers.items()})
            self.bodies.append(body)
            answer = self.answers[min(len(self.bodies), len(self.answers)) - 1]
        self.asked.set()
        return answer


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, fake: FakeLlm):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fake = fake

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a caller that hung up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        answer = self.server.fake.next(self.path, dict(self.headers.items()), body)
        protocol = protocol_of(self.path)
        self.close_connection = True
        if isinstance(answer, Silence):
            self._stay_silent(answer)
        elif isinstance(answer, Raw):
            self._send(answer.status, answer.body, answer.headers, answer.length)
        elif isinstance(answer, Status):
            told = {"retry-after": answer.retry_after} if answer.retry_after else {}
            self._send(answer.status, protocol.error(answer.status, answer.message), told)
        else:
            self._send(200, _said(protocol, answer, body, self.path), {})

    def _stay_silent(self, answer: Silence) -> None:
        if answer.after:
            self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n" + answer.after)
            self.wfile.flush()
        if not answer.dripping:
            self.server.fake.ended.wait(30)
        while not self.server.fake.ended.wait(0.02):
            self.wfile.write(b" ")

    def _send(self, status: int, body: bytes, headers: Mapping[str, str], length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _said(protocol: Protocol, answer: Reply | ToolText, body: dict[str, Any], path: str) -> bytes:
    if isinstance(answer, ToolText):
        tokens = (TOKENS_IN, TOKENS_OUT)
        return spoken(protocol, body, path, arguments=answer.arguments, tokens=tokens, cut_off=answer.cut_off)
    told = answer.tokens if answer.usage else None
    if isinstance(answer.content, dict) and not answer.refused:
        arguments = json.dumps(answer.content)
        return spoken(protocol, body, path, arguments=arguments, tokens=told, cut_off=answer.cut_off)
    text = answer.content if isinstance(answer.content, str) else ""
    return spoken(protocol, body, path, text=text, tokens=told, refused=answer.refused, cut_off=answer.cut_off)
