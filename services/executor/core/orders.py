"""The life of a paper order: from a decision to an intent or a refusal, and from the next bar to a fill.

Every id derives from the decision, so the same decision always leads to the same order and the same fill.
"""

import base64
import hashlib
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from libs.common.errors import BadInputError
from libs.common.events import DecisionMade, OrderChanged, OrderFilled, RoundDecided
from libs.common.events.executor import OrderState
from libs.common.values import Side, Stage, derive_id, quote_asset
from services.executor.core.money import LARGEST, ZERO, is_payable, settled
from services.executor.core.stage import Bar, Group
from services.executor.core.state import Holding, Order, Outcome, State
from services.executor.risk import Limits, Request, Ruling, View, judge
from services.executor.venues import paper

MAX_DECISIONS = 1_000_000
"""Most decisions a round may count."""


def client_order_id(decision_id: str, leg: str = "0") -> str:
    """Return `sn-` and 24 base32 characters of the hash of decision and leg."""
    digest = hashlib.sha256(f"{decision_id}|{leg}".encode()).digest()
    return "sn-" + base64.b32encode(digest)[:24].decode()


def flaw_of(decision: DecisionMade) -> Ruling | None:
    """Return the refusal of a decision that nobody could carry out, whatever the books say; None for any other."""
    amount = decision.quote_amount
    if decision.stage is Stage.ALERT:
        return Ruling(None, "decision.stage", "an alert is never an order")
    if decision.rank > MAX_DECISIONS:
        return Ruling(None, "decision.rank", f"a round has at most {MAX_DECISIONS} decisions, not {decision.rank}")
    if decision.action is Side.SELL and amount is not None:
        return Ruling(None, "decision.amount", f"a sell closes the whole holding and has no amount such as {amount:f}")
    if decision.action is Side.BUY and not amount:
        return Ruling(None, "decision.amount", "a buy needs an amount above 0")
    if amount is not None and amount > LARGEST:
        return Ruling(None, "decision.amount", f"no order is worth more than {LARGEST}, not {amount:f}")
    return None


def check_round(decided: RoundDecided) -> None:
    """Raise BadInputError for a round that counts more decisions than a round can have."""
    if decided.decisions > MAX_DECISIONS:
        raise BadInputError(
            f"a round has at most {MAX_DECISIONS} decisions", code="round.decisions", pointer="/decisions"
        )


def order_of(decision: DecisionMade, ruling: Ruling, quantity: Decimal | None = None) -> Order:
    """Return the order a ruling makes of a decision: intent, or refused; without an amount that books could not hold."""
    refused = ruling.code is not None
    return Order(
        order_id=client_order_id(decision.event_id),
        decision_id=decision.event_id,
        root_id=decision.root_id,
        account=decision.account,
        strategy_id=decision.strategy_id,
        symbol=decision.symbol,
        timeframe=decision.timeframe,
        side=decision.action,
        rank=min(decision.rank, MAX_DECISIONS),
        requested=_amount(decision),
        quote_amount=_amount(decision) if refused else ruling.amount,
        quantity=None if refused else quantity,
        at=decision.at,
        reason=decision.reason,
        confidence=decision.confidence,
        simulated=decision.simulated,
        state="refused" if refused else "intent",
        code=ruling.code,
        detail=ruling.detail,
        ended_at=decision.at if refused else None,
    )


def ruling_on(decision: DecisionMade, state: State, limits: Limits) -> Ruling:
    """Return what risk says of a decision against the books as they are."""
    if decision.stage is Stage.LIVE:
        return Ruling(None, "live.not_available", "this executor trades on paper only")
    request = Request(decision.symbol, decision.action, _amount(decision), decision.price, decision.at)
    return judge(request, _view(decision, state), limits)


def ended(order: Order, state: OrderState, at: datetime, code: str | None = None, detail: str | None = None) -> Order:
    """Return the order in its last state."""
    return replace(order, state=state, ended_at=at, code=code, detail=detail or order.detail)


def reported(order: Order) -> Outcome:
    """Return the outcome of an order having come into its present state."""
    return Outcome(events=(changed(order),), orders=(order,))


