"""The table of trainings: what was asked for, and where it stands. All SQL about them is here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Boolean, Column, MetaData, Row, String, Table, Text, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.db import Migration, Time, create
from libs.common.training import TrainModel
from services.backtest.models.task import TrainingTask

METADATA = MetaData()

TRAININGS = Table(
    "trainings",
    METADATA,
    Column("job_id", String(64), primary_key=True),
    Column("command", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("family_id", String(64), nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("model_id", String(64)),
    Column("at", Time, nullable=False),
)

MIGRATIONS: Sequence[Migration] = [create(METADATA)]

State = Literal["running", "done", "failed", "cancelled"]


@dataclass(frozen=True)
class Training:
    """A training as it was asked for; its job id is the command's id. simulated: some of the bars were made up."""

    command: TrainModel
    task: TrainingTask
    family_id: str
    simulated: bool

    @property
    def job_id(self) -> str:
        """Return the id of its job."""
        return self.command.event_id


async def add(connection: AsyncConnection, training: Training) -> None:
    """Store a new training."""
    row = {
        "job_id": training.job_id,
        "command": training.command.model_dump_json(),
        "task": training.task.to_bytes().decode(),
        "family_id": training.family_id,
        "simulated": training.simulated,
        "state": "running",
        "at": training.command.at,
    }
    await connection.execute(insert(TRAININGS).values(row))


async def next_running(connection: AsyncConnection) -> Training | None:
    """Return the oldest training that has not ended."""
    query = select(TRAININGS).where(TRAININGS.c.state == "running").order_by(TRAININGS.c.at, TRAININGS.c.job_id)
    row = (await connection.execute(query.limit(1))).first()
    return None if row is None else _training(row)


async def find(connection: AsyncConnection, job_id: str) -> tuple[Training, State] | None:
    """Return a training and where it stands."""
    row = (await connection.execute(select(TRAININGS).where(TRAININGS.c.job_id == job_id))).first()
    return None if row is None else (_training(row), row.state)


async def end(connection: AsyncConnection, job_id: str, state: State, model_id: str | None = None) -> bool:
    """Note how a training ended; return False where it had ended before, which stays."""
    mine = (TRAININGS.c.job_id == job_id) & (TRAININGS.c.state == "running")
    done = await connection.execute(update(TRAININGS).where(mine).values(state=state, model_id=model_id))
    return done.rowcount == 1


def _training(row: Row[Any]) -> Training:
    return Training(
        TrainModel.model_validate_json(row.command),
        TrainingTask.from_bytes(row.task.encode()),
        row.family_id,
        row.simulated,
    )
