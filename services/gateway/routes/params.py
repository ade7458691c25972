"""What may stand in a query or a path: bounded, spelled once, and nothing unknown."""

from datetime import datetime
from typing import Annotated

from fastapi import Header, Path
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from libs.common.values import Domain, Timeframe, Verdict, parse_symbol, parse_timeframe
from services.gateway.bodies import parse_time
from services.gateway.paging import DEFAULT_LIMIT, MAX_LIMIT

ID_PATTERN = r"^[A-Za-z0-9_-]{1,64}$"


def _symbol(text: str) -> str:
    return parse_symbol(text)


def _time(text: str) -> datetime:
    return parse_time(text, "query")


Id = Annotated[str, Path(pattern=ID_PATTERN)]
QueryId = Annotated[str, Field(pattern=ID_PATTERN)]
QuerySymbol = Annotated[str, Field(max_length=64), AfterValidator(_symbol)]
QueryTimeframe = Annotated[Timeframe, BeforeValidator(parse_timeframe)]
QueryTime = Annotated[datetime, BeforeValidator(_time)]
Prefer = Annotated[str | None, Header(max_length=64)]
IdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key", pattern=r"^[\x21-\x7e]{1,255}$")]


class Paged(BaseModel):
    """A page of a list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    cursor: Annotated[str, Field(max_length=256)] | None = None


class Strategies(Paged):
    """Filters of strategies."""

    symbol: QuerySymbol | None = None
    verdict: Verdict | None = None
    status: Annotated[str, Field(pattern="^(proposed|judged|promoted|retired|deleted)$")] | None = None


class Backtests(Paged):
    """Filters of backtests."""

    symbol: QuerySymbol | None = None
    strategy_id: QueryId | None = None
    verdict: Verdict | None = None


class Jobs(Paged):
    """Filters of jobs."""

    mode: Annotated[str, Field(pattern="^[a-z_]{1,32}$")] | None = None
    state: Annotated[str, Field(pattern="^(running|done|failed|cancelled)$")] | None = None


class Documents(Paged):
    """Filters of documents."""

    domain: Domain | None = None


class Facts(Paged):
    """Filters that every list of facts has. since, until: bounds of the fact's time, inclusive."""

    symbol: QuerySymbol | None = None
    strategy_id: QueryId | None = None
    since: QueryTime | None = None
    until: QueryTime | None = None


class Signals(Facts):
    """Filters of signals."""

    action: Annotated[str, Field(pattern="^(buy|sell|hold)$")] | None = None


class Dealings(Facts):
    """Filters of decisions and trades."""

    account: QueryId | None = None


class Orders(Paged):
    """Filters of orders."""

    symbol: QuerySymbol | None = None
    strategy_id: QueryId | None = None
    account: QueryId | None = None
    state: (
        Annotated[
            str,
            Field(pattern="^(intent|submitting|acked|partial|filled|canceled|rejected|expired|unknown|refused)$"),
        ]
        | None
    ) = None


class Portfolio(BaseModel):
    """Which account, and how many points of its equity."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: QueryId = "paper"
    points: Annotated[int, Field(ge=0, le=MAX_LIMIT)] = 0


class Series(BaseModel):
    """A window of bars; start <= open time < end."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    symbol: QuerySymbol
    timeframe: QueryTimeframe = Timeframe.H1
    start: QueryTime | None = None
    end: QueryTime | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 500


class OfTimeframe(BaseModel):
    """Which bars, None = any."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    timeframe: QueryTimeframe | None = None


class AsOf(BaseModel):
    """At which moment, None = now."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: QueryTime | None = None


class Reason(BaseModel):
    """Why a thing is removed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: Annotated[str, Field(max_length=400)] = ""
