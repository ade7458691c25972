"""Double entry: every movement of money and goods as entries that sum to zero per asset.

Pure. Amounts are whole hundred-millionths. `cash` and `holding` are what an account has and may never be negative;
`equity` (what was put in), `market` (what was traded) and `fees` are where it came from and went to.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeVar

from libs.common.errors import PermanentError
from libs.common.values import to_units

Bucket = Literal["cash", "holding", "equity", "market", "fees"]
Key = TypeVar("Key")

OWNED: tuple[Bucket, ...] = ("cash", "holding")
"""The buckets whose sums are what an account has."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A movement of `units` hundred-millionths of `asset` into (or, negative, out of) one bucket of an account."""

    account: str
    asset: str
    bucket: Bucket
    units: int


@dataclass(frozen=True, slots=True)
class Transaction:
    """Entries that belong together; raises PermanentError `ledger.unbalanced` if an asset does not sum to zero."""

    id: str
    at: datetime
    entries: tuple[Entry, ...]

    def __post_init__(self) -> None:
        """Refuse to exist unbalanced."""
        for asset, units in sums((entry.asset, entry.units) for entry in self.entries).items():
            if units:
                raise PermanentError(
                    f"transaction {self.id}: {asset} is off by {units} units", code="ledger.unbalanced"
                )


@dataclass(frozen=True, slots=True)
class Trade:
    """What a fill moved: quantity of `asset`, its cost in `cash_asset`, and the fee in `cash_asset`."""

    account: str
    asset: str
    cash_asset: str
    quantity: Decimal
    cost: Decimal
    fee: Decimal


def deposit(transaction_id: str, at: datetime, account: str, asset: str, amount: Decimal) -> Transaction:
    """Return the transaction that puts `amount` into an account."""
    units = to_units(amount)
    return Transaction(
        transaction_id, at, (Entry(account, asset, "cash", units), Entry(account, asset, "equity", -units))
    )


def bought(transaction_id: str, at: datetime, trade: Trade) -> Transaction:
    """Return the transaction of a buy: cash pays cost and fee, the holding gets the quantity."""
    return _traded(transaction_id, at, trade, direction=1)


def sold(transaction_id: str, at: datetime, trade: Trade) -> Transaction:
    """Return the transaction of a sell: the holding gives the quantity, cash gets the cost less the fee."""
    return _traded(transaction_id, at, trade, direction=-1)


def sums(pairs: Iterable[tuple[Key, int]]) -> dict[Key, int]:
    """Return the total of each key."""
    totals: dict[Key, int] = {}
    for key, units in pairs:
        totals[key] = totals.get(key, 0) + units
    return totals


def _traded(transaction_id: str, at: datetime, trade: Trade, *, direction: int) -> Transaction:
    goods = direction * to_units(trade.quantity)
    cost = direction * to_units(trade.cost)
    fee = to_units(trade.fee)
    moves: tuple[tuple[str, Bucket, int], ...] = (
        (trade.asset, "holding", goods),
        (trade.asset, "market", -goods),
        (trade.cash_asset, "cash", -cost - fee),
        (trade.cash_asset, "market", cost),
        (trade.cash_asset, "fees", fee),
    )
    return Transaction(transaction_id, at, tuple(Entry(trade.account, *move) for move in moves))
