"""Writes what a step changed: the difference between two states, and what the step led to.

Statements are put off to the end of the transaction, where neighbours of one kind run as one.
"""

from typing import Any

from sqlalchemy import bindparam, delete, insert, text, update

from libs.common.bus import Tx
from libs.common.events import ControlChanged, OrderFilled
from services.executor.core.orders import changed
from services.executor.core.stage import ASLEEP, Bar, shelf_of
from services.executor.core.state import Account, Outcome, State
from services.executor.ledger import OWNED, Transaction
from services.executor.tables import (
    ACCOUNTS,
    BALANCES,
    BARS,
    CONTROL,
    DECISIONS,
    FILLS,
    GROUPS,
    JOURNAL,
    ORDERS,
    POSITIONS,
    ROUNDS,
)

_ADD_BAR, _ADD_ROUND, _ADD_DECISION = insert(BARS), insert(ROUNDS), insert(DECISIONS)
_DROP_BARS = delete(BARS).where(BARS.c.timeframe == bindparam("of"), BARS.c.close_time < bindparam("before"))
_DROP_ROUND = delete(ROUNDS).where(ROUNDS.c.timeframe == bindparam("of"), ROUNDS.c.at == bindparam("of_at"))
_DROP_DECISIONS = delete(DECISIONS).where(
    DECISIONS.c.timeframe == bindparam("of"), DECISIONS.c.at == bindparam("of_at")
)
_ADD_GROUP, _ADD_ACCOUNT, _ADD_POSITION, _ADD_ORDER = (
    insert(GROUPS),
    insert(ACCOUNTS),
    insert(POSITIONS),
    insert(ORDERS),
)
_SET_GROUP = update(GROUPS).where(GROUPS.c.timeframe == bindparam("of"))
_SET_ACCOUNT = update(ACCOUNTS).where(ACCOUNTS.c.account == bindparam("of"))
_SET_POSITION = update(POSITIONS).where(
    POSITIONS.c.account == bindparam("of_account"), POSITIONS.c.symbol == bindparam("of_symbol")
)
_SET_ORDER = update(ORDERS).where(ORDERS.c.order_id == bindparam("of"))
_DROP_POSITION = delete(POSITIONS).where(
    POSITIONS.c.account == bindparam("of_account"), POSITIONS.c.symbol == bindparam("of_symbol")
)
_ADD_FILL, _ADD_ENTRY = insert(FILLS), insert(JOURNAL)
_OPEN_BALANCE = text(
    "INSERT INTO balances (account, asset, bucket, units) VALUES (:account, :asset, :bucket, 0) ON CONFLICT DO NOTHING"
)
_MOVE_BALANCE = (
    update(BALANCES)
    .where(
        BALANCES.c.account == bindparam("of_account"),
        BALANCES.c.asset == bindparam("of_asset"),
        BALANCES.c.bucket == bindparam("of_bucket"),
    )
    .values(units=BALANCES.c.units + bindparam("moved"))
)
_DROP_CONTROL, _ADD_CONTROL = delete(CONTROL).where(CONTROL.c.name == bindparam("of")), insert(CONTROL)


def save_bar(tx: Tx, bar: Bar) -> None:
    """Keep a bar until its group is over, and some lengths longer, in which it says that its series is awake."""
    tx.later(_ADD_BAR, **_row(bar))


def save_control(tx: Tx, control: ControlChanged) -> None:
    """Keep the trading state."""
    tx.later(_DROP_CONTROL, of=control.name)
    kept = control.model_dump(include={"name", "state", "reason", "changed_by", "event_id"})
    tx.later(_ADD_CONTROL, **kept, changed_at=control.at)


def save_step(tx: Tx, before: State, after: State, outcome: Outcome) -> None:
    """Write everything by which `after` differs from `before`, staged bars apart, and what the step led to."""
    _save_rounds(tx, before, after)
    _save_decisions(tx, before, after)
    _save_groups(tx, before, after)
    _save_accounts(tx, before, after)
    _save_positions(tx, before, after)
    _save_orders(tx, before, outcome)
    for fill in outcome.fills:
        tx.later(_ADD_FILL, **_fill_row(fill))
    _save_transactions(tx, outcome.transactions)


