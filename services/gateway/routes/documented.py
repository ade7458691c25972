"""The routes the documents promise: `GET /` and `WS /ws` here, the others in a file for each act. They decide nothing: each calls what `/api/v1` calls."""

from typing import Annotated

from fastapi import APIRouter, Header, Response
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.websockets import WebSocket

from services.gateway.documented import ROOT
from services.gateway.gateway import Gateway
from services.gateway.routes import (
    documented_functions,
    documented_python,
    documented_rules,
    documented_stored,
)
from services.gateway.status_page import StatusPage


def router(gateway: Gateway, page: StatusPage) -> APIRouter:
    """Return the documented routes."""
    routes = APIRouter(tags=["compat"], deprecated=True)

    @routes.get("/")
    async def root(accept: Annotated[str, Header()] = "") -> Response:
        if "text/html" in accept:
            return HTMLResponse(page.html, headers={"Content-Security-Policy": page.policy, "Vary": "Accept"})
        return JSONResponse(ROOT, headers={"Vary": "Accept"})

    for module in (documented_python, documented_rules, documented_functions, documented_stored):
        routes.include_router(module.router(gateway))

    @routes.websocket("/ws")
    async def live(socket: WebSocket) -> None:
        await gateway.live.serve(socket)

    return routes
