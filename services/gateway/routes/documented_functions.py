"""`POST /execute`: run_backtest, run_screener, run_alert on a universe. The reply is the job's whole result, as soon as there is one."""

from fastapi import APIRouter, Request, Response

from services.gateway.bodies import read_object
from services.gateway.documented_errors import SuccessRoute
from services.gateway.documented_functions import read_order
from services.gateway.documented_strategies import resolve
from services.gateway.documented_waiting import held_s, patient
from services.gateway.gateway import Gateway
from services.gateway.jobs import ended, result_bytes
from services.gateway.problems import document
from services.gateway.routes.params import IdempotencyKey, Prefer
from services.gateway.shapes import API


def router(gateway: Gateway) -> APIRouter:
    """Return the route."""
    routes = APIRouter(route_class=SuccessRoute)

    @routes.post("/execute")
    async def execute(request: Request, key: IdempotencyKey = None, prefer: Prefer = None) -> Response:
        command, asked = read_order(await read_object(request, gateway.settings.body_timeout_s))
        named = asked.fields.get("strategy_id")
        if isinstance(named, str):
            async with gateway.read() as connection:
                asked.fields["strategy_id"] = await resolve(connection, named)
        seconds = held_s(prefer)
        with asked.words():
            answer = await patient(gateway, seconds).act(command, asked.fields, key)
            job_id = answer.ids[0]
            headers = answer.headers() | {"Location": f"{API}/jobs/{job_id}"}
            job = await ended(gateway, job_id, seconds)
            if job is None:
                return _late(request, seconds, headers)
            return Response(await result_bytes(gateway, job), 200, headers, media_type="application/json")

    return routes


def _late(request: Request, seconds: float, headers: dict[str, str]) -> Response:
    place = headers["Location"]
    words = f"the job goes on: GET {place}, its result will be at {place}/result"
    more = {"success": False, "errors": [], "hint": words, "job": place}
    detail = f"the result did not come within {seconds:g} s"
    reply = document(504, "timeout", detail, request.state.request_id, more)
    reply.headers.update(headers)
    return reply
