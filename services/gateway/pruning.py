"""Bounds the read model: what is many and old goes, what money or a verdict rests on stays."""

from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy import ColumnElement, and_, delete, or_, select

from libs.common.bus.table import Tx
from services.gateway.job_views import JOB
from services.gateway.tables import DOCUMENTS, EQUITY, FACTS, LATEST, REQUESTS

KEEP_PER_SYMBOL = 2_000
"""Newest signals, alerts and gaps kept per symbol (and those of the same time as the last one). A signal that became a decision stays whatever its age."""

KEEP_REQUESTS = 20_000
"""Newest Idempotency-Keys remembered."""

KEEP_EQUITY = 50_000
"""Newest equity points kept per account."""

KEEP_JOBS = 5_000
"""Newest jobs kept."""

KEEP_GENERATING = 5_000
"""Newest facts kept of each kind about sentences and the attempts at them. What became a strategy stays, and the sentence it came from."""

KEEP_REMOVED = 5_000
"""Newest documents remembered as removed."""

Prune = Callable[[Tx], Awaitable[None]]

_PER_SYMBOL = ("SignalRaised", "AlertRaised", "GapFound")
_SENTENCES = ("GenerationStarted", "GenerationDone", "GenerationFailed", "AttemptMade")


async def due(tx: Tx) -> Sequence[Prune]:
    """Return the clean-ups to run, each small enough for a transaction of its own."""
    steps: list[Prune] = [_requests, _jobs, _removed, *(_generating(kind) for kind in _SENTENCES)]
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


def _generating(kind: str) -> Prune:
    """Return the clean-up of one kind of fact about sentences; order of arrival is what counts, many have the time of their command."""

    async def prune(tx: Tx) -> None:
        mine = FACTS.c.kind == kind
        last_kept = select(FACTS.c.seq).where(mine).order_by(FACTS.c.seq.desc()).offset(KEEP_GENERATING - 1).limit(1)
        seq = (await tx.connection.execute(last_kept)).scalar()
        if seq is None:
            return
        lasting = FACTS.alias("lasting")
        made = select(lasting.c.ref).where(lasting.c.kind == "AttemptMade", lasting.c.strategy_id.is_not(None))
        old = and_(mine, FACTS.c.seq < seq, FACTS.c.strategy_id.is_(None))
        unused = or_(FACTS.c.kind == "AttemptMade", FACTS.c.ref.not_in(made))
        await tx.connection.execute(delete(FACTS).where(old, unused))

    return prune


async def _removed(tx: Tx) -> None:
    mine = DOCUMENTS.c.removed == 1
    last_kept = select(DOCUMENTS.c.at).where(mine).order_by(DOCUMENTS.c.at.desc()).offset(KEEP_REMOVED - 1).limit(1)
    at = (await tx.connection.execute(last_kept)).scalar()
    if at is not None:
        await tx.connection.execute(delete(DOCUMENTS).where(mine, DOCUMENTS.c.at < at))
