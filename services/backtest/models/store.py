"""The table of trainings: what was asked for, and where it stands. All SQL about them is here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Boolean, Column, MetaData, String, Table, Text, insert, select, update
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

State = Literal["running", "done", "failed"]


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


async def list_running(connection: AsyncConnection) -> list[Training]:
    """Return the trainings that have not ended, oldest first."""
    query = select(TRAININGS).where(TRAININGS.c.state == "running").order_by(TRAININGS.c.at, TRAININGS.c.job_id)
    return [
        Training(
            TrainModel.model_validate_json(row.command),
            TrainingTask.from_bytes(row.task.encode()),
            row.family_id,
            row.simulated,
        )
        for row in await connection.execute(query)
    ]


async def end(connection: AsyncConnection, job_id: str, state: State, model_id: str | None = None) -> None:
    """Note how a training ended."""
    mine = TRAININGS.c.job_id == job_id
    await connection.execute(update(TRAININGS).where(mine).values(state=state, model_id=model_id))
