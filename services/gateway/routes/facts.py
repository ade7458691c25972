"""`/api/v1/decisions`, `trades`, `orders`: what Mother AI decided and the executor did, newest first."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from libs.common.errors import NotFoundError
from services.gateway.gateway import Gateway
from services.gateway.paging import Page
from services.gateway.queries import Filter, find_fact, list_current, list_facts
from services.gateway.routes.params import Dealings, Facts, Id, Orders
from services.gateway.shapes import listed, resource
from services.gateway.tables import ORDERS


async def page_of(gateway: Gateway, query: Facts, kind: str, path: str, **more: str | None) -> dict[str, Any]:
    """Return a page of the facts of a class that a query asks for; more: further filters."""
    wanted = Filter((kind,), query.symbol, query.strategy_id, since=query.since, until=query.until, **more)
    async with gateway.read() as connection:
        facts, following = await list_facts(connection, wanted, query.limit, query.cursor)
    return Page([listed(fact, path) for fact in facts], following).body()


def router(gateway: Gateway) -> APIRouter:
    """Return the routes of facts."""
    routes = APIRouter()

    @routes.get("/decisions")
    async def decisions(query: Annotated[Dealings, Query()]) -> dict[str, Any]:
        return await page_of(gateway, query, "DecisionMade", "decisions", account=query.account)

    @routes.get("/decisions/{decision_id}")
    async def decision(decision_id: Id) -> dict[str, Any]:
        async with gateway.read() as connection:
            fact = await find_fact(connection, decision_id, "DecisionMade")
        if fact is None:
            raise NotFoundError(f"no decision {decision_id}", pointer="path/decision_id")
        return listed(fact, "decisions")

    @routes.get("/trades")
    async def trades(query: Annotated[Dealings, Query()]) -> dict[str, Any]:
        return await page_of(gateway, query, "OrderFilled", "trades", account=query.account)

    @routes.get("/orders")
    async def orders(query: Annotated[Orders, Query()]) -> dict[str, Any]:
        wanted = query.model_dump(include={"symbol", "strategy_id", "account", "state"})
        async with gateway.read() as connection:
            facts, following = await list_current(connection, ORDERS, wanted, query.limit, query.cursor)
        shown = [resource(fact.body, "orders", fact.body["order_id"], "order") for fact in facts]
        return Page(shown, following).body()

    return routes
