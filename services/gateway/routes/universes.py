"""`/api/v1/universes` and `/api/v1/fundamentals`: the named lists of symbols, what is known of companies, and orders to change both.

Read from the files that ingest writes beside the catalog; nothing is uploaded here.
"""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse

from libs.common.commands import DefineUniverse, ImportFundamentals, RemoveUniverse
from libs.common.errors import NotFoundError
from libs.common.values import parse_symbol, to_epoch_ms
from libs.market import figures
from libs.market.fundamentals import FIELDS, Fundamentals
from libs.market.universes import Universe, Universes
from services.gateway.backtests import utc
from services.gateway.bodies import read_object
from services.gateway.gateway import Gateway
from services.gateway.paging import Page, decode, encode
from services.gateway.routes.params import AsOf, IdempotencyKey, OfTimeframe, Paged
from services.gateway.shapes import API

Name = Annotated[str, Path(max_length=64)]


def router(gateway: Gateway) -> APIRouter:
    """Return the routes of universes and fundamentals."""
    routes = APIRouter()
    _universes(routes, gateway)
    _fundamentals(routes, gateway)
    return routes


def _universes(routes: APIRouter, gateway: Gateway) -> None:
    timeout_s = gateway.settings.body_timeout_s
    known = Universes(gateway.settings.universes_dir, gateway.catalog)

    @routes.get("/universes")
    async def universes(query: Annotated[Paged, Query()]) -> dict[str, Any]:
        after = decode(query.cursor, (str,))[0] if query.cursor else ""
        found = await asyncio.to_thread(lambda: [known.get(name) for name in sorted(known.names()) if name > after])
        shown = [_brief(universe) for universe in found[: query.limit]]
        return Page(shown, encode(shown[-1]["id"]) if len(found) > len(shown) else None).body()

    @routes.get("/universes/{name}")
    async def universe(name: Name, query: Annotated[OfTimeframe, Query()]) -> dict[str, Any]:
        timeframe = query.timeframe and query.timeframe.value
        found = await asyncio.to_thread(known.get, name, timeframe)
        body = {**_brief(found), "symbols": list(found.symbols)}
        if timeframe is not None:
            body |= {"timeframe": timeframe, "missing": list(await asyncio.to_thread(known.missing, name, timeframe))}
        return body

    @routes.post("/universes")
    async def define(request: Request, key: IdempotencyKey = None) -> JSONResponse:
        answer = await gateway.act(DefineUniverse, await read_object(request, timeout_s), key)
        return JSONResponse(answer.body(), 201, answer.headers())

    @routes.delete("/universes/{name}")
    async def remove(name: Name, key: IdempotencyKey = None) -> JSONResponse:
        answer = await gateway.act(RemoveUniverse, {"name": name}, key)
        return JSONResponse(answer.body(), headers=answer.headers())


def _brief(universe: Universe) -> dict[str, Any]:
    return {
        "id": universe.name,
        "version": universe.version,
        "symbols_total": len(universe.symbols),
        "origin": universe.origin,
        "self": f"{API}/universes/{universe.name}",
    }


class _Newest:
    """The company figures that count, opened again when there is another version."""

    def __init__(self, gateway: Gateway):
        self._root = gateway.settings.fundamentals_dir
        self._held: Fundamentals | None = None

    def open(self) -> Fundamentals:
        version = figures.current(self._root)
        if self._held is None or self._held.hash != version:
            self._held = Fundamentals(self._root, version)
        return self._held


def _fundamentals(routes: APIRouter, gateway: Gateway) -> None:
    timeout_s = gateway.settings.body_timeout_s
    newest = _Newest(gateway)

    @routes.get("/fundamentals")
    async def fundamentals() -> dict[str, Any]:
        held = await asyncio.to_thread(newest.open)
        return {
            "version": held.hash,
            "point_in_time": held.point_in_time,
            "symbols_total": len(held.symbols),
            "fields": [{"name": name, "unit": FIELDS[name]} for name in held.fields],
            "sources": list(held.sources),
        }

    @routes.get("/fundamentals/{symbol}")
    async def company(symbol: Name, query: Annotated[AsOf, Query()]) -> dict[str, Any]:
        held = await asyncio.to_thread(newest.open)
        name, at_ms = parse_symbol(symbol), to_epoch_ms(query.at or gateway.clock.now())
        rows = [row for row in held.history(name) if row[0] is None or row[0] <= at_ms]
        if not rows:
            raise NotFoundError(f"no figures of {name} were known then", code="data.no_figures", pointer="path/symbol")
        known_ms, found = rows[-1]
        return {
            "symbol": name,
            "version": held.hash,
            "point_in_time": held.is_point_in_time(name),
            "known_from": utc(known_ms),
            "figures": found,
            "self": f"{API}/fundamentals/{name}",
        }

    @routes.post("/fundamentals")
    async def import_(request: Request, key: IdempotencyKey = None) -> JSONResponse:
        answer = await gateway.act(ImportFundamentals, await read_object(request, timeout_s), key)
        return JSONResponse(answer.body(), 201, answer.headers())
