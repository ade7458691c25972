"""What is inside a backtest's report: the whole of it as JSON or as a page, its series, trades, signals and checks; several beside each other."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from libs.common.values import to_epoch_ms
from services.gateway.backtests import checks, html_page, parse_report, read_report, signal_log, trade_log
from services.gateway.compared import MOST, compared
from services.gateway.gateway import Gateway
from services.gateway.paging import Page, decode, encode
from services.gateway.queries import Body
from services.gateway.routes.params import ID_PATTERN, Id, Paged, QuerySymbol, QueryTime
from services.gateway.series import COLUMNS, window

T = TypeVar("T")

PAGE_POLICY = "sandbox allow-scripts allow-downloads; frame-ancestors 'none'"
"""The page brings its own policy; this takes its origin away as well, so no script in it could ever speak to the gateway."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.split(",")))


def _columns(text: str) -> str:
    if not set(_words(text)) <= set(COLUMNS):
        raise ValueError(f"columns are {', '.join(COLUMNS)}")
    return text


def _ids(text: str) -> str:
    if not 2 <= len(_words(text)) <= MOST:
        raise ValueError(f"give 2 to {MOST} different ids, with commas between")
    return text


class Window(BaseModel):
    """Part of a curve: start <= open time < end, so many points at most, these columns with commas between."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: Annotated[QueryTime | None, Field(alias="from")] = None
    end: Annotated[QueryTime | None, Field(alias="to")] = None
    max_points: Annotated[int, Field(ge=10, le=50_000)] = 2_000
    columns: Annotated[str, Field(max_length=64), AfterValidator(_columns)] = ",".join(COLUMNS)


class Changes(Paged):
    """A page of signals, of one symbol or all."""

    symbol: QuerySymbol | None = None


class Compared(BaseModel):
    """Backtests to put side by side, with commas between."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ids: Annotated[
        str, Field(pattern=f"^{ID_PATTERN[1:-1]}(,{ID_PATTERN[1:-1]})*$", max_length=400), AfterValidator(_ids)
    ]


Find = Callable[[str], Awaitable[Body]]
"""The summary of a completed backtest by its id; raises NotFoundError, ConflictError for one that failed."""


def add(routes: APIRouter, gateway: Gateway, find: Find) -> None:
    """Add these routes below `/backtests`; before `/{backtest_id}`, which would take `compare` for an id."""
    _whole(routes, gateway, find)
    _parts(routes, gateway, find)


def _whole(routes: APIRouter, gateway: Gateway, find: Find) -> None:
    root = gateway.settings.reports_dir

    @routes.get("/compare")
    async def compare(query: Annotated[Compared, Query()]) -> dict[str, Any]:
        return compared([await find(name) for name in _words(query.ids)])

    @routes.get("/{backtest_id}/report.json")
    async def report(backtest_id: Id) -> Response:
        summary = await find(backtest_id)
        raw = await asyncio.to_thread(read_report, root, summary["report_key"])
        return Response(raw, media_type="application/json")

    @routes.get("/{backtest_id}/report.html")
    async def html(backtest_id: Id) -> Response:
        summary = await find(backtest_id)
        made = await asyncio.to_thread(html_page, root, summary["report_key"])
        return Response(made, media_type="text/html", headers={"Content-Security-Policy": PAGE_POLICY})


def _parts(routes: APIRouter, gateway: Gateway, find: Find) -> None:
    async def told(backtest_id: str, act: Callable[[dict[str, Any]], T]) -> T:
        key = (await find(backtest_id))["report_key"]
        return await asyncio.to_thread(lambda: act(parse_report(gateway.settings.reports_dir, key)))

    @routes.get("/{backtest_id}/series")
    async def series(backtest_id: Id, query: Annotated[Window, Query()]) -> dict[str, Any]:
        start, end = (None if at is None else to_epoch_ms(at) for at in (query.start, query.end))
        cut = await told(
            backtest_id, lambda report: window(report, _words(query.columns), start, end, query.max_points)
        )
        return {"backtest_id": backtest_id, **cut}

    @routes.get("/{backtest_id}/trades")
    async def trades(backtest_id: Id, query: Annotated[Paged, Query()]) -> dict[str, Any]:
        return _page(await told(backtest_id, trade_log), query)

    @routes.get("/{backtest_id}/signals")
    async def signals(backtest_id: Id, query: Annotated[Changes, Query()]) -> dict[str, Any]:
        return _page(await told(backtest_id, lambda report: signal_log(report, query.symbol)), query)

    @routes.get("/{backtest_id}/checks")
    async def verdict(backtest_id: Id) -> dict[str, Any]:
        return {"backtest_id": backtest_id, **await told(backtest_id, checks)}


def _page(log: list[dict[str, Any]], query: Paged) -> dict[str, Any]:
    start = decode(query.cursor, (int,))[0] if query.cursor else 0
    page = log[start : start + query.limit]
    end = start + len(page)
    return Page(page, encode(end) if end < len(log) else None).body()
