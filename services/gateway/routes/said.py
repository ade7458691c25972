"""`/api/v1/signals`, `alerts`: what agents said, newest first."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from services.gateway.gateway import Gateway
from services.gateway.routes.facts import page_of
from services.gateway.routes.params import Facts, Signals


def router(gateway: Gateway) -> APIRouter:
    """Return the routes of what agents said."""
    routes = APIRouter()

    @routes.get("/signals")
    async def signals(query: Annotated[Signals, Query()]) -> dict[str, Any]:
        return await page_of(gateway, query, "SignalRaised", "signals", tag=query.action)

    @routes.get("/alerts")
    async def alerts(query: Annotated[Facts, Query()]) -> dict[str, Any]:
        return await page_of(gateway, query, "AlertRaised", "alerts")

    return routes
