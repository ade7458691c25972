"""The tables of generations and of their attempts. All SQL about them is here."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.db import Migration, Time, create
from libs.common.events import AttemptMade
from libs.common.generation import GenerateStrategy
from services.strategy_gen.generation.values import Attempt, Job, Outcome, Plan, Problem, State

_METADATA = MetaData()

JOBS = Table(
    "generations",
    _METADATA,
    Column("job_id", String(64), primary_key=True),
    Column("at", Time, nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("command", LargeBinary, nullable=False),
    Column("plan", JSON, nullable=False),
)

ATTEMPTS = Table(
    "attempts",
    _METADATA,
    Column("job_id", String(64), primary_key=True),
    Column("variant", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("strategy_id", String(64), index=True),
    Column("proposal_id", String(64), index=True),
    Column("made", LargeBinary, nullable=False),
    Column("about", JSON, nullable=False),
    Column("outcome", JSON(none_as_null=True)),
)

MIGRATIONS: tuple[Migration, ...] = (create(_METADATA),)


async def add_job(connection: AsyncConnection, job: Job) -> None:
    """Store a new generation."""
    values = {
        "job_id": job.job_id,
        "at": job.command.at,
        "state": job.state,
        "command": job.command.body(),
        "plan": asdict(job.plan),
    }
    await connection.execute(insert(JOBS).values(values))


async def count_running(connection: AsyncConnection) -> int:
    """Return how many generations have not ended."""
    return int(await connection.scalar(select(func.count()).select_from(JOBS).where(JOBS.c.state == "running")) or 0)


async def forget_before(connection: AsyncConnection, moment: datetime) -> None:
    """Drop the generations that were asked for before `moment` and have ended, with their attempts; strategies stay."""
    old = select(JOBS.c.job_id).where(JOBS.c.at < moment, JOBS.c.state != "running")
    await connection.execute(delete(ATTEMPTS).where(ATTEMPTS.c.job_id.in_(old)))
    await connection.execute(delete(JOBS).where(JOBS.c.at < moment, JOBS.c.state != "running"))


async def find_job(connection: AsyncConnection, job_id: str) -> Job | None:
    """Return a generation with its attempts, or None."""
    row = (await connection.execute(select(JOBS).where(JOBS.c.job_id == job_id))).first()
    return None if row is None else await _job(connection, row)


async def list_running(connection: AsyncConnection) -> list[Job]:
    """Return the generations that have not ended, oldest first."""
    query = select(JOBS).where(JOBS.c.state == "running").order_by(JOBS.c.at, JOBS.c.job_id)
    return [await _job(connection, row) for row in (await connection.execute(query)).all()]


async def end_job(connection: AsyncConnection, job_id: str, state: State) -> None:
    """Note that a generation has ended."""
    await connection.execute(update(JOBS).where(JOBS.c.job_id == job_id).values(state=state))


async def add_attempt(connection: AsyncConnection, attempt: Attempt) -> None:
    """Store an attempt; one of the same variant and number may not be there yet."""
    made = attempt.made
    about = {
        "name": attempt.name,
        "description": attempt.description,
        "parameters": dict(attempt.parameters),
        "kind": attempt.kind,
        "problem": asdict(attempt.problem) if attempt.problem else None,
    }
    values = {
        "job_id": made.job_id,
        "variant": made.variant,
        "number": made.number,
        "strategy_id": made.strategy_id,
        "proposal_id": attempt.proposal_id,
        "made": made.body(),
        "about": about,
        "outcome": asdict(attempt.outcome) if attempt.outcome else None,
    }
    await connection.execute(insert(ATTEMPTS).values(values))


async def settle(
    connection: AsyncConnection, outcome: Outcome, *, strategy_id: str | None = None, proposal_id: str | None = None
) -> bool:
    """Note what became of the attempts that wait for a verdict on a strategy, or on a proposal; tell whether there were any."""
    which = ATTEMPTS.c.strategy_id == strategy_id if proposal_id is None else ATTEMPTS.c.proposal_id == proposal_id
    waiting = which, ATTEMPTS.c.proposal_id.is_not(None), ATTEMPTS.c.outcome.is_(None)
    found = (await connection.execute(select(ATTEMPTS.c.number).where(*waiting).limit(1))).first()
    if found is None:
        return False
    await connection.execute(update(ATTEMPTS).where(*waiting).values(outcome=asdict(outcome)))
    return True


async def _job(connection: AsyncConnection, row: Row[Any]) -> Job:
    order = ATTEMPTS.c.number, ATTEMPTS.c.variant
    found = await connection.execute(select(ATTEMPTS).where(ATTEMPTS.c.job_id == row.job_id).order_by(*order))
    return Job(
        command=GenerateStrategy.model_validate_json(row.command),
        plan=_plan(row.plan),
        state=row.state,
        attempts=tuple(_attempt(each) for each in found),
    )


def _plan(told: dict[str, Any]) -> Plan:
    told["assumptions"] = tuple((phrase, meaning) for phrase, meaning in told["assumptions"])
    return Plan(**{**told, "symbols": tuple(told["symbols"]), "warnings": tuple(told["warnings"])})


def _attempt(row: Row[Any]) -> Attempt:
    about, outcome = row.about, row.outcome
    return Attempt(
        made=AttemptMade.model_validate_json(row.made),
        name=about["name"],
        description=about["description"],
        parameters=about["parameters"],
        kind=about["kind"],
        problem=Problem(**about["problem"]) if about["problem"] else None,
        proposal_id=row.proposal_id,
        outcome=Outcome(**{**outcome, "findings": tuple(outcome["findings"])}) if outcome else None,
    )
