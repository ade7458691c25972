"""`POST /run_backtest` and `POST /update_verdict`: Python code in, its worth out, in the documented words."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from libs.common.commands import RunBacktest, SetVerdict
from libs.common.values import Timeframe
from services.gateway.bodies import make_command, read_object
from services.gateway.documented_errors import PerformanceRoute, StatusRoute
from services.gateway.documented_fields import Asked
from services.gateway.documented_market import Chosen, choose
from services.gateway.documented_python import (
    backtest_reply,
    require_code,
    verdict_fields,
    verdict_reply,
)
from services.gateway.documented_waiting import held_s, patient
from services.gateway.edge import new_id
from services.gateway.gateway import Gateway
from services.gateway.queries import find_current
from services.gateway.routes.params import IdempotencyKey, Prefer
from services.gateway.tables import BACKTESTS


def router(gateway: Gateway) -> APIRouter:
    """Return both routes."""
    routes = APIRouter()
    routes.include_router(_backtest(gateway))
    routes.include_router(_verdict(gateway))
    return routes


def _backtest(gateway: Gateway) -> APIRouter:
    routes = APIRouter(route_class=PerformanceRoute)

    @routes.post("/run_backtest")
    async def run_backtest(request: Request, key: IdempotencyKey = None, prefer: Prefer = None) -> JSONResponse:
        body = await read_object(request, gateway.settings.body_timeout_s)
        require_code(body)
        asked = Asked.of(body)
        # A code that is known is answered from the store even where newer bars have come in.
        fields = {"known_by": "definition", **asked.fields}
        with asked.words():
            chosen = await _market(gateway, fields)
            if chosen is not None:
                fields |= {"symbol": chosen.symbol, "timeframe": chosen.timeframe.value}
            answer = await patient(gateway, held_s(prefer)).act(RunBacktest, fields, key)
        identity = answer.result["backtest_id"]
        await gateway.seen(lambda connection: find_current(connection, BACKTESTS, identity))
        return JSONResponse(backtest_reply(answer.result, chosen), headers=answer.headers())

    return routes


async def _market(gateway: Gateway, fields: dict[str, Any]) -> Chosen | None:
    """Return the market of a request that names none; raises InvalidFieldsError first for one that is wrong anyhow."""
    command = make_command(RunBacktest, fields, new_id(), gateway.clock.now())
    if command.symbol or command.symbols or command.strategy_id:
        return None
    timeframe = None if command.timeframe is None else Timeframe(command.timeframe)
    return await asyncio.to_thread(choose, gateway.catalog, timeframe)


def _verdict(gateway: Gateway) -> APIRouter:
    routes = APIRouter(route_class=StatusRoute)

    @routes.post("/update_verdict")
    async def update_verdict(request: Request, key: IdempotencyKey = None) -> JSONResponse:
        fields = verdict_fields(await read_object(request, gateway.settings.body_timeout_s))
        answer = await gateway.act(SetVerdict, fields, key)
        return JSONResponse(verdict_reply(answer.result), headers=answer.headers())

    return routes
