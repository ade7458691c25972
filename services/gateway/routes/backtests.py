"""`/api/v1/backtests`: run one and wait for it, list them, show one. What is in their reports is `backtest_reports`."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from libs.common.commands import RunBacktest, SetVerdict
from libs.common.errors import ConflictError, NotFoundError
from libs.common.events import VerdictSet
from services.gateway.bodies import read_object
from services.gateway.gateway import Gateway
from services.gateway.paging import Page
from services.gateway.queries import Body, Fact, find_current, find_latest, list_current
from services.gateway.routes import backtest_reports
from services.gateway.routes.params import Backtests, Id, IdempotencyKey
from services.gateway.shapes import API, resource
from services.gateway.tables import BACKTESTS


def router(gateway: Gateway) -> APIRouter:
    """Return the routes of backtests."""
    routes = APIRouter(prefix="/backtests")
    backtest_reports.add(routes, gateway, partial(completed, gateway))
    _lists(routes, gateway)
    return routes


def shown(fact: Fact) -> Body:
    """Return a backtest's outcome as a resource; status is completed or failed."""
    status = "completed" if fact.kind == "BacktestCompleted" else "failed"
    return {**resource(fact.body, "backtests", fact.body["backtest_id"]), "status": status}


async def completed(gateway: Gateway, backtest_id: str) -> Body:
    """Return the summary of a completed backtest; raises NotFoundError, ConflictError for one that failed."""
    async with gateway.read() as connection:
        fact = await find_current(connection, BACKTESTS, backtest_id)
    if fact is None:
        raise NotFoundError(f"no backtest {backtest_id}", pointer="path/backtest_id")
    if fact.kind != "BacktestCompleted":
        raise ConflictError(f"this backtest failed: {fact.body['detail']}", hint=fact.body["hint"])
    return fact.body


def _lists(routes: APIRouter, gateway: Gateway) -> None:
    @routes.get("")
    async def listing(query: Annotated[Backtests, Query()]) -> dict[str, Any]:
        wanted = {"symbol": query.symbol, "strategy_id": query.strategy_id, "verdict": query.verdict}
        async with gateway.read() as connection:
            facts, following = await list_current(connection, BACKTESTS, wanted, query.limit, query.cursor)
        return Page([shown(fact) for fact in facts], following).body()

    @routes.post("")
    async def run(request: Request, key: IdempotencyKey = None) -> JSONResponse:
        answer = await gateway.act(RunBacktest, await read_object(request, gateway.settings.body_timeout_s), key)
        body, headers = answer.body(), answer.headers()
        if answer.ids:
            identity = answer.ids[0]
            await gateway.seen(lambda connection: find_current(connection, BACKTESTS, identity))
            headers["Location"] = f"{API}/backtests/{identity}"
            body |= {"id": identity, "self": headers["Location"]}
        return JSONResponse(body, 201, headers)

    @routes.get("/{backtest_id}")
    async def one(backtest_id: Id) -> dict[str, Any]:
        async with gateway.read() as connection:
            fact = await find_current(connection, BACKTESTS, backtest_id)
            by_hand = await find_latest(connection, VerdictSet.__name__, backtest_id)
        if fact is None:
            raise NotFoundError(f"no backtest {backtest_id}", pointer="path/backtest_id")
        told = ("verdict", "reason", "set_by", "at")
        return {**shown(fact), "set_by_hand": {name: by_hand[name] for name in told} if by_hand else None}

    @routes.put("/{backtest_id}/verdict")
    async def set_verdict(backtest_id: Id, request: Request, key: IdempotencyKey = None) -> JSONResponse:
        fields = await read_object(request, gateway.settings.body_timeout_s)
        answer = await gateway.act(SetVerdict, {**fields, "backtest_id": backtest_id}, key)
        return JSONResponse(answer.body(), headers=answer.headers())
