"""Reads of the read model: facts by filter, the newest of a kind, orders. Returns values, never rows."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Table, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.values import to_epoch_ms
from services.gateway.paging import decode, encode, moment
from services.gateway.tables import EQUITY, FACTS, LATEST

Body = dict[str, Any]


@dataclass(frozen=True)
class Fact:
    """A stored fact. seq: order of arrival; body: the fact as it came, JSON."""

    seq: int
    kind: str
    at: datetime
    body: Body


@dataclass(frozen=True)
class Filter:
    """What a list of facts is narrowed to; None does not narrow. since, until: bounds of `at`, inclusive."""

    kinds: tuple[str, ...]
    symbol: str | None = None
    strategy_id: str | None = None
    account: str | None = None
    tag: str | None = None
    since: datetime | None = None
    until: datetime | None = None


_COLUMNS = FACTS.c.seq, FACTS.c.kind, FACTS.c.at, FACTS.c.body


def _fact(row: Any) -> Fact:
    return Fact(seq=row.seq, kind=row.kind, at=row.at, body=json.loads(row.body))


async def list_facts(
    connection: AsyncConnection, wanted: Filter, limit: int, cursor: str | None = None
) -> tuple[list[Fact], str | None]:
    """Return up to `limit` facts, newest first, and the cursor of the next page."""
    query = select(*_COLUMNS).where(FACTS.c.kind.in_(wanted.kinds))
    for name in ("symbol", "strategy_id", "account", "tag"):
        value = getattr(wanted, name)
        query = query if value is None else query.where(FACTS.c[name] == value)
    query = query if wanted.since is None else query.where(FACTS.c.at >= wanted.since)
    query = query if wanted.until is None else query.where(FACTS.c.at <= wanted.until)
    if cursor is not None:
        milliseconds, seq = decode(cursor, (int, int))
        at = moment(milliseconds)
        query = query.where(or_(FACTS.c.at < at, and_(FACTS.c.at == at, FACTS.c.seq < seq)))
    query = query.order_by(FACTS.c.at.desc(), FACTS.c.seq.desc()).limit(limit + 1)
    facts = [_fact(row) for row in (await connection.execute(query)).all()]
    more = len(facts) > limit
    shown = facts[:limit]
    return shown, encode(to_epoch_ms(shown[-1].at), shown[-1].seq) if more else None


async def find_fact(connection: AsyncConnection, event_id: str, *kinds: str) -> Fact | None:
    """Return the fact of that id, of one of `kinds` if any are given; None when there is none."""
    query = select(*_COLUMNS).where(FACTS.c.event_id == event_id)
    if kinds:
        query = query.where(FACTS.c.kind.in_(kinds))
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _fact(row)


async def find_latest(connection: AsyncConnection, kind: str, name: str) -> Body | None:
    """Return the newest fact of a kind of which only the newest counts."""
    query = select(LATEST.c.body).where(LATEST.c.kind == kind, LATEST.c.name == name)
    text = (await connection.execute(query)).scalar()
    return None if text is None else json.loads(text)


async def list_latest(
    connection: AsyncConnection, kind: str, limit: int, cursor: str | None
) -> tuple[list[Body], str | None]:
    """Return the newest fact of up to `limit` names of a kind, newest first, and the cursor of the next page."""
    query = select(LATEST.c.name, LATEST.c.at, LATEST.c.body).where(LATEST.c.kind == kind)
    if cursor is not None:
        milliseconds, last = decode(cursor, (int, str))
        at = moment(milliseconds)
        query = query.where(or_(LATEST.c.at < at, and_(LATEST.c.at == at, LATEST.c.name > last)))
    query = query.order_by(LATEST.c.at.desc(), LATEST.c.name).limit(limit + 1)
    rows = (await connection.execute(query)).all()
    shown = rows[:limit]
    following = encode(to_epoch_ms(shown[-1].at), shown[-1].name) if len(rows) > limit else None
    return [json.loads(row.body) for row in shown], following


async def list_current(
    connection: AsyncConnection, table: Table, wanted: dict[str, str | None], limit: int, cursor: str | None
) -> tuple[list[Fact], str | None]:
    """Return the newest fact of up to `limit` orders or backtests, newest first, and the cursor of the next page.

    table: ORDERS or BACKTESTS. wanted: columns of it to match, None = any.
    """
    name = next(iter(table.primary_key))
    query = select(name.label("name"), FACTS.c.seq, FACTS.c.kind, table.c.at, FACTS.c.body).join(
        FACTS, FACTS.c.event_id == table.c.event_id
    )
    for column, value in wanted.items():
        query = query if value is None else query.where(table.c[column] == value)
    if cursor is not None:
        milliseconds, last = decode(cursor, (int, str))
        at = moment(milliseconds)
        query = query.where(or_(table.c.at < at, and_(table.c.at == at, name > last)))
    query = query.order_by(table.c.at.desc(), name).limit(limit + 1)
    rows = (await connection.execute(query)).all()
    shown = rows[:limit]
    following = encode(to_epoch_ms(shown[-1].at), shown[-1].name) if len(rows) > limit else None
    return [_fact(row) for row in shown], following


async def find_current(connection: AsyncConnection, table: Table, identity: str) -> Fact | None:
    """Return the newest fact of one order or backtest, or None."""
    name = next(iter(table.primary_key))
    query = select(*_COLUMNS).join(table, FACTS.c.event_id == table.c.event_id).where(name == identity)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _fact(row)


async def equity_points(connection: AsyncConnection, account: str, limit: int) -> list[Body]:
    """Return the newest `limit` equity points of an account, oldest first."""
    query: Select[Any] = (
        select(EQUITY.c.at, EQUITY.c.timeframe, EQUITY.c.equity, EQUITY.c.cash)
        .where(EQUITY.c.account == account)
        .order_by(EQUITY.c.at.desc(), EQUITY.c.timeframe)
        .limit(limit)
    )
    rows = (await connection.execute(query)).all()
    return [
        {"ts": to_epoch_ms(row.at) // 1_000, "equity": float(row.equity), "cash": float(row.cash)}
        for row in reversed(rows)
    ]


async def fills_after(connection: AsyncConnection, seq: int, limit: int) -> list[Fact]:
    """Return up to `limit` fills that arrived after `seq`, in order of arrival."""
    query = select(*_COLUMNS).where(FACTS.c.seq > seq, FACTS.c.kind == "OrderFilled").order_by(FACTS.c.seq).limit(limit)
    return [_fact(row) for row in (await connection.execute(query)).all()]


async def last_seq(connection: AsyncConnection) -> int:
    """Return the number of the newest fact, 0 without any."""
    return (await connection.execute(select(func.max(FACTS.c.seq)))).scalar() or 0


async def newest_signals(connection: AsyncConnection, symbols: list[str]) -> dict[tuple[str, str], Fact]:
    """Return the newest signal of each (symbol, strategy) of these symbols."""
    newest = (
        select(func.max(FACTS.c.seq))
        .where(FACTS.c.kind == "SignalRaised", FACTS.c.symbol.in_(symbols))
        .group_by(FACTS.c.symbol, FACTS.c.strategy_id)
    )
    query = select(*_COLUMNS).where(FACTS.c.seq.in_(newest))
    facts = [_fact(row) for row in (await connection.execute(query)).all()]
    return {(fact.body["symbol"], fact.body["strategy_id"]): fact for fact in facts}


async def gaps_by_market(connection: AsyncConnection) -> dict[tuple[str, str], tuple[int, int]]:
    """Return (gaps, bars missing) of each (symbol, timeframe) with a gap on record."""
    query = select(FACTS.c.body).where(FACTS.c.kind == "GapFound")
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for text in (await connection.scalars(query)).all():
        gap = json.loads(text)
        key = gap["symbol"], gap["timeframe"]
        count, missing = found.get(key, (0, 0))
        found[key] = count + 1, missing + gap["bars_missing"]
    return found
