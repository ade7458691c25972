"""Proves the books: the journal against itself, against the balances, the positions, the fills and the accounts."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.values import base_asset, to_units
from services.executor.ledger import OWNED, sums
from services.executor.tables import ACCOUNTS, BALANCES, FILLS, JOURNAL, POSITIONS


@dataclass(frozen=True)
class Imbalance:
    """Two figures that should be equal and are not, in hundred-millionths."""

    what: str
    subject: tuple[str, ...]
    expected: int
    found: int


async def audit(connection: AsyncConnection) -> list[Imbalance]:
    """Return every imbalance of the books, none if they are sound."""
    journal = await _sums(connection, JOURNAL.c.account, JOURNAL.c.asset, JOURNAL.c.bucket)
    balances = await _map(connection, select(BALANCES.c.account, BALANCES.c.asset, BALANCES.c.bucket, BALANCES.c.units))
    owned = {key: units for key, units in journal.items() if key[2] in OWNED}
    holdings = {key[:2]: units for key, units in owned.items() if key[2] == "holding"}
    transactions = await _sums(connection, JOURNAL.c.transaction_id, JOURNAL.c.asset)
    return [
        *_compare("debits and credits of a transaction", dict.fromkeys(transactions, 0), transactions),
        *_compare("balance and journal", owned, balances),
        *_compare("position and journal", holdings, await _positions(connection)),
        *_compare("fills and journal", holdings, await _filled(connection)),
        *_compare("fees of the fills and of the account", await _paid(connection), await _fees(connection)),
        *_compare("nothing below zero", {k: max(units, 0) for k, units in balances.items()}, balances),
    ]


def _compare(what: str, expected: dict[Any, int], found: dict[Any, int]) -> list[Imbalance]:
    keys = sorted(expected.keys() | found.keys())
    pairs = [(key, expected.get(key, 0), found.get(key, 0)) for key in keys]
    return [Imbalance(what, tuple(key), wanted, is_) for key, wanted, is_ in pairs if wanted != is_]


async def _sums(connection: AsyncConnection, *keys: Any) -> dict[Any, int]:
    return await _map(connection, select(*keys, func.sum(JOURNAL.c.units)).group_by(*keys))


async def _map(connection: AsyncConnection, query: Any) -> dict[Any, int]:
    return {tuple(row[:-1]): int(row[-1]) for row in await connection.execute(query)}


async def _positions(connection: AsyncConnection) -> dict[Any, int]:
    rows = await connection.execute(select(POSITIONS.c.account, POSITIONS.c.symbol, POSITIONS.c.quantity))
    return _by_asset((row.account, row.symbol, to_units(row.quantity)) for row in rows)


async def _filled(connection: AsyncConnection) -> dict[Any, int]:
    signed = case((FILLS.c.side == "buy", FILLS.c.quantity), else_=-FILLS.c.quantity)
    rows = await connection.execute(select(FILLS.c.account, FILLS.c.symbol, signed.label("quantity")))
    return _by_asset((row.account, row.symbol, to_units(row.quantity)) for row in rows)


async def _paid(connection: AsyncConnection) -> dict[Any, int]:
    rows = await connection.execute(select(FILLS.c.account, FILLS.c.fee))
    return sums(((row.account,), to_units(row.fee)) for row in rows)


async def _fees(connection: AsyncConnection) -> dict[Any, int]:
    rows = await connection.execute(select(ACCOUNTS.c.account, ACCOUNTS.c.fees))
    return {(row.account,): to_units(row.fees) for row in rows}


def _by_asset(rows: Iterable[tuple[str, str, int]]) -> dict[Any, int]:
    return sums(((account, base_asset(symbol)), units) for account, symbol, units in rows)
