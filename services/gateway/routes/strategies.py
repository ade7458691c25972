"""`/api/v1/strategies`: the registry, and the acts on it, each a command to strategy_gen.

There is no login yet: whoever reaches the loopback address may do this. Promotion to stage live always needs a credential, so it is
refused here until credentials exist.
"""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from libs.common.commands import DeleteStrategy, PromoteStrategy, RetireStrategy, SubmitStrategy
from libs.common.errors import BadInputError, NotFoundError, RefusedError
from libs.common.values import Stage
from services.gateway.bodies import make_command, read_object
from services.gateway.edge import new_id
from services.gateway.gateway import Answer, Gateway
from services.gateway.paging import Page
from services.gateway.routes.params import Id, IdempotencyKey, Reason, Strategies
from services.gateway.shapes import API
from services.gateway.strategies import Wanted, find_strategy, list_strategies
from services.gateway.validation import validate


def router(gateway: Gateway) -> APIRouter:
    """Return the routes of strategies."""
    routes = APIRouter(prefix="/strategies")
    _reads(routes, gateway)
    _acts(routes, gateway)
    return routes


def _reads(routes: APIRouter, gateway: Gateway) -> None:
    @routes.get("")
    async def listing(query: Annotated[Strategies, Query()]) -> dict[str, Any]:
        wanted = Wanted(query.symbol, query.verdict, query.status)
        async with gateway.read() as connection:
            return Page(*await list_strategies(connection, wanted, query.limit, query.cursor)).body()

    @routes.get("/{strategy_id}")
    async def one(strategy_id: Id) -> dict[str, Any]:
        async with gateway.read() as connection:
            found = await find_strategy(connection, strategy_id)
        if found is None:
            raise NotFoundError(f"no strategy {strategy_id}", pointer="path/strategy_id")
        return found


def _acts(routes: APIRouter, gateway: Gateway) -> None:
    timeout_s = gateway.settings.body_timeout_s

    @routes.post("")
    async def submit(request: Request, key: IdempotencyKey = None) -> JSONResponse:
        answer = await gateway.act(SubmitStrategy, await read_object(request, timeout_s), key)
        return await _created(gateway, answer)

    @routes.post("/validate")
    async def check(request: Request) -> dict[str, Any]:
        fields = await read_object(request, timeout_s)
        command = make_command(SubmitStrategy, fields, new_id(), gateway.clock.now())
        found = await asyncio.to_thread(validate, command)
        async with gateway.read() as connection:
            known = await find_strategy(connection, found["strategy_id"]) if found["strategy_id"] else None
        return {**found, "duplicate_of": known["id"] if known else None}

    @routes.delete("/{strategy_id}")
    async def delete(strategy_id: Id, query: Annotated[Reason, Query()], key: IdempotencyKey = None) -> JSONResponse:
        fields = {"strategy_id": strategy_id, "reason": query.reason}
        answer = await gateway.act(DeleteStrategy, fields, key)
        return JSONResponse(answer.body(), headers=answer.headers())

    @routes.post("/{strategy_id}/promote")
    async def promote(strategy_id: Id, request: Request, key: IdempotencyKey = None) -> JSONResponse:
        fields = await _fields(request, timeout_s, strategy_id)
        if fields.get("stage") == Stage.LIVE:
            raise RefusedError(
                "live trading needs a credential, and this release has none",
                code="auth.credential_needed",
                pointer="/stage",
                hint="promote to paper or alert",
            )
        answer = await gateway.act(PromoteStrategy, fields, key)
        return JSONResponse(answer.body(), headers=answer.headers())

    @routes.post("/{strategy_id}/retire")
    async def retire(strategy_id: Id, request: Request, key: IdempotencyKey = None) -> JSONResponse:
        answer = await gateway.act(RetireStrategy, await _fields(request, timeout_s, strategy_id), key)
        return JSONResponse(answer.body(), headers=answer.headers())


async def _fields(request: Request, timeout_s: float, strategy_id: str) -> dict[str, Any]:
    """Return the body's fields with the id of the path; one that names another strategy is refused."""
    fields = await read_object(request, timeout_s, empty_ok=True)
    if fields.get("strategy_id", strategy_id) != strategy_id:
        raise BadInputError(
            "the body names another strategy than the path", code="input.mismatch", pointer="/strategy_id"
        )
    return {**fields, "strategy_id": strategy_id}


async def _created(gateway: Gateway, answer: Answer) -> JSONResponse:
    body, headers = answer.body(), answer.headers()
    if answer.ids:
        strategy_id = answer.ids[0]
        await gateway.seen(lambda connection: find_strategy(connection, strategy_id))
        headers["Location"] = f"{API}/strategies/{strategy_id}"
        body |= {"id": strategy_id, "self": headers["Location"]}
    return JSONResponse(body, 201, headers)
