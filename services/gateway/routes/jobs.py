"""`/api/v1/jobs`: start heavy work, see how far it is, read its result, cancel it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from libs.common.commands import CancelGeneration, Command
from libs.common.errors import BadInputError, ConflictError
from libs.common.studies import BacktestUniverse, CancelJob, RunAlert, RunScreen, SweepParameters, WalkForward
from libs.common.training import TrainModel
from services.gateway.bodies import read_object
from services.gateway.gateway import Answer, Gateway
from services.gateway.job_views import GENERATE, INDEX, JOB
from services.gateway.jobs import ended, find_job, get_job, result_bytes, result_of, shown, wait_of, whole_job
from services.gateway.paging import Page
from services.gateway.queries import list_latest
from services.gateway.routes.params import Id, IdempotencyKey, Jobs, Prefer
from services.gateway.shapes import API

MODES: dict[str, type[Command]] = {
    "screen": RunScreen,
    "alert": RunAlert,
    "backtest_universe": BacktestUniverse,
    "sweep": SweepParameters,
    "walk_forward": WalkForward,
    "train": TrainModel,
}


def router(gateway: Gateway) -> APIRouter:
    """Return the routes of jobs."""
    routes = APIRouter(prefix="/jobs")
    _reads(routes, gateway)
    _acts(routes, gateway)
    return routes


def _reads(routes: APIRouter, gateway: Gateway) -> None:
    @routes.get("")
    async def listing(query: Annotated[Jobs, Query()]) -> dict[str, Any]:
        wanted = {"mode": query.mode, "state": query.state}
        async with gateway.read() as connection:
            found, following = await list_latest(connection, JOB, query.limit, query.cursor)
        kept = [body for body in found if all(value in (None, body[name]) for name, value in wanted.items())]
        return Page([shown(gateway, body) for body in kept], following).body()

    @routes.get("/{job_id}")
    async def one(job_id: Id) -> dict[str, Any]:
        return await whole_job(gateway, job_id)

    @routes.get("/{job_id}/result")
    async def result(job_id: Id) -> Response:
        job = await get_job(gateway, job_id)
        return Response(await result_bytes(gateway, job), media_type="application/json")


def _acts(routes: APIRouter, gateway: Gateway) -> None:
    @routes.post("")
    async def start(request: Request, key: IdempotencyKey = None, prefer: Prefer = None) -> JSONResponse:
        fields = await read_object(request, gateway.settings.body_timeout_s)
        mode = fields.pop("mode", None)
        kind = MODES.get(mode) if isinstance(mode, str) else None
        if kind is None:
            known = ", ".join(MODES)
            raise BadInputError("there is no such mode", code="job.mode", pointer="/mode", hint=f"one of {known}")
        return await started(gateway, await gateway.act(kind, fields, key), prefer)

    @routes.delete("/{job_id}")
    async def cancel(job_id: Id, key: IdempotencyKey = None) -> JSONResponse:
        async with gateway.read() as connection:
            known = await find_job(connection, job_id)
        mode = known["mode"] if known else None
        if mode == INDEX:
            raise ConflictError("an index is read to its end", code="job.not_cancellable", pointer="path/job_id")
        answer = await gateway.act(CancelGeneration if mode == GENERATE else CancelJob, {"job_id": job_id}, key)
        await ended(gateway, job_id, 2.0)
        return JSONResponse(answer.body(), headers=answer.headers())


async def started(gateway: Gateway, answer: Answer, prefer: str | None, job_id: str | None = None) -> JSONResponse:
    """Return 202 with the job's place, or its result if it ends while the request may be held; raises why it failed.

    job_id: of the job, where it is not the first id answered.
    """
    job_id = job_id or answer.ids[0]
    place = f"{API}/jobs/{job_id}"
    headers = answer.headers() | {"Location": place}
    wait_s = wait_of(prefer)
    job = await ended(gateway, job_id, wait_s) if wait_s else None
    if wait_s:
        headers["Preference-Applied"] = f"wait={wait_s:g}"
    if job is None:
        known = await gateway.seen(lambda connection: find_job(connection, job_id))
        body = shown(gateway, known) if known else {"id": job_id, "state": "running", "self": place}
        return JSONResponse(body, 202, headers)
    found = await result_of(gateway, job)
    return JSONResponse({**shown(gateway, job), "result": found}, 200, headers)
