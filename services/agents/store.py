"""The agents' tables: who is deployed, and the last bar each has spoken on."""

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, Table, Text, bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.bus import Tx
from libs.common.db import create, upsert
from libs.common.events import StrategyPromoted
from libs.common.values import Action
from services.agents.core import Agent
from services.agents.roster import Progress, Roster, Voice

_METADATA = MetaData()

DEPLOYMENTS = Table(
    "deployments",
    _METADATA,
    Column("strategy_id", Text, primary_key=True),
    Column("anchor_ms", BigInteger),
    Column("body", LargeBinary, nullable=False),
)
PROGRESS = Table(
    "progress",
    _METADATA,
    Column("strategy_id", Text, primary_key=True),
    Column("symbol", Text, primary_key=True),
    Column("open_ms", BigInteger, nullable=False),
    Column("action", Text, nullable=False),
)

MIGRATIONS = [create(_METADATA)]

_SAVE_AGENT = upsert(DEPLOYMENTS)
_SAVE_PROGRESS = upsert(PROGRESS)
_DROP_AGENT = delete(DEPLOYMENTS).where(DEPLOYMENTS.c.strategy_id == bindparam("key"))
_DROP_PROGRESS = delete(PROGRESS).where(PROGRESS.c.strategy_id == bindparam("key"))


def save_agent(tx: Tx, agent: Agent) -> None:
    """Keep a deployed strategy."""
    body = agent.promoted.body()
    tx.later(_SAVE_AGENT, strategy_id=agent.promoted.strategy_id, anchor_ms=agent.anchor_ms, body=body)


def drop_agent(tx: Tx, strategy_id: str) -> None:
    """Forget a strategy and how far it had come."""
    tx.later(_DROP_AGENT, key=strategy_id)
    tx.later(_DROP_PROGRESS, key=strategy_id)


def save_progress(tx: Tx, voice: Voice, progress: Progress) -> None:
    """Keep how far a voice has come."""
    tx.later(
        _SAVE_PROGRESS,
        strategy_id=voice[0],
        symbol=voice[1],
        open_ms=progress.open_ms,
        action=progress.action.value,
    )


async def load(connection: AsyncConnection) -> Roster:
    """Return the roster as of the last commit."""
    roster = Roster()
    for row in await connection.execute(select(DEPLOYMENTS)):
        promoted = StrategyPromoted.model_validate_json(row.body)
        roster.agents[row.strategy_id] = Agent.of(promoted, row.anchor_ms)
    for row in await connection.execute(select(PROGRESS)):
        roster.progress[(row.strategy_id, row.symbol)] = Progress(row.open_ms, Action(row.action))
    return roster
