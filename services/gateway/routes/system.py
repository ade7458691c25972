"""`/healthz` and `/readyz` at the root, `/api/v1/system/services`: what lives."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy import text

from libs.common.errors import StoreUnavailableError
from services.gateway.gateway import Gateway


def probes(gateway: Gateway) -> APIRouter:
    """Return the two probes: healthz = the process answers; readyz = database and bus answer too."""
    routes = APIRouter()

    @routes.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @routes.get("/readyz")
    async def readyz() -> JSONResponse:
        checks = {"database": await _database_answers(gateway), "bus": gateway.pulse.is_bus_alive()}
        ready = all(checks.values())
        return JSONResponse({"status": "ready" if ready else "not ready", "checks": checks}, 200 if ready else 503)

    return routes


async def _database_answers(gateway: Gateway) -> bool:
    try:
        async with gateway.read() as connection:
            await connection.execute(text("SELECT 1"))
    except StoreUnavailableError:
        return False
    return True


def router(gateway: Gateway) -> APIRouter:
    """Return the routes of the system."""
    routes = APIRouter(prefix="/system")

    @routes.get("/services")
    async def services() -> dict[str, Any]:
        return {"items": gateway.pulse.services(), "next_cursor": None}

    return routes
