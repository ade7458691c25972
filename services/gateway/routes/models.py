"""`/api/v1/models`: train a model, list what was trained, read a card. Training is a job; what becomes of the model is a strategy."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from libs.common.errors import NotFoundError
from libs.common.events import ModelTrained
from libs.common.training import TrainModel
from services.gateway.backtests import parse_report
from services.gateway.bodies import read_object
from services.gateway.gateway import Gateway
from services.gateway.paging import Page
from services.gateway.queries import Body, find_latest, list_latest
from services.gateway.routes.jobs import started
from services.gateway.routes.params import Id, IdempotencyKey, Paged, Prefer
from services.gateway.shapes import resource

KIND = ModelTrained.__name__


def router(gateway: Gateway) -> APIRouter:
    """Return the routes of models."""
    routes = APIRouter(prefix="/models")

    @routes.get("")
    async def listing(query: Annotated[Paged, Query()]) -> dict[str, Any]:
        async with gateway.read() as connection:
            found, following = await list_latest(connection, KIND, query.limit, query.cursor)
        return Page([_shown(body) for body in found], following).body()

    @routes.post("/train")
    async def train(request: Request, key: IdempotencyKey = None, prefer: Prefer = None) -> JSONResponse:
        fields = await read_object(request, gateway.settings.body_timeout_s)
        return await started(gateway, await gateway.act(TrainModel, fields, key), prefer)

    @routes.get("/{model_id}")
    async def one(model_id: Id) -> dict[str, Any]:
        async with gateway.read() as connection:
            body = await find_latest(connection, KIND, model_id)
        if body is None:
            raise NotFoundError(f"no model {model_id}", code="model.unknown", pointer="path/model_id")
        card = await asyncio.to_thread(parse_report, gateway.settings.reports_dir, body["result_key"])
        return {**_shown(body), "card": card}

    return routes


def _shown(body: Body) -> Body:
    return resource(body, "models", body["model_id"])
