"""The state of paper trading as one frozen value: what has come, the books, and what waits for the next bar.

Decides nothing. The executor keeps it in memory and mirrors it in SQL; equal messages lead to equal states.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from libs.common.events import DecisionMade, Event, OrderFilled
from libs.common.events.executor import OrderState, TradingState
from libs.common.values import Side, Timeframe
from services.executor.core.money import ZERO
from services.executor.core.stage import Bar, Group, Stage
from services.executor.ledger import Transaction
from services.executor.risk import Limits, Sent
from services.executor.venues.paper import Costs


@dataclass(frozen=True, slots=True)
class Rules:
    """What the person who runs it decides: limits, costs, and what a new account starts with."""

    limits: Limits
    costs: Costs
    initial_cash: Decimal


@dataclass(frozen=True, slots=True)
class Account:
    """The money of one paper account.

    equity: as last marked. day, day_equity: the UTC day of the last closed group, date.min before the first, and the equity
    it began with.
    locked: entries are refused for the rest of the day. fees, realized: since it was opened.
    """

    name: str
    initial: Decimal
    cash: Decimal
    equity: Decimal
    day: date
    day_equity: Decimal
    opened_at: datetime
    locked: bool = False
    realized: Decimal = ZERO
    fees: Decimal = ZERO
    fill_count: int = 0


@dataclass(frozen=True, slots=True)
class Holding:
    """A symbol an account is long of, bought in one order and sold whole. cost, fee: what was paid for it."""

    account: str
    symbol: str
    strategy_id: str
    timeframe: Timeframe
    quantity: Decimal
    entry_price: float
    cost: Decimal
    fee: Decimal
    opened_at: datetime
    last_price: float


@dataclass(frozen=True, slots=True)
class Order:
    """One paper order; `requested` is the amount decided, `quote_amount` what risk left of it. missed: groups without a bar."""

    order_id: str
    decision_id: str
    root_id: str
    account: str
    strategy_id: str
    symbol: str
    timeframe: Timeframe
    side: Side
    rank: int
    requested: Decimal | None
    quote_amount: Decimal | None
    quantity: Decimal | None
    at: datetime
    reason: str
    confidence: float | None
    simulated: bool
    state: OrderState
    filled_quantity: Decimal = ZERO
    code: str | None = None
    detail: str | None = None
    ended_at: datetime | None = None
    missed: int = 0


@dataclass(frozen=True, slots=True)
class Closed:
    """The last closed group of a timeframe: its time, and its bars, also those that came after it closed."""

    at: datetime
    bars: Mapping[str, Bar]


@dataclass(frozen=True, slots=True)
class State:
    """Everything a paper account depends on.

    awaiting: the last closed group while its round is not decided. rounds: decisions counted by rounds that are known.
    holdings: by (account, symbol). pending: orders that wait for a bar. sent: orders of the last minute of event time.
    """

    trading: TradingState = "trading"
    stage: Stage = field(default_factory=Stage)
    closed: Mapping[Timeframe, Closed] = field(default_factory=dict)
    awaiting: Group | None = None
    rounds: Mapping[Group, int] = field(default_factory=dict)
    decisions: Mapping[Group, tuple[DecisionMade, ...]] = field(default_factory=dict)
    accounts: Mapping[str, Account] = field(default_factory=dict)
    holdings: Mapping[tuple[str, str], Holding] = field(default_factory=dict)
    pending: tuple[Order, ...] = ()
    sent: tuple[Sent, ...] = ()
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step leads to beside the new state: facts to publish, and what the record keeps for ever.

    orders: every state an order took, in order. alarms: what a person should look at, in plain words.
    """

    events: tuple[Event, ...] = ()
    orders: tuple[Order, ...] = ()
    fills: tuple[OrderFilled, ...] = ()
    transactions: tuple[Transaction, ...] = ()
    alarms: tuple[str, ...] = ()

    def __add__(self, other: "Outcome") -> "Outcome":
        """Return both, this one first."""
        return Outcome(
            self.events + other.events,
            self.orders + other.orders,
            self.fills + other.fills,
            self.transactions + other.transactions,
            self.alarms + other.alarms,
        )
