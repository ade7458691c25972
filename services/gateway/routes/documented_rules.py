"""`POST /backtest/`, `/api/backtest`, `/api/backtest/run`: JSON rules in, balance and trades out; and the last ten trades."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from libs.common.commands import RunBacktest
from libs.common.errors import BadInputError
from services.gateway.backtests import parse_report
from services.gateway.bodies import read_object
from services.gateway.documented import trade
from services.gateway.documented_fields import Asked
from services.gateway.documented_rules import RESULTS, rules_reply
from services.gateway.documented_waiting import held_s, patient
from services.gateway.gateway import Gateway
from services.gateway.queries import Filter, list_facts
from services.gateway.routes.params import IdempotencyKey, Prefer


def router(gateway: Gateway) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()

    async def run(request: Request, key: IdempotencyKey = None, prefer: Prefer = None) -> JSONResponse:
        body = await read_object(request, gateway.settings.body_timeout_s)
        asked = Asked.of(body)
        if asked.fields.get("rules") is None:
            raise BadInputError("there is no strategy_json", code="input.missing", pointer="/strategy_json")
        with asked.words():
            answer = await patient(gateway, held_s(prefer)).act(RunBacktest, asked.fields, key)
        report = await asyncio.to_thread(parse_report, gateway.settings.reports_dir, answer.result["report_key"])
        return JSONResponse(rules_reply(answer.result, report), headers=answer.headers())

    for path in ("/backtest/", "/api/backtest", "/api/backtest/run"):
        routes.post(path)(run)

    async def results() -> list[dict[str, Any]]:
        async with gateway.read() as connection:
            facts, _ = await list_facts(connection, Filter(("OrderFilled",)), RESULTS)
        return [{**trade(fact), "symbol": fact.body["symbol"]} for fact in facts]

    for path in ("/backtest/results", "/api/backtest/results"):
        routes.get(path)(results)
    return routes
