"""The routes the documents promise, with their bodies: `GET /`, `/api/backtests`, `/api/backtests/{id}`, `WS /ws`."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.websockets import WebSocket

from services.gateway.backtests import parse_report
from services.gateway.documented import ROOT, backtest_details, backtest_summary
from services.gateway.gateway import Gateway
from services.gateway.paging import MAX_LIMIT
from services.gateway.queries import list_current
from services.gateway.routes.backtests import completed
from services.gateway.routes.params import Id
from services.gateway.status_page import StatusPage
from services.gateway.tables import BACKTESTS


def router(gateway: Gateway, page: StatusPage) -> APIRouter:
    """Return the documented routes."""
    routes = APIRouter()

    @routes.get("/")
    async def root(accept: Annotated[str, Header()] = "") -> Response:
        if "text/html" in accept:
            return HTMLResponse(page.html, headers={"Content-Security-Policy": page.policy, "Vary": "Accept"})
        return JSONResponse(ROOT, headers={"Vary": "Accept"})

    @routes.get("/api/backtests")
    async def backtests() -> list[dict[str, Any]]:
        async with gateway.read() as connection:
            facts, _ = await list_current(connection, BACKTESTS, {}, MAX_LIMIT, None)
        return [backtest_summary(fact.body) for fact in facts if fact.kind == "BacktestCompleted"]

    @routes.get("/api/backtests/{backtest_id}")
    async def backtest(backtest_id: Id) -> dict[str, Any]:
        summary = await completed(gateway, backtest_id)
        report = await asyncio.to_thread(parse_report, gateway.settings.reports_dir, summary["report_key"])
        return {**backtest_summary(summary), **backtest_details(report)}

    @routes.websocket("/ws")
    async def live(socket: WebSocket) -> None:
        await gateway.live.serve(socket)

    return routes
