"""The facts ingest writes: which bars are true, and which are missing."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from libs.common.events.base import Event
from libs.common.values import (
    Identifier,
    Price,
    Symbol,
    Text,
    Timeframe,
    UtcTime,
    Volume,
    derive_id,
)


class BarClosed(Event):
    """A closed bar; `at` is its close time. One (symbol, timeframe, open time) has one id for ever."""

    subject: ClassVar[str] = "prices.{symbol}"
    symbol: Symbol
    timeframe: Timeframe
    open_time: UtcTime
    close_time: UtcTime
    open: Price
    high: Price
    low: Price
    close: Price
    volume: Volume
    source: Annotated[str, Field(max_length=64)]
    simulated: bool = False

    @staticmethod
    def key_of(symbol: str, timeframe: str, open_time: UtcTime) -> str:
        """Return the natural key that names a bar."""
        return f"{symbol}|{timeframe}|{open_time.isoformat()}"

    @classmethod
    def id_of(cls, symbol: str, timeframe: str, open_time: UtcTime) -> str:
        """Return the event id of a bar without having the bar."""
        return derive_id("", cls.__name__, cls.key_of(symbol, timeframe, open_time))

    @model_validator(mode="after")
    def _is_a_bar(self) -> "BarClosed":
        if not self.low <= min(self.open, self.close) <= max(self.open, self.close) <= self.high:
            raise ValueError("low <= open, close <= high does not hold")
        if self.close_time <= self.open_time:
            raise ValueError("the bar closes before it opens")
        if self.event_id != self.id_of(self.symbol, self.timeframe, self.open_time):
            raise ValueError("the id is not the one of this bar")
        return self


class GapFound(Event):
    """Bars that a source skipped, first to last missing open time."""

    subject: ClassVar[str] = "gaps.{symbol}"
    symbol: Symbol
    timeframe: Timeframe
    first_open_time: UtcTime
    last_open_time: UtcTime
    bars_missing: Annotated[int, Field(ge=1)]


class BarsImported(Event):
    """One symbol of an import has been stored."""

    subject: ClassVar[str] = "bars.imported.{symbol}"
    symbol: Symbol
    timeframe: Timeframe
    source: Annotated[str, Field(max_length=64)]
    rows_read: int
    rows_added: int
    duplicates: int
    gaps: int
    bars_missing: int
    quarantined: int = 0
    first_open_time: UtcTime
    last_open_time: UtcTime


class FundamentalsImported(Event):
    """Company figures have been stored; `version` names them all, those of earlier imports included.

    symbols, rows: of the import. fields: of the version. point_in_time: every figure of the version has the date it was known
    from. first_known, last_known: of the import's rows, None where they have no date.
    """

    subject: ClassVar[str] = "bars.fundamentals.{version}"
    version: Identifier
    source: Annotated[str, Field(max_length=64)]
    symbols: Annotated[int, Field(ge=1)]
    rows: Annotated[int, Field(ge=1)]
    fields: tuple[str, ...]
    point_in_time: bool
    first_known: UtcTime | None = None
    last_known: UtcTime | None = None


class UniverseChanged(Event):
    """A named list of symbols was defined, defined anew or removed; `symbols` is empty when it was removed."""

    subject: ClassVar[str] = "bars.universe.{name}"
    name: Identifier
    version: Identifier
    symbols: tuple[Symbol, ...]
    state: Literal["defined", "removed"]
    origin: Text = ""


class FeedChanged(Event):
    """What a feed is doing for a watch: started, finished, failed."""

    subject: ClassVar[str] = "bars.feed.{watch_id}"
    watch_id: Identifier
    symbols: tuple[Symbol, ...]
    timeframe: Timeframe
    state: Literal["started", "finished", "stopped", "failed"]
    source: str
    simulated: bool
    bars_published: int = 0
    detail: Text = ""
