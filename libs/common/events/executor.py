"""The facts the executor writes: orders, fills, books and the trading state."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from libs.common.events.base import Event, Part
from libs.common.values import (
    Amount,
    Fraction,
    Identifier,
    Money,
    Price,
    Side,
    Symbol,
    Text,
    Timeframe,
    UtcTime,
)

OrderState = Literal[
    "intent", "submitting", "acked", "partial", "filled", "canceled", "rejected", "expired", "unknown", "refused"
]
TradingState = Literal["trading", "reducing", "halted"]


class OrderChanged(Event):
    """One state of one order; `order_id` is the client order id. `code` says why a refused or expired order ended."""

    subject: ClassVar[str] = "orders.{symbol}"
    order_id: Identifier
    decision_id: str
    strategy_id: Identifier
    account: Identifier
    symbol: Symbol
    timeframe: Timeframe
    side: Side
    type: Literal["market"] = "market"
    state: OrderState
    quote_amount: Amount | None = None
    quantity: Amount | None = None
    filled_quantity: Amount
    code: str | None = None
    detail: Text | None = None
    simulated: bool = False


class OrderFilled(Event):
    """A trade that happened; `event_id` is the trade id, `at` the time of the fill.

    cost: quantity x price rounded to the money step; fee in `fee_asset`. A sell carries what it closed:
    entry_price (average), entry_at, realized_pnl (after both fees).
    """

    subject: ClassVar[str] = "fills.{symbol}"
    order_id: Identifier
    decision_id: str
    strategy_id: Identifier
    account: Identifier
    venue: Annotated[str, Field(max_length=32)]
    symbol: Symbol
    timeframe: Timeframe
    side: Side
    quantity: Amount
    price: Price
    cost: Amount
    fee: Amount
    fee_asset: Annotated[str, Field(max_length=16)]
    entry_price: Price | None = None
    entry_at: UtcTime | None = None
    realized_pnl: Money | None = None
    reasoning: Text
    confidence: Fraction | None
    simulated: bool = False


class Position(Part):
    """A holding of one account and one strategy, marked at `last_price`."""

    symbol: Symbol
    strategy_id: Identifier
    timeframe: Timeframe | None = None
    quantity: Amount
    average_price: Price
    last_price: Price
    open_pnl: Money
    opened_at: UtcTime


class PortfolioChanged(Event):
    """The books of one account after all bars of `timeframe` that closed at `at`.

    fill_count: fills of this account so far; Mother AI waits until it has seen as many.
    """

    subject: ClassVar[str] = "portfolio.{account}"
    account: Identifier
    timeframe: Timeframe
    cash: Amount
    equity: Money
    positions: tuple[Position, ...]
    realized_pnl: Money
    open_pnl: Money
    fees_paid: Amount
    fill_count: Annotated[int, Field(ge=0)]
    initial_cash: Amount
    simulated: bool = False


class ControlChanged(Event):
    """The trading state: trading, reducing (exits only) or halted (nothing leaves)."""

    subject: ClassVar[str] = "control.{name}"
    name: Literal["trading"] = "trading"
    state: TradingState
    reason: Text
    changed_by: Annotated[str, Field(max_length=64)] = ""
