"""Bounds the read model: what is many and old goes, what money or a verdict rests on stays."""

from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy import ColumnElement, and_, delete, select

from libs.common.bus.table import Tx
from services.gateway.tables import EQUITY, FACTS, LATEST, REQUESTS
from services.gateway.views import JOB

KEEP_PER_SYMBOL = 2_000
"""Newest signals, alerts and gaps kept per symbol (and those of the same time as the last one). A signal that became a decision stays whatever its age."""

KEEP_REQUESTS = 20_000
"""Newest Idempotency-Keys remembered."""

KEEP_EQUITY = 50_000
"""Newest equity points kept per account."""

KEEP_JOBS = 5_000
"""Newest jobs kept."""

Prune = Callable[[Tx], Awaitable[None]]

_PER_SYMBOL = ("SignalRaised", "AlertRaised", "GapFound")


async def due(tx: Tx) -> Sequence[Prune]:
    """Return the clean-ups to run, each small enough for a transaction of its own."""
    steps: list[Prune] = [_requests, _jobs]
    pairs = (
        select(FACTS.c.kind, FACTS.c.symbol).where(FACTS.c.kind.in_(_PER_SYMBOL)).distinct().order_by("kind", "symbol")
    )
    for kind, symbol in (await tx.connection.execute(pairs)).all():
        steps.append(_facts(and_(FACTS.c.kind == kind, FACTS.c.symbol == symbol), KEEP_PER_SYMBOL))
    accounts = await tx.connection.scalars(select(EQUITY.c.account).distinct().order_by(EQUITY.c.account))
    return [*steps, *(_equity(account) for account in accounts)]


def _facts(which: ColumnElement[bool], keep: int) -> Prune:
    async def prune(tx: Tx) -> None:
        last_kept = select(FACTS.c.at).where(which).order_by(FACTS.c.at.desc()).offset(keep - 1).limit(1)
        at = (await tx.connection.execute(last_kept)).scalar()
        if at is None:
            return
        decided = select(FACTS.c.caused_by).where(FACTS.c.kind == "DecisionMade", FACTS.c.caused_by.is_not(None))
        old = and_(which, FACTS.c.at < at, FACTS.c.event_id.not_in(decided))
        await tx.connection.execute(delete(FACTS).where(old))

    return prune


def _equity(account: str) -> Prune:
    async def prune(tx: Tx) -> None:
        mine = EQUITY.c.account == account
        last_kept = select(EQUITY.c.at).where(mine).order_by(EQUITY.c.at.desc()).offset(KEEP_EQUITY - 1).limit(1)
        at = (await tx.connection.execute(last_kept)).scalar()
        if at is not None:
            await tx.connection.execute(delete(EQUITY).where(mine, EQUITY.c.at < at))

    return prune


async def _requests(tx: Tx) -> None:
    last_kept = select(REQUESTS.c.at).order_by(REQUESTS.c.at.desc()).offset(KEEP_REQUESTS - 1).limit(1)
    at = (await tx.connection.execute(last_kept)).scalar()
    if at is not None:
        await tx.connection.execute(delete(REQUESTS).where(REQUESTS.c.at < at))


async def _jobs(tx: Tx) -> None:
    mine = LATEST.c.kind == JOB
    last_kept = select(LATEST.c.at).where(mine).order_by(LATEST.c.at.desc()).offset(KEEP_JOBS - 1).limit(1)
    at = (await tx.connection.execute(last_kept)).scalar()
    if at is not None:
        await tx.connection.execute(delete(LATEST).where(mine, LATEST.c.at < at))
