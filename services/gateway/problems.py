"""Every answer that is not the thing asked for: RFC 9457 `application/problem+json`, and the one table of statuses.

Never repeats what the client sent beyond a short name, so NaN, lone surrogates and secrets cannot come back.
"""

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from libs.common.errors import BadInputError, BadStrategyError, SentinelError

STATUSES: tuple[tuple[str, int], ...] = (
    ("request.not_json", 400),
    ("request.host", 403),
    ("request.origin", 403),
    ("request.too_slow", 408),
    ("request.too_large", 413),
    ("request.url_too_long", 414),
    ("request.media_type", 415),
    ("request.headers_too_large", 431),
    ("request.header", 400),
    ("auth.", 403),
    ("not_found", 404),
    ("conflict", 409),
    ("refused", 409),
    ("risk.", 409),
    ("gate.", 409),
    ("control.", 409),
    ("watch.overlap", 409),
    ("data.conflicting_bars", 409),
    ("data.mixed_origin", 409),
    ("data.behind", 409),
    ("job.ended", 409),
    ("generation.too_many", 409),
    ("job.cancelled", 409),
    ("model.budget", 409),
    ("model.auth", 409),
    ("model.payment", 409),
    ("model.timeout", 504),
    ("model.unavailable", 503),
    ("model.rate_limited", 503),
    ("knowledge.index", 503),
    ("knowledge.embeddings", 503),
    ("idempotency.running", 409),
    ("idempotency.", 422),
    ("input.", 422),
    ("strategy.", 422),
    ("data.", 422),
    ("bus.bad_message", 422),
    ("bus.", 503),
    ("store.", 503),
    ("unavailable", 503),
    ("timeout", 504),
)
"""Error code, or the beginning of one, to HTTP status; the first match counts. Anything else a service refuses is 422."""

_UNKNOWN = (".not_found", ".unknown")
"""What a service's code has in it when the thing named does not exist."""

_CLASSES = ("NotFoundError", 404), ("ConflictError", 409), ("RefusedError", 409)
_TITLES = {413: "Body too large", 414: "URL too long", 422: "Invalid input"}


class RequestError(BadInputError):
    """A request that is wrong as HTTP: its headers, its encoding, its size, its pace."""

    code = "request.not_json"


class InvalidFieldsError(BadInputError):
    """Fields that break their contract; `errors` names each as (pointer, detail)."""

    def __init__(self, errors: Sequence[tuple[str, str]]):
        """Keep every field; the first is the headline."""
        pointer, detail = errors[0]
        super().__init__(f"{pointer}: {detail}", pointer=pointer)
        self.errors = tuple(errors)


def status_of(error: SentinelError) -> int:
    """Return the HTTP status of an error, by its code, then by its class."""
    if any(word in error.code for word in _UNKNOWN):
        return 404
    for name, status in _CLASSES:
        if any(base.__name__ == name for base in type(error).__mro__) and not error.code.startswith("auth."):
            return status
    return next((status for start, status in STATUSES if error.code.startswith(start)), 422)


def fields_of(error: ValidationError | RequestValidationError, prefix: str = "") -> InvalidFieldsError:
    """Return the error with the place and the words of each wrong field, and nothing of what was sent."""
    raw = (
        error.errors()
        if isinstance(error, RequestValidationError)
        else error.errors(include_input=False, include_url=False)
    )
    return InvalidFieldsError([(_pointer(item["loc"], prefix), str(item["msg"])[:200]) for item in raw[:20]])


def _pointer(location: Sequence[Any], prefix: str) -> str:
    parts = [str(part)[:64].replace("~", "~0").replace("/", "~1") for part in location]
    if not prefix and parts and parts[0] in ("query", "path", "header"):
        return "/".join(parts)
    return prefix + "/" + "/".join(parts)


def respond(error: SentinelError, request_id: str) -> Response:
    """Return the problem document of an error."""
    status = status_of(error)
    first = [(error.pointer, error.detail)] if error.pointer is not None else []
    errors = error.errors if isinstance(error, InvalidFieldsError) else first
    more: dict[str, Any] = {"errors": [{"pointer": pointer, "detail": detail[:400]} for pointer, detail in errors]}
    if error.hint:
        more["hint"] = error.hint
    if isinstance(error, BadStrategyError) and error.diagnostics:
        more["diagnostics"] = list(error.diagnostics)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        more["retry_after"] = 2
    return document(status, error.code, error.detail, request_id, more)


def document(status: int, code: str, detail: str, request_id: str, more: dict[str, Any] | None = None) -> Response:
    """Return a problem document; `more` adds members."""
    title = _TITLES.get(status) or HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail[:1_000], "instance": request_id}
    body |= {"code": code, **(more or {})}
    headers = {"Retry-After": str(more["retry_after"])} if more and "retry_after" in more else {}
    return Response(json.dumps(body), status, headers, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Render every error of `app` as a problem document."""

    def own(request: Request, error: Exception) -> Response:
        assert isinstance(error, SentinelError)
        return respond(error, request.state.request_id)

    def fields(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return respond(fields_of(error), request.state.request_id)

    def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code = {404: "not_found", 405: "request.method"}.get(error.status_code, "request.http")
        response = document(error.status_code, code, str(error.detail), request.state.request_id)
        response.headers.update(error.headers or {})
        return response

    def bug(request: Request, error: Exception) -> Response:
        detail = "an error inside the gateway; its log has it under this request's id"
        return document(500, "internal", detail, getattr(request.state, "request_id", ""))

    app.add_exception_handler(SentinelError, own)
    app.add_exception_handler(RequestValidationError, fields)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, bug)
