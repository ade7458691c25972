"""Risk: the checks every order passes in line, each with a code of its own. Pure; nothing goes around it.

Entries are cut or refused. An exit lowers the risk, so only a halt, an empty holding or a sale under way stops it: no lock,
rate, price or size ever does. A fraction of 1 and a count of 0 mean no limit, of positions 500.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal

from libs.common.events.executor import TradingState
from libs.common.values import MONEY_STEP, Side

MINUTE = timedelta(minutes=1)
DUPLICATE_WINDOW = timedelta(seconds=5)

MOST_POSITIONS = 500
"""Most positions of an account under any limit: the books of an account travel as one message of at most 256 KiB."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Fractions in (0, 1], counts >= 0, min_notional in the quote asset. Rates count orders in 60 s of the account's clock."""

    order_fraction: float = 0.10
    position_fraction: float = 0.25
    open_positions: int = 10
    orders_per_minute: int = 30
    symbol_orders_per_minute: int = 10
    price_collar: float = 0.02
    daily_loss: float = 0.03
    min_notional: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Sent:
    """An order an account has already let go; `amount` as it was decided."""

    account: str
    at: datetime
    symbol: str
    side: Side
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class Request:
    """What a decision asks for at round time `at`; `amount` is null for a sell; `price` is the close it was decided on."""

    symbol: str
    side: Side
    amount: Decimal | None
    price: float
    at: datetime


@dataclass(frozen=True, slots=True)
class View:
    """The account as it is when the request is judged.

    free_cash: cash not promised to pending buys. entries: holdings and pending buys. is_long: holds the symbol or is about to.
    can_sell: holds it. is_owner: what it holds was bought by the strategy that asks. is_selling: a sale is pending.
    mark: close of the symbol's bar of this round, null without one. is_payable: the account's cash can pay for the symbol. sent: this account's orders of the last minute.
    """

    trading: TradingState
    equity: Decimal
    free_cash: Decimal
    entries: int
    is_long: bool
    can_sell: bool
    is_owner: bool
    is_selling: bool
    is_locked: bool
    is_payable: bool
    mark: float | None
    sent: tuple[Sent, ...]


@dataclass(frozen=True, slots=True)
class Ruling:
    """code null: allowed, for `amount`; else refused. detail: why refused, or what was cut."""

    amount: Decimal | None
    code: str | None = None
    detail: str | None = None


def judge(request: Request, view: View, limits: Limits) -> Ruling:
    """Return whether the order may leave and how big; a refusal always has a code and a sentence."""
    stop = _exit_stop(view) if request.side is Side.SELL else _entry_stop(request, view, limits)
    if stop:
        return Ruling(None, *stop)
    return Ruling(None) if request.amount is None else _sized(request.amount, view, limits)


def has_lost_the_day(day_equity: Decimal, equity: Decimal, limits: Limits) -> bool:
    """Tell whether the loss since the start of the UTC day has reached the daily limit."""
    return limits.daily_loss < 1 and day_equity - equity >= _share(day_equity, limits.daily_loss) > 0


def _exit_stop(view: View) -> tuple[str, str] | None:
    if view.trading == "halted":
        return "trading.halted", "trading is halted, nothing leaves"
    if not view.can_sell:
        return "risk.nothing_to_sell", "the account does not hold the symbol"
    if not view.is_owner:
        return "risk.not_owner", "another strategy bought the holding, only that one may close it"
    if view.is_selling:
        return "risk.duplicate", "a sale of the holding is already under way"
    return None


def _entry_stop(request: Request, view: View, limits: Limits) -> tuple[str, str] | None:
    return _state_stop(view) or _price_stop(request, view, limits) or _flow_stop(request, view, limits)


def _state_stop(view: View) -> tuple[str, str] | None:
    if view.trading != "trading":
        return f"trading.{view.trading}", f"trading is {view.trading}, no entry leaves"
    if not view.is_payable:
        return (
            "risk.quote_asset",
            "paper accounts pay in dollars and dollar coins, and buy anything but dollars with them",
        )
    if view.is_locked:
        return "risk.daily_loss", "the daily loss limit is reached, entries wait for the next UTC day"
    return None


def _price_stop(request: Request, view: View, limits: Limits) -> tuple[str, str] | None:
    if view.mark is None:
        return "risk.stale_price", "there is no bar of the symbol at the time of the decision"
    away = abs(request.price - view.mark) / view.mark
    if limits.price_collar < 1 and away > limits.price_collar:
        return "risk.price_collar", f"decided at {request.price}, the last price is {view.mark}"
    return None


def _flow_stop(request: Request, view: View, limits: Limits) -> tuple[str, str] | None:
    same = (request.symbol, request.side, request.amount)
    if any((s.symbol, s.side, s.amount) == same and abs(request.at - s.at) < DUPLICATE_WINDOW for s in view.sent):
        return "risk.duplicate", "the same order left less than 5 s ago"
    if view.is_long:
        return "risk.already_long", "a buy while long is a hold"
    recent = [s for s in view.sent if abs(request.at - s.at) < MINUTE]
    of_symbol = sum(s.symbol == request.symbol for s in recent)
    if 0 < limits.symbol_orders_per_minute <= of_symbol:
        return "risk.symbol_rate", f"{of_symbol} orders of the symbol in the last minute"
    if 0 < limits.orders_per_minute <= len(recent):
        return "risk.rate", f"{len(recent)} orders in the last minute"
    if view.entries >= (min(limits.open_positions, MOST_POSITIONS) or MOST_POSITIONS):
        return "risk.open_positions", f"{view.entries} positions are open"
    return None


def _sized(amount: Decimal, view: View, limits: Limits) -> Ruling:
    caps = [("risk.insufficient_cash", view.free_cash)]
    if limits.order_fraction < 1:
        caps.append(("risk.order_size", _share(view.equity, limits.order_fraction)))
    if limits.position_fraction < 1:
        caps.append(("risk.position_size", _share(view.equity, limits.position_fraction)))
    code, cap = min(caps, key=lambda named: named[1])
    allowed = min(amount, cap)
    if amount < limits.min_notional:
        return Ruling(None, "risk.min_notional", f"{amount:f} is less than the least order of {limits.min_notional:f}")
    if allowed < limits.min_notional or allowed <= 0:
        return Ruling(
            None, code, f"{cap:f} of {amount:f} is allowed, less than the least order of {limits.min_notional:f}"
        )
    return Ruling(allowed, None, f"cut from {amount:f} by {code}" if allowed < amount else None)


def _share(whole: Decimal, fraction: float) -> Decimal:
    return (whole * Decimal(str(fraction))).quantize(MONEY_STEP, ROUND_DOWN)