def account_row(account: Account) -> dict[str, Any]:
    """Return the row of an account; its cash is in the balances, its equity follows from the positions."""
    row = _row(account)
    del row["cash"], row["equity"]
    name = row.pop("name")
    return {**row, "account": name, "day": account.day.toordinal()}


def _save_rounds(tx: Tx, before: State, after: State) -> None:
    for group in before.rounds.keys() - after.rounds.keys():
        tx.later(_DROP_ROUND, of=group.timeframe, of_at=group.at)
    for group in after.rounds.keys() - before.rounds.keys():
        tx.later(_ADD_ROUND, timeframe=group.timeframe, at=group.at, decisions=after.rounds[group])


def _save_decisions(tx: Tx, before: State, after: State) -> None:
    for group in before.decisions.keys() - after.decisions.keys():
        tx.later(_DROP_DECISIONS, of=group.timeframe, of_at=group.at)
    for group, decisions in after.decisions.items():
        old = before.decisions.get(group, ())
        for decision in decisions[len(old) :]:
            body = decision.body().decode()
            tx.later(_ADD_DECISION, decision_id=decision.event_id, timeframe=group.timeframe, at=group.at, body=body)


def _save_groups(tx: Tx, before: State, after: State) -> None:
    for timeframe, closed in after.closed.items():
        old = before.closed.get(timeframe)
        awaiting = after.awaiting == (closed.at, timeframe)
        was_awaiting = old is not None and before.awaiting == (old.at, timeframe)
        values = {"closed_at": closed.at, "awaiting": awaiting, "simulated": after.simulated}
        if old is None:
            tx.later(_ADD_GROUP, timeframe=timeframe, **values)
        elif old.at != closed.at or was_awaiting != awaiting:
            tx.later(_SET_GROUP, of=timeframe, **values)
        if old is not None and shelf_of(old.at, timeframe) != shelf_of(closed.at, timeframe):
            tx.later(_DROP_BARS, of=timeframe, before=closed.at - ASLEEP * timeframe.length)


def _save_accounts(tx: Tx, before: State, after: State) -> None:
    for name, account in after.accounts.items():
        old = before.accounts.get(name)
        if old is None:
            tx.later(_ADD_ACCOUNT, **account_row(account))
        elif (account.fill_count, account.day, account.locked) != (old.fill_count, old.day, old.locked):
            tx.later(_SET_ACCOUNT, of=name, **account_row(account))


def _save_positions(tx: Tx, before: State, after: State) -> None:
    for account, symbol in before.holdings.keys() - after.holdings.keys():
        tx.later(_DROP_POSITION, of_account=account, of_symbol=symbol)
    for key, holding in after.holdings.items():
        old = before.holdings.get(key)
        if old is None:
            tx.later(_ADD_POSITION, **_row(holding))
        elif holding != old:
            tx.later(_SET_POSITION, of_account=key[0], of_symbol=key[1], **_row(holding))


def _save_orders(tx: Tx, before: State, outcome: Outcome) -> None:
    known = {order.order_id for order in before.pending}
    last = {order.order_id: order for order in outcome.orders}
    for order_id, order in last.items():
        row = {**_row(order), "event_id": changed(order).event_id}
        if order_id in known:
            tx.later(_SET_ORDER, of=order_id, **row)
        else:
            tx.later(_ADD_ORDER, **row)


def _save_transactions(tx: Tx, transactions: tuple[Transaction, ...]) -> None:
    for transaction in transactions:
        for entry in transaction.entries:
            tx.later(_ADD_ENTRY, transaction_id=transaction.id, at=transaction.at, **_row(entry))
    owned = [e for transaction in transactions for e in transaction.entries if e.bucket in OWNED]
    for entry in owned:
        tx.later(_OPEN_BALANCE, account=entry.account, asset=entry.asset, bucket=entry.bucket)
    for entry in owned:
        tx.later(
            _MOVE_BALANCE, of_account=entry.account, of_asset=entry.asset, of_bucket=entry.bucket, moved=entry.units
        )


def _row(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__slots__}


def _fill_row(fill: OrderFilled) -> dict[str, Any]:
    row = fill.model_dump(exclude={"event_id", "schema_version", "reasoning", "confidence"})
    return {**row, "trade_id": fill.event_id}
