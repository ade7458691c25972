"""`/api/v1/backtests`: run one and wait for it, list them, read a report and its trades."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from libs.common.commands import RunBacktest
from libs.common.errors import ConflictError, NotFoundError
from services.gateway.backtests import parse_report, read_report, trade_log
from services.gateway.bodies import read_object
from services.gateway.gateway import Gateway
from services.gateway.paging import Page, decode, encode
from services.gateway.queries import Body, Fact, find_current, list_current
from services.gateway.routes.params import Backtests, Id, IdempotencyKey, Paged
from services.gateway.shapes import API, resource
from services.gateway.tables import BACKTESTS


def router(gateway: Gateway) -> APIRouter:
    """Return the routes of backtests."""
    routes = APIRouter(prefix="/backtests")
    _lists(routes, gateway)
    _reports(routes, gateway)
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
        if fact is None:
            raise NotFoundError(f"no backtest {backtest_id}", pointer="path/backtest_id")
        return shown(fact)


def _reports(routes: APIRouter, gateway: Gateway) -> None:
    root = gateway.settings.reports_dir

    @routes.get("/{backtest_id}/report.json")
    async def report(backtest_id: Id) -> Response:
        summary = await completed(gateway, backtest_id)
        raw = await asyncio.to_thread(read_report, root, summary["report_key"])
        return Response(raw, media_type="application/json")

    @routes.get("/{backtest_id}/trades")
    async def trades(backtest_id: Id, query: Annotated[Paged, Query()]) -> dict[str, Any]:
        summary = await completed(gateway, backtest_id)
        log = trade_log(await asyncio.to_thread(parse_report, root, summary["report_key"]))
        start = decode(query.cursor, (int,))[0] if query.cursor else 0
        page = log[start : start + query.limit]
        end = start + len(page)
        return Page(page, encode(end) if end < len(log) else None).body()
