"""Messages and rules with defaults, for the executor's tests."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from libs.common.events import BarClosed, DecisionMade, Event, RoundDecided, StrategyPromoted
from libs.common.values import Side, Stage, Timeframe
from services.executor.core import groups
from services.executor.core.books import open_account
from services.executor.core.stage import Bar
from services.executor.core.state import Outcome, Rules, State
from services.executor.risk import Limits
from services.executor.venues.paper import Costs

START = datetime(2024, 1, 1, tzinfo=UTC)
H1 = Timeframe.H1
Kind = TypeVar("Kind", bound=Event)
NO_LIMITS = Limits(1.0, 1.0, 0, 0, 0, 1.0, 1.0, Decimal("0.00000001"))


def rules(limits: Limits | None = None, **costs: float) -> Rules:
    return Rules(limits or NO_LIMITS, Costs(**costs), Decimal(10_000))


def at(number: float, timeframe: Timeframe = H1) -> datetime:
    """Close time of bar `number` (from 1)."""
    return START + number * timeframe.length


def bar(number: int, symbol: str = "BTCUSDT", *, timeframe: Timeframe = H1, **fields: Any) -> BarClosed:
    opened = fields.pop("open", 100.0)
    closed = fields.pop("close", opened)
    close_time = at(number, timeframe)
    open_time = close_time - timeframe.length
    return BarClosed.first(
        key=BarClosed.key_of(symbol, timeframe, open_time),
        at=close_time,
        symbol=symbol,
        timeframe=timeframe,
        open_time=open_time,
        close_time=close_time,
        open=opened,
        high=max(opened, closed),
        low=min(opened, closed),
        close=closed,
        volume=1.0,
        source="test",
        **fields,
    )


def decision(number: int, symbol: str = "BTCUSDT", side: Side = Side.BUY, **fields: Any) -> DecisionMade:
    timeframe = fields.pop("timeframe", H1)
    account = fields.pop("account", "paper")
    amount = fields.pop("quote_amount", Decimal(1_000) if side is Side.BUY else None)
    when = at(number, timeframe)
    values: dict[str, Any] = {
        "strategy_id": "rsi",
        "stage": Stage.PAPER,
        "price": 100.0,
        "confidence": 0.6,
        "win_rate": 0.5,
        "score": 0.56,
        "rank": 1,
        "reason": "it scored best",
        "considered": (),
        "considered_count": 1,
        "valid_until": when + 2 * timeframe.length,
        **fields,
    }
    return DecisionMade.first(
        key=f"{account}|{symbol}|{timeframe}|{number}|{side}|{values['rank']}",
        at=when,
        account=account,
        symbol=symbol,
        timeframe=timeframe,
        action=side,
        quote_amount=amount,
        **values,
    )


def round_(number: int, decisions: int = 0, timeframe: Timeframe = H1) -> RoundDecided:
    when = at(number, timeframe)
    return RoundDecided.first(
        key=f"{timeframe}|{number}", at=when, timeframe=timeframe, decisions=decisions, considered=decisions
    )


def promoted(account: str, when: datetime = START) -> StrategyPromoted:
    return StrategyPromoted.first(
        key=account,
        at=when,
        strategy_id=f"of-{account}",
        lineage_id="l",
        family_id="f",
        kind="rules.json",
        name="test",
        code_hash="h",
        symbols=("BTCUSDT",),
        timeframe=H1,
        stage=Stage.PAPER,
        account=account,
    )


def fold(messages: list[Any], by: Rules | None = None, state: State | None = None) -> tuple[State, Outcome]:
    """Run messages through the core, as the handlers do."""
    by = by or rules()
    state, total = state or State(), Outcome()
    for message in messages:
        extra = Outcome()
        match message:
            case BarClosed():
                state = groups.take_bar(state, Bar.of(message))
            case DecisionMade():
                state, extra = groups.take_decision(state, message)
            case RoundDecided():
                state = groups.take_round(state, message)
            case StrategyPromoted():
                state, extra = open_account(state, message.account, message.at, by)
        state, outcome = groups.close_ready_groups(state, by)
        total = total + extra + outcome
    return state, total


def of(kind: type[Kind], events: Any) -> list[Kind]:
    return [event for event in events if isinstance(event, kind)]


def hours(number: float) -> timedelta:
    return timedelta(hours=number)
