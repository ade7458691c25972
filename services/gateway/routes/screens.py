"""`/api/v1/screens`: rank a universe by what a strategy says now. A screen is a job; its id is the job's."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from libs.common.errors import NotFoundError
from libs.common.studies import RunScreen
from services.gateway.bodies import read_object
from services.gateway.gateway import Gateway
from services.gateway.job_views import JOB
from services.gateway.jobs import get_job, result_of, shown
from services.gateway.paging import Page
from services.gateway.queries import list_latest
from services.gateway.routes.jobs import started
from services.gateway.routes.params import Id, IdempotencyKey, Paged, Prefer

MODE = "screen"


def router(gateway: Gateway) -> APIRouter:
    """Return the routes of screens."""
    routes = APIRouter(prefix="/screens")

    @routes.get("")
    async def listing(query: Annotated[Paged, Query()]) -> dict[str, Any]:
        async with gateway.read() as connection:
            found, following = await list_latest(connection, JOB, query.limit, query.cursor)
        return Page([shown(gateway, body) for body in found if body["mode"] == MODE], following).body()

    @routes.post("")
    async def run(request: Request, key: IdempotencyKey = None, prefer: Prefer = None) -> JSONResponse:
        fields = await read_object(request, gateway.settings.body_timeout_s)
        return await started(gateway, await gateway.act(RunScreen, fields, key), prefer)

    @routes.get("/{screen_id}")
    async def one(screen_id: Id) -> dict[str, Any]:
        job = await get_job(gateway, screen_id)
        if job["mode"] != MODE:
            raise NotFoundError(f"no screen {screen_id}", code="job.unknown", pointer="path/screen_id")
        if job["state"] != "done":
            return shown(gateway, job)
        return {**shown(gateway, job), "result": await result_of(gateway, job)}

    return routes
