"""`/api/v1/market`: the bars that are stored, and the orders to store or play more of them.

An import names a file that the ingest service can read; nothing is uploaded here.
"""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from libs.common.commands import ImportBars, UnwatchSymbols, WatchSymbols
from libs.common.errors import BadInputError
from libs.common.values import Timeframe, to_epoch_ms
from libs.market.catalog import Catalog
from services.gateway.backtests import utc
from services.gateway.bodies import read_object
from services.gateway.gateway import Gateway
from services.gateway.paging import Page, decode, encode
from services.gateway.queries import Filter, gaps_by_market, list_facts, list_latest
from services.gateway.routes.params import Id, IdempotencyKey, Paged, Series
from services.gateway.shapes import resource

_COLUMNS = ("open", "high", "low", "close", "volume")


def router(gateway: Gateway) -> APIRouter:
    """Return the routes of market data."""
    routes = APIRouter(prefix="/market")
    _bars(routes, gateway)
    _feeds(routes, gateway)
    return routes


def _bars(routes: APIRouter, gateway: Gateway) -> None:
    @routes.get("/symbols")
    async def symbols(query: Annotated[Paged, Query()]) -> dict[str, Any]:
        after = tuple(decode(query.cursor, (str, str))) if query.cursor else ("", "")
        shown, more = await asyncio.to_thread(_markets, gateway.catalog, after, query.limit)
        async with gateway.read() as connection:
            gaps = await gaps_by_market(connection)
        for market in shown:
            count, missing = gaps.get((market["symbol"], market["timeframe"]), (0, 0))
            market |= {"gaps": count, "bars_missing": missing}
        return Page(shown, encode(shown[-1]["symbol"], shown[-1]["timeframe"]) if more else None).body()

    @routes.get("/ohlcv")
    async def ohlcv(query: Annotated[Series, Query()]) -> dict[str, Any]:
        if query.start and query.end and query.start >= query.end:
            raise BadInputError("the start is not before the end", code="input.range", pointer="query/start")
        return await asyncio.to_thread(_series, gateway.catalog, query)


def _markets(catalog: Catalog, after: tuple[str, ...], limit: int) -> tuple[list[dict[str, Any]], bool]:
    names = sorted((symbol, timeframe.value) for timeframe in Timeframe for symbol in catalog.symbols(timeframe.value))
    later = [name for name in names if name > after]
    return [_market(catalog, *name) for name in later[:limit]], len(later) > limit


def _market(catalog: Catalog, symbol: str, timeframe: str) -> dict[str, Any]:
    info = catalog.info(symbol, timeframe)
    words = {"symbol": symbol, "timeframe": timeframe, "source": info.source, "simulated": info.simulated}
    times = {"first_open_time": utc(info.first_ms), "last_open_time": utc(info.last_ms)}
    return {**words, "bars": info.bars, **times}


def _series(catalog: Catalog, query: Series) -> dict[str, Any]:
    """Return the first `limit` bars from `start`, or without a start the last ones before `end`."""
    start = to_epoch_ms(query.start) if query.start else None
    end = to_epoch_ms(query.end) if query.end else None
    frame = catalog.read(query.symbol, query.timeframe.value, start, end)
    chosen = slice(0, query.limit) if query.start else slice(max(0, len(frame) - query.limit), len(frame))
    more = query.start is not None and len(frame) > query.limit
    columns: dict[str, Any] = {"ts": (frame.ts[chosen] // 1_000).tolist()}
    columns |= {name: getattr(frame, name)[chosen].tolist() for name in _COLUMNS}
    next_start = utc(int(frame.ts[query.limit])) if more else None
    return {"symbol": query.symbol, "timeframe": query.timeframe.value, **columns, "next_start": next_start}


def _feeds(routes: APIRouter, gateway: Gateway) -> None:
    timeout_s = gateway.settings.body_timeout_s

    @routes.get("/imports")
    async def imports(query: Annotated[Paged, Query()]) -> dict[str, Any]:
        async with gateway.read() as connection:
            facts, following = await list_facts(connection, Filter(("BarsImported",)), query.limit, query.cursor)
        return Page([{**fact.body, "id": fact.body["event_id"]} for fact in facts], following).body()

    @routes.post("/imports")
    async def begin_import(request: Request, key: IdempotencyKey = None) -> JSONResponse:
        answer = await gateway.act(ImportBars, await read_object(request, timeout_s), key)
        return JSONResponse(answer.body(), 201, answer.headers())

    @routes.get("/watches")
    async def watches(query: Annotated[Paged, Query()]) -> dict[str, Any]:
        async with gateway.read() as connection:
            bodies, following = await list_latest(connection, "FeedChanged", query.limit, query.cursor)
        return Page([resource(body, "market/watches", body["watch_id"]) for body in bodies], following).body()

    @routes.post("/watches")
    async def watch(request: Request, key: IdempotencyKey = None) -> JSONResponse:
        answer = await gateway.act(WatchSymbols, await read_object(request, timeout_s), key)
        return JSONResponse(answer.body(), 201, answer.headers())

    @routes.delete("/watches/{watch_id}")
    async def unwatch(watch_id: Id, key: IdempotencyKey = None) -> JSONResponse:
        answer = await gateway.act(UnwatchSymbols, {"watch_id": watch_id}, key)
        return JSONResponse(answer.body(), headers=answer.headers())