def changed(order: Order) -> OrderChanged:
    """Return the fact that the order is in its present state; one state of one order has one id."""
    return OrderChanged(
        event_id=derive_id(order.decision_id, OrderChanged.__name__, order.state),
        caused_by=order.decision_id,
        root_id=order.root_id,
        at=order.ended_at or order.at,
        order_id=order.order_id,
        decision_id=order.decision_id,
        strategy_id=order.strategy_id,
        account=order.account,
        symbol=order.symbol,
        timeframe=order.timeframe,
        side=order.side,
        state=order.state,
        quote_amount=order.quote_amount,
        quantity=order.quantity,
        filled_quantity=order.filled_quantity,
        code=order.code,
        detail=order.detail,
        simulated=order.simulated,
    )


def execute(order: Order, bar: Bar, holding: Holding | None, costs: paper.Costs) -> tuple[Order, OrderFilled | None]:
    """Return the order after it met its bar, filled or rejected, and the fill, caused by the order's intent."""
    execution = _execution(order, bar, holding, costs)
    if execution is None:
        return unbookable(order, bar), None
    done = replace(
        ended(order, "filled", bar.open_time),
        filled_quantity=execution.quantity,
        quantity=execution.quantity,
        simulated=order.simulated or bar.simulated,
    )
    closing = _closing(holding, execution) if order.side is Side.SELL and holding else {}
    return done, OrderFilled.after(
        changed(order),
        at=bar.open_time,
        order_id=order.order_id,
        decision_id=order.decision_id,
        strategy_id=order.strategy_id,
        account=order.account,
        venue=paper.VENUE,
        symbol=order.symbol,
        timeframe=order.timeframe,
        side=order.side,
        quantity=execution.quantity,
        price=execution.price,
        cost=execution.cost,
        fee=execution.fee,
        fee_asset=quote_asset(order.symbol),
        reasoning=order.reason,
        confidence=order.confidence,
        simulated=done.simulated,
        **closing,
    )


def unbookable(order: Order, bar: Bar) -> Order:
    """Return the order as rejected because nothing of a size that books can hold could be traded at its bar."""
    return ended(order, "rejected", bar.open_time, "order.size", "no quantity that books can hold can be traded")


def _amount(decision: DecisionMade) -> Decimal | None:
    amount = decision.quote_amount
    return None if amount is None or amount > LARGEST else settled(amount)


def _execution(order: Order, bar: Bar, holding: Holding | None, costs: paper.Costs) -> paper.Execution | None:
    if order.side is Side.BUY:
        return paper.buy(order.quote_amount or ZERO, bar.open, costs)
    return paper.sell(holding.quantity, bar.open, costs) if holding else None


def _closing(holding: Holding, execution: paper.Execution) -> dict[str, Any]:
    paid = holding.cost + holding.fee
    return {
        "entry_price": holding.entry_price,
        "entry_at": holding.opened_at,
        "realized_pnl": execution.cost - execution.fee - paid,
    }


def _view(decision: DecisionMade, state: State) -> View:
    account = state.accounts[decision.account]
    pending = [order for order in state.pending if order.account == account.name]
    buys = [order for order in pending if order.side is Side.BUY]
    held = {symbol for name, symbol in state.holdings if name == account.name}
    holding = state.holdings.get((account.name, decision.symbol))
    bar = state.closed[decision.timeframe].bars.get(decision.symbol)
    entries = held | {order.symbol for order in buys}
    return View(
        trading=state.trading,
        equity=account.equity,
        free_cash=account.cash - sum((order.quote_amount or ZERO for order in buys), ZERO),
        entries=len(entries),
        is_long=decision.symbol in entries,
        can_sell=holding is not None,
        is_owner=holding is not None and holding.strategy_id == decision.strategy_id,
        is_selling=any(order.side is Side.SELL and order.symbol == decision.symbol for order in pending),
        is_locked=account.locked,
        is_payable=is_payable(decision.symbol),
        mark=bar.close if bar else None,
        sent=tuple(sent for sent in state.sent if sent.account == account.name),
    )


def group_of(decision: DecisionMade) -> Group:
    """Return the group whose round the decision belongs to."""
    return Group(decision.at, decision.timeframe)
