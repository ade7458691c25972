"""Jobs as resources: where one stands, how far it has come, and its result.

The result of a backtest's job lies in a file named by its hash; those of strategy_gen's jobs are put together from facts.
"""

import asyncio
import json
import re
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.errors import BadStrategyError, ConflictError, NotFoundError, PermanentError
from services.gateway import generations
from services.gateway.backtests import parse_report, read_report
from services.gateway.gateway import Gateway
from services.gateway.job_views import GENERATE, INDEX, JOB
from services.gateway.queries import Body, find_latest
from services.gateway.shapes import API, resource

RUNNING = "running"
_INDEXED = ("job_id", "chunks", "added", "changed", "removed", "unchanged", "embedder", "skipped")
LONGEST_WAIT_S = 60.0
_WAIT = re.compile(r"(?:^|[,;\s])wait=(\d{1,4})(?=$|[,;\s])")


def shown(gateway: Gateway, body: Body) -> Body:
    """Return a job as a resource: with progress while it runs, with a link to its result once it is done."""
    found = resource(body, "jobs", body["job_id"])
    if body["state"] == RUNNING:
        found["progress"] = gateway.progress.of(body["job_id"])
    if body["state"] == "done":
        found["result"] = f"{API}/jobs/{body['job_id']}/result"
    return found


async def find_job(connection: AsyncConnection, job_id: str) -> Body | None:
    """Return the newest fact about a job, or None."""
    return await find_latest(connection, JOB, job_id)


async def get_job(gateway: Gateway, job_id: str) -> Body:
    """Return the newest fact about a job; raises NotFoundError."""
    async with gateway.read() as connection:
        found = await find_job(connection, job_id)
    if found is None:
        raise NotFoundError(f"no job {job_id}", code="job.unknown", pointer="path/job_id")
    return found


async def whole_job(gateway: Gateway, job_id: str) -> Body:
    """Return a job with all there is to say of it, as a resource; raises NotFoundError."""
    job = await get_job(gateway, job_id)
    if job["mode"] == GENERATE:
        async with gateway.read() as connection:
            job = await generations.as_job(connection, job)
    return shown(gateway, job)


async def result_bytes(gateway: Gateway, job: Body) -> bytes:
    """Return the result of a job, of a backtest's as stored; raises ConflictError while it runs and PermanentError with the reason if it failed."""
    if job["mode"] in (GENERATE, INDEX):
        return json.dumps(await result_of(gateway, job)).encode()
    check_done(job)
    return await asyncio.to_thread(read_report, gateway.settings.reports_dir, str(job["result_key"]))


async def result_of(gateway: Gateway, job: Body) -> dict[str, Any]:
    """Return the result of a job as a tree; raises as `result_bytes`."""
    check_done(job)
    if job["mode"] == INDEX:
        return {name: job[name] for name in _INDEXED}
    if job["mode"] == GENERATE:
        return await _generated(gateway, job)
    return await asyncio.to_thread(parse_report, gateway.settings.reports_dir, str(job["result_key"]))


async def _generated(gateway: Gateway, job: Body) -> Body:
    """Return the result of a generation; facts of its strategies that are on their way are waited for."""

    async def look(connection: AsyncConnection) -> Body | None:
        found, is_whole = await generations.result(connection, job)
        return found if is_whole else None

    whole = await gateway.seen(look)
    if whole is not None:
        return whole
    async with gateway.read() as connection:
        found, _ = await generations.result(connection, job)
    return found


async def ended(gateway: Gateway, job_id: str, within_s: float) -> Body | None:
    """Return a job once it has ended, None if it has not `within_s`."""

    async def look(connection: AsyncConnection) -> Body | None:
        found = await find_job(connection, job_id)
        return None if found is None or found["state"] == RUNNING else found

    return await gateway.seen(look, within_s)


def wait_of(prefer: str | None) -> float:
    """Return how many seconds a request wants to be held, 0 without `wait=`, at most 60."""
    found = _WAIT.search(prefer or "")
    return min(float(found[1]), LONGEST_WAIT_S) if found else 0.0


def check_done(job: Body) -> None:
    """Raise ConflictError while a job runs, and the reason if it failed or was cancelled; that of a sentence quotes its phrases."""
    if job["state"] == RUNNING:
        raise ConflictError("the job is still running", code="job.running", hint="look again later, or wait for it")
    if job["state"] == "done":
        return
    words = {"code": job["code"], "pointer": job["pointer"], "hint": job["hint"]}
    if job.get("findings"):
        raise BadStrategyError(job["detail"], diagnostics=job["findings"], **words)
    raise PermanentError(job["detail"], **words)
