"""The facts agents write: what a promoted strategy says now."""

from typing import ClassVar, Literal

from pydantic import Field, FiniteFloat

from libs.common.events.base import Event
from libs.common.values import (
    Action,
    Fraction,
    Identifier,
    Price,
    Stage,
    Symbol,
    Text,
    Timeframe,
    UtcTime,
)


class SignalRaised(Event):
    """What one strategy says of one symbol after one closed bar; `at` is the bar's close time.

    confidence: earned share of winning trades, null while there is no evidence. price: the bar's close.
    stop, target: prices, null until the ATR is warm. values: the indicator values that decided. fault: code of the error for which
    the strategy has no view of this bar, null if it has one.
    """

    subject: ClassVar[str] = "signals.{symbol}"
    strategy_id: Identifier
    symbol: Symbol
    timeframe: Timeframe
    stage: Stage
    account: Identifier
    open_time: UtcTime
    action: Action
    confidence: Fraction | None
    price: Price
    stop: Price | None = None
    target: Price | None = None
    reasoning: Text
    values: dict[str, FiniteFloat | None] = Field(default_factory=dict)
    fault: str | None = None
    simulated: bool = False


class AlertRaised(Event):
    """A strategy at stage alert whose condition has just become true; never an order."""

    subject: ClassVar[str] = "alerts.{strategy_id}.{symbol}"
    strategy_id: Identifier
    symbol: Symbol
    timeframe: Timeframe
    action: Action
    message: Text
    priority: Literal["low", "normal", "high"] = "normal"
    price: Price
    simulated: bool = False
