"""Errors of documented routes: the problem document of `/api/v1` with the member by which the documents tell success."""

import json
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, ClassVar

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from libs.common.errors import SentinelError
from services.gateway.problems import fields_of, respond

_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class DocumentedRoute(APIRoute):
    """A route whose errors have members of their own."""

    def get_route_handler(self) -> _Handler:
        """Return the handler that answers every typed error itself."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                return self._told(respond(fields_of(error), request.state.request_id))
            except SentinelError as error:
                return self._told(respond(error, request.state.request_id))

        return answer

    def told(self, problem: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """Return the body of an error and its media type."""
        return dict(problem), "application/problem+json"

    def _told(self, problem: Response) -> Response:
        body, media_type = self.told(json.loads(bytes(problem.body)))
        headers = {name: value for name, value in problem.headers.items() if not name.startswith("content-")}
        return Response(json.dumps(body), problem.status_code, headers, media_type=media_type)


class StatusRoute(DocumentedRoute):
    """`status` is "error" and `message` says why, beside the members of a problem; `status` is no number, so it is plain JSON."""

    empty: ClassVar[Mapping[str, Any]] = {}

    def told(self, problem: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """Return the body of an error and its media type."""
        own = {"status": "error", "message": problem["detail"], **self.empty}
        return {**own, **{name: value for name, value in problem.items() if name != "status"}}, "application/json"


class PerformanceRoute(StatusRoute):
    """As StatusRoute; what a backtest would have said is null."""

    empty: ClassVar[Mapping[str, Any]] = {"performance": None, "verdict": None, "preview": [], "code_hash": None}


class SuccessRoute(DocumentedRoute):
    """`success` is false, beside the members of a problem."""

    def told(self, problem: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """Return the body of an error and its media type."""
        return {"success": False, **problem}, "application/problem+json"
