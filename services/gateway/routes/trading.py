"""`/api/v1/agents`, `portfolio`, `control/kill-switch`, `lineage`: who runs, what is held, whether trading is on, and why.

The kill switch: halting and reducing are allowed to everyone on loopback. Releasing it will need a credential; until credentials
exist it needs a reason, which is kept in the record.
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from libs.common.commands import Command, HaltTrading, ReduceTrading, ResumeTrading
from libs.common.errors import BadInputError, NotFoundError
from services.gateway.bodies import read_object
from services.gateway.gateway import Gateway
from services.gateway.lineage import Walk
from services.gateway.paging import Page, decode, encode
from services.gateway.queries import Body, equity_points, find_latest, newest_signals
from services.gateway.routes.params import Id, IdempotencyKey, Paged, Portfolio
from services.gateway.shapes import API, listed
from services.gateway.strategies import running

_SWITCH: dict[str, type[Command]] = {"halted": HaltTrading, "reducing": ReduceTrading, "trading": ResumeTrading}

Kind = Literal["fill", "order", "decision", "signal", "alert", "strategy", "attempt", "generation"]


def router(gateway: Gateway) -> APIRouter:
    """Return the routes of trading."""
    routes = APIRouter()
    _views(routes, gateway)
    _switch(routes, gateway)
    return routes


def _views(routes: APIRouter, gateway: Gateway) -> None:
    @routes.get("/agents")
    async def agents(query: Annotated[Paged, Query()]) -> dict[str, Any]:
        async with gateway.read() as connection:
            by_symbol = _by_symbol(await running(connection))
            after = decode(query.cursor, (str,))[0] if query.cursor else ""
            names = [name for name in sorted(by_symbol) if name > after]
            shown = names[: query.limit]
            signals = await newest_signals(connection, shown)
        items: list[Body] = []
        for name in shown:
            for strategy in by_symbol[name]:
                fact = signals.get((name, strategy["strategy_id"]))
                strategy["signal"] = None if fact is None else listed(fact, "signals")
            items.append({"symbol": name, "strategies": by_symbol[name]})
        return Page(items, encode(shown[-1]) if len(names) > len(shown) else None).body()

    @routes.get("/portfolio")
    async def portfolio(query: Annotated[Portfolio, Query()]) -> dict[str, Any]:
        async with gateway.read() as connection:
            body = await find_latest(connection, "PortfolioChanged", query.account)
            points = await equity_points(connection, query.account, query.points) if query.points else []
        if body is None:
            raise NotFoundError(
                f"the account {query.account} has no books yet",
                pointer="query/account",
                hint="its first books come with the first closed bar",
            )
        body.pop("schema_version")
        return {**body, "equity_points": points, "self": f"{API}/portfolio?account={query.account}"}

    @routes.get("/lineage/{kind}/{identity}")
    async def lineage(kind: Kind, identity: Id) -> dict[str, Any]:
        async with gateway.read() as connection:
            steps = await Walk(connection, gateway.catalog).start(kind, identity)
        return {"kind": kind, "id": identity, "steps": [step.body() for step in steps]}


def _by_symbol(strategies: list[Body]) -> dict[str, list[Body]]:
    found: dict[str, list[Body]] = {}
    for strategy in strategies:
        promoted = strategy["promoted"]
        shown = {"strategy_id": strategy["id"], "name": strategy["name"], "timeframe": strategy["timeframe"]}
        shown |= {"stage": promoted["stage"], "account": promoted["account"], "verdict": strategy["verdict"]}
        for symbol in strategy["symbols"]:
            found.setdefault(symbol, []).append(dict(shown))
    return found


def _switch(routes: APIRouter, gateway: Gateway) -> None:
    @routes.get("/control/kill-switch")
    async def state() -> dict[str, Any]:
        async with gateway.read() as connection:
            body = await find_latest(connection, "ControlChanged", "trading")
        if body is None:
            return {"state": "unknown", "reason": "the executor has not said yet", "changed_by": None, "at": None}
        return {name: body[name] for name in ("state", "reason", "changed_by", "at")}

    @routes.put("/control/kill-switch")
    async def change(request: Request, key: IdempotencyKey = None) -> JSONResponse:
        fields = await read_object(request, gateway.settings.body_timeout_s)
        wanted = fields.pop("state", None)
        command = _SWITCH.get(wanted) if isinstance(wanted, str) else None
        if command is None:
            raise BadInputError(
                "not a trading state", pointer="/state", hint=f"use one of {', '.join(sorted(_SWITCH))}"
            )
        answer = await gateway.act(command, fields, key)
        return JSONResponse({**answer.body(), "state": wanted}, headers=answer.headers())
