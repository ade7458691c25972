"""strategy_gen's tables: every strategy there is or was, and the proposals that could not be judged."""

from dataclasses import replace

from sqlalchemy import Column, Integer, LargeBinary, MetaData, Row, Table, Text, select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.bus import Tx
from libs.common.db import create, upsert
from libs.common.errors import NotFoundError
from libs.common.events import BacktestFailed, StrategyJudged, StrategyPromoted, StrategyProposed, VerdictSet
from services.strategy_gen.core import Record

_METADATA = MetaData()

STRATEGIES = Table(
    "strategies",
    _METADATA,
    Column("strategy_id", Text, primary_key=True),
    Column("status", Text, nullable=False),
    Column("proposals", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("proposed", LargeBinary, nullable=False),
    Column("judged", LargeBinary),
    Column("promoted", LargeBinary),
)

_LATER = MetaData()

FAILURES = Table(
    "failures",
    _LATER,
    Column("proposal_id", Text, primary_key=True),
    Column("failed", LargeBinary, nullable=False),
)

_VERDICTS = MetaData()

VERDICTS = Table(
    "verdicts",
    _VERDICTS,
    Column("strategy_id", Text, primary_key=True),
    Column("told", LargeBinary, nullable=False),
)

MIGRATIONS = [create(_METADATA), create(_LATER), create(_VERDICTS)]

_SAVE = upsert(STRATEGIES)
_SAVE_FAILURE = upsert(FAILURES)
_SAVE_VERDICT = upsert(VERDICTS)


async def save(tx: Tx, record: Record) -> None:
    """Keep a strategy as it now stands."""
    values = {
        "strategy_id": record.proposed.strategy_id,
        "status": record.status,
        "proposals": record.proposed.proposal,
        "step": record.step,
        "proposed": record.proposed.body(),
        "judged": record.judged.body() if record.judged else None,
        "promoted": record.promoted.body() if record.promoted else None,
    }
    await tx.connection.execute(_SAVE, values)


async def save_failure(tx: Tx, failed: BacktestFailed) -> None:
    """Keep why a proposal, which the failure was caused by, could not be judged."""
    await tx.connection.execute(_SAVE_FAILURE, {"proposal_id": failed.caused_by, "failed": failed.body()})


async def save_verdict(tx: Tx, told: VerdictSet) -> None:
    """Keep the newest verdict a person set on a backtest of a strategy."""
    await tx.connection.execute(_SAVE_VERDICT, {"strategy_id": told.strategy_id, "told": told.body()})


async def find(connection: AsyncConnection, strategy_id: str) -> Record | None:
    """Return a strategy, None when there never was one of that id."""
    row = (await connection.execute(select(STRATEGIES).where(STRATEGIES.c.strategy_id == strategy_id))).first()
    if row is None:
        return None
    record = _record(row)
    why = select(FAILURES.c.failed).where(FAILURES.c.proposal_id == record.proposed.event_id)
    failed = (await connection.scalars(why)).first()
    told = (await connection.scalars(select(VERDICTS.c.told).where(VERDICTS.c.strategy_id == strategy_id))).first()
    return replace(
        record,
        failed=BacktestFailed.model_validate_json(failed) if failed else None,
        verdict_set=VerdictSet.model_validate_json(told) if told else None,
    )


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
        step=row.step,
    )
