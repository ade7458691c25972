"""`/api/v1/strategies/generate`: a trading idea in plain English becomes strategies. A job, as everything that takes long is."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from libs.common.commands import GenerateStrategy
from services.gateway.bodies import read_object
from services.gateway.gateway import Gateway
from services.gateway.routes.jobs import started
from services.gateway.routes.params import IdempotencyKey, Prefer


def router(gateway: Gateway) -> APIRouter:
    """Return the route; it must come before those of one strategy, whose path it would be."""
    routes = APIRouter(prefix="/strategies")

    @routes.post("/generate")
    async def generate(request: Request, key: IdempotencyKey = None, prefer: Prefer = None) -> JSONResponse:
        fields = await read_object(request, gateway.settings.body_timeout_s)
        answer = await gateway.act(GenerateStrategy, fields, key)
        return await started(gateway, answer, prefer, answer.command_id)

    return routes
