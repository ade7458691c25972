"""What every request must be before a route sees it: from this machine, from this origin, small, JSON.

There is no login yet, so these rules are the whole defence of a loopback gateway against hostile web pages: the Host list
stops DNS rebinding, the Origin rule and the JSON content type stop forms and scripts of other sites.
"""

import re

from fastapi import Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.edge import new_id
from services.gateway.problems import RequestError, respond

MAX_BODY = 1 << 20
MAX_URL = 8 * 1024
MAX_HEADERS = 32 * 1024

_HOST = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?", re.I)
_JSON = re.compile(r"application/json\s*(;\s*charset=\"?utf-8\"?\s*)?", re.I)
_SAFE = ("GET", "HEAD")
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
}


class Guard:
    """ASGI middleware: refuses what no route should see, names each request, bounds each body."""

    def __init__(self, app: ASGIApp):
        """Wrap `app`."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with a problem; a WebSocket is closed with 1008."""
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = new_id()
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = request_id
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        try:
            check_request(scope)
        except RequestError as error:
            refusal: Response = respond(error, request_id)
            await refusal(scope, receive, send_named)
            return
        await self.app(scope, _bounded(receive), send_named)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        try:
            check_host(headers)
            check_origin(headers)
        except RequestError as error:
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": error.code})
            return
        await self.app(scope, receive, send)


def check_request(scope: Scope) -> None:
    """Raise RequestError unless the head of this HTTP request is acceptable."""
    headers = Headers(scope=scope)
    if len(scope["raw_path"]) + len(scope["query_string"]) > MAX_URL:
        raise RequestError(f"the URL is longer than {MAX_URL} bytes", code="request.url_too_long")
    if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEADERS:
        raise RequestError(f"the headers are larger than {MAX_HEADERS} bytes", code="request.headers_too_large")
    check_host(headers)
    if scope["method"] not in _SAFE:
        check_origin(headers)
        check_body_head(headers)


def check_host(headers: Headers) -> None:
    """Raise RequestError unless Host names this machine."""
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
        raise RequestError(
            "the Host header does not name this machine", code="request.host", hint="use localhost, 127.0.0.1 or [::1]"
        )


def check_origin(headers: Headers) -> None:
    """Raise RequestError when a web page of another origin asks; programs send no Origin."""
    origins = headers.getlist("origin")
    if origins and origins != [f"http://{headers['host']}"]:
        raise RequestError("a page of another origin may not do this", code="request.origin")


def check_body_head(headers: Headers) -> None:
    """Raise RequestError for a body that is announced as too large, encoded, or not JSON."""
    length = headers.get("content-length", "0")
    if not length.isdecimal() or not length.isascii():
        raise RequestError("Content-Length is not a number", code="request.header")
    if len(length) > 12 or int(length) > MAX_BODY:
        raise RequestError(f"the body is larger than {MAX_BODY} bytes", code="request.too_large")
    if length == "0" and "transfer-encoding" not in headers:
        return
    if headers.get("content-encoding", "identity") != "identity":
        raise RequestError("encoded bodies are not read", code="request.media_type", hint="send the body uncompressed")
    if not _JSON.fullmatch(headers.get("content-type", "")):
        raise RequestError(
            "the body is not announced as JSON", code="request.media_type", hint="send Content-Type: application/json"
        )


def _bounded(receive: Receive) -> Receive:
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MAX_BODY:
            raise RequestError(f"the body is larger than {MAX_BODY} bytes", code="request.too_large")
        return message

    return counted
