"""strategy_gen's table: every strategy there is or was."""

from sqlalchemy import Column, Integer, LargeBinary, MetaData, Row, Table, Text, select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.bus import Tx
from libs.common.db import create, upsert
from libs.common.errors import NotFoundError
from libs.common.events import StrategyJudged, StrategyPromoted, StrategyProposed
from services.strategy_gen.core import Record

_METADATA = MetaData()

STRATEGIES = Table(
    "strategies",
    _METADATA,
    Column("strategy_id", Text, primary_key=True),
    Column("status", Text, nullable=False),
    Column("proposals", Integer, nullable=False),
    Column("proposed", LargeBinary, nullable=False),
    Column("judged", LargeBinary),
    Column("promoted", LargeBinary),
)

MIGRATIONS = [create(_METADATA)]

_SAVE = upsert(STRATEGIES)


async def save(tx: Tx, record: Record) -> None:
    """Keep a strategy as it now stands."""
    values = {
        "strategy_id": record.proposed.strategy_id,
        "status": record.status,
        "proposals": record.proposed.proposal,
        "proposed": record.proposed.body(),
        "judged": record.judged.body() if record.judged else None,
        "promoted": record.promoted.body() if record.promoted else None,
    }
    await tx.connection.execute(_SAVE, values)


async def find(connection: AsyncConnection, strategy_id: str) -> Record | None:
    """Return a strategy, None when there never was one of that id."""
    row = (await connection.execute(select(STRATEGIES).where(STRATEGIES.c.strategy_id == strategy_id))).first()
    return _record(row) if row else None


async def get(connection: AsyncConnection, strategy_id: str) -> Record:
    """Return a strategy; raises NotFoundError."""
    record = await find(connection, strategy_id)
    if record is None:
        raise NotFoundError(f"there is no strategy {strategy_id}", pointer="/strategy_id", hint="`sentinel strategies`")
    return record


def _record(row: Row[tuple[object, ...]]) -> Record:
    return Record(
        proposed=StrategyProposed.model_validate_json(row.proposed),
        status=row.status,
        judged=StrategyJudged.model_validate_json(row.judged) if row.judged else None,
        promoted=StrategyPromoted.model_validate_json(row.promoted) if row.promoted else None,
    )
