"""The words every service shares: symbols, timeframes, money, times and derived ids.

Decides how a value is spelled and refused at the edge. Knows no event, no service and no I/O.
"""

import re
import uuid
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    Field,
    FiniteFloat,
    PlainSerializer,
    StringConstraints,
)

from libs.common.errors import BadSymbolError, BadTimeframeError

MONEY_STEP = Decimal("0.00000001")
"""Smallest unit of any asset that settles: one hundred-millionth."""

_UNITS_PER_ONE = 10**8
_ID_SPACE = uuid.UUID("5e47147e-1000-5000-8000-000000000000")
_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9_-]{0,31}")
_QUOTES = ("USDT", "USDC", "FDUSD", "TUSD", "BUSD", "USD", "EUR", "BTC", "ETH")


def _as_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time lies outside the years 1 to 9999 in UTC") from None


UtcTime = Annotated[AwareDatetime, AfterValidator(_as_utc)]
"""An aware time, always held in UTC; a naive one is refused."""

Symbol = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9_-]{0,31}$")]
Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Text = Annotated[str, StringConstraints(max_length=4_000)]
Price = Annotated[FiniteFloat, Field(gt=0)]
Volume = Annotated[FiniteFloat, Field(ge=0)]
Fraction = Annotated[FiniteFloat, Field(ge=0, le=1)]


def _plain(amount: Decimal) -> str:
    return f"{amount:f}"


Money = Annotated[
    Decimal,
    Field(allow_inf_nan=False, max_digits=28, decimal_places=8),
    PlainSerializer(_plain, return_type=str, when_used="json"),
]
"""A settled amount; in JSON a plain decimal string, never an exponent."""
Amount = Annotated[Money, Field(ge=0)]


class Timeframe(StrEnum):
    """Bar length."""

    M1 = "1m"
    M5 = "5m"
    M15 = "15m"
    H1 = "1h"
    H4 = "4h"
    D1 = "1d"

    @property
    def seconds(self) -> int:
        """Length of one bar in seconds."""
        return _SECONDS[self]

    @property
    def length(self) -> timedelta:
        """Length of one bar."""
        return timedelta(seconds=_SECONDS[self])


_SECONDS = {
    Timeframe.M1: 60,
    Timeframe.M5: 300,
    Timeframe.M15: 900,
    Timeframe.H1: 3_600,
    Timeframe.H4: 14_400,
    Timeframe.D1: 86_400,
}


class Side(StrEnum):
    """Direction of an order or a fill."""

    BUY = "buy"
    SELL = "sell"


class Action(StrEnum):
    """What a strategy says after a bar."""

    BUY = "buy"
    SELL = "sell"
    HOLD = "hold"


class Stage(StrEnum):
    """How far a strategy has been promoted."""

    ALERT = "alert"
    PAPER = "paper"
    LIVE = "live"


class Domain(StrEnum):
    """A part of the knowledge base, searched on its own or with the others."""

    TECHNICAL = "technical"
    SENTIMENT = "sentiment"
    FUNDAMENTAL = "fundamental"
    RISK = "risk"
    PAPERS = "papers"


class Verdict(StrEnum):
    """What a backtest is worth by the fixed rules, best first."""

    EXCELLENT = "excellent"
    GOOD = "good"
    AVERAGE = "average"
    POOR = "poor"
    REJECT = "reject"


def parse_symbol(text: str) -> str:
    """Return the one spelling of a symbol: `btc/usdt` -> `BTCUSDT`, `BTC-USD` -> `BTCUSD`, `BRK.B` -> `BRK-B`.

    Raises BadSymbolError for anything that is not ASCII letters, digits, `_`, `-`, one `/` or one `.`.
    """
    spelled = text.strip().upper() if text.isascii() else ""
    spelled = spelled.replace("/", "", 1).replace(".", "-", 1)
    base, dash, quote = spelled.rpartition("-")
    if dash and base and quote in _QUOTES:
        spelled = base + quote
    if not _SYMBOL.fullmatch(spelled):
        raise BadSymbolError(text)
    return spelled


def parse_timeframe(text: str) -> Timeframe:
    """Return the timeframe spelled `text`; raises BadTimeframeError naming the known ones."""
    try:
        return Timeframe(text)
    except ValueError:
        raise BadTimeframeError(text, [t.value for t in Timeframe]) from None


def quote_asset(symbol: str) -> str:
    """Return the asset a symbol is priced in; stocks and unknown endings settle in USD."""
    return next((q for q in _QUOTES if symbol.endswith(q) and len(symbol) > len(q)), "USD")


def base_asset(symbol: str) -> str:
    """Return the asset a symbol trades, `BTC` for `BTCUSDT` and the symbol itself for a stock."""
    quote = next((q for q in _QUOTES if symbol.endswith(q) and len(symbol) > len(q)), "")
    return symbol.removesuffix(quote) if quote else symbol


def derive_id(cause: str, kind: str, key: str) -> str:
    """Return the id of what `cause` leads to: the same cause, kind and key always give the same id."""
    return str(uuid.uuid5(_ID_SPACE, f"{cause}\x1f{kind}\x1f{key}"))


def to_units(amount: Decimal) -> int:
    """Return `amount` in hundred-millionths, rounded half to even."""
    return int((amount / MONEY_STEP).to_integral_value(ROUND_HALF_EVEN))


def from_units(units: int) -> Decimal:
    """Return the decimal amount of `units` hundred-millionths, without exponent or trailing zeros beyond the point."""
    return (Decimal(units) / _UNITS_PER_ONE).quantize(MONEY_STEP)


def from_epoch_ms(milliseconds: int) -> datetime:
    """Return the UTC time `milliseconds` after the epoch."""
    return datetime.fromtimestamp(milliseconds // 1_000, UTC) + timedelta(milliseconds=milliseconds % 1_000)


def to_epoch_ms(moment: datetime) -> int:
    """Return whole milliseconds since the epoch of an aware time."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
