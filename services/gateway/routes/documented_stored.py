"""`GET /api/backtests` and `GET /api/backtests/{id}`: what is stored, with equity curve and trades."""

import asyncio
from typing import Any

from fastapi import APIRouter

from services.gateway.backtests import parse_report
from services.gateway.documented_stored import details, list_summaries, summary, verdicts_set
from services.gateway.gateway import Gateway
from services.gateway.queries import Body
from services.gateway.routes.backtests import completed
from services.gateway.routes.params import Id


def router(gateway: Gateway) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/api/backtests")

    @routes.get("")
    async def listing() -> list[Body]:
        async with gateway.read() as connection:
            return await list_summaries(connection)

    @routes.get("/{backtest_id}")
    async def one(backtest_id: Id) -> dict[str, Any]:
        body = await completed(gateway, backtest_id)
        report = await asyncio.to_thread(parse_report, gateway.settings.reports_dir, body["report_key"])
        async with gateway.read() as connection:
            by_hand = await verdicts_set(connection, [backtest_id])
        return {**summary(body, by_hand.get(backtest_id)), **details(report)}

    return routes
