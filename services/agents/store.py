"""The agents' tables: who is deployed, and the last bar each has spoken on."""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, Table, Text, bindparam, delete, select
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
    Column("step", Integer, nullable=False),
    Column("body", LargeBinary),
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
_DROP_PROGRESS = delete(PROGRESS).where(PROGRESS.c.strategy_id == bindparam("key"))


def save_agent(tx: Tx, agent: Agent) -> None:
    """Keep a deployed strategy."""
    promoted = agent.promoted
    tx.later(
        _SAVE_AGENT,
        strategy_id=promoted.strategy_id,
        step=promoted.step,
        body=promoted.body(),
    )


def drop_agent(tx: Tx, strategy_id: str, step: int) -> None:
    """Forget a strategy and how far it had come, but not which step of its life ended it."""
    tx.later(_SAVE_AGENT, strategy_id=strategy_id, step=step, body=None)
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
        roster.steps[row.strategy_id] = row.step
        if row.body is not None:
            promoted = StrategyPromoted.model_validate_json(row.body)
            roster.agents[row.strategy_id] = Agent.of(promoted)
    for row in await connection.execute(select(PROGRESS)):
        roster.progress[(row.strategy_id, row.symbol)] = Progress(row.open_ms, Action(row.action))
    return roster
