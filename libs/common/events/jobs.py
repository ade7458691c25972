"""The facts about jobs: heavy work that backtest cuts into shards. Its coordinator and its workers write them."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from libs.common.events.base import Event
from libs.common.values import Identifier, Text

Mode = Literal["screen", "alert", "backtest_universe", "sweep", "walk_forward", "train"]
Key = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
"""SHA-256 of a file's bytes, which is its name."""

Number = Annotated[int, Field(ge=0, lt=100_000)]


class ShardReady(Event):
    """A piece of a job that any worker may take; the same piece done twice gives the same bytes.

    task_key: the file with what all shards of the job share. part: what is this one's.
    """

    subject: ClassVar[str] = "jobs.{job_id}.{number}"
    job_id: Identifier
    number: Number
    mode: Mode
    task_key: Key
    part: dict[str, Any]


class ShardDone(Event):
    """A piece of a job is done; what came of it lies under `result_key`."""

    subject: ClassVar[str] = "shards.{job_id}.{number}"
    job_id: Identifier
    number: Number
    result_key: Key


class ShardFailed(Event):
    """A piece of a job cannot be done; trying it again is the coordinator's to decide. attempt: which delivery of it, from 1."""

    subject: ClassVar[str] = "shards.failed.{job_id}.{number}"
    job_id: Identifier
    number: Number
    attempt: Annotated[int, Field(ge=1)]
    code: Annotated[str, Field(max_length=64)]
    detail: Text
    pointer: str | None = None
    hint: str | None = None


class JobStarted(Event):
    """A job has been planned and its pieces are on their way to the workers."""

    subject: ClassVar[str] = "backtests.started.{job_id}"
    job_id: Identifier
    mode: Mode
    name: Annotated[str, Field(max_length=120)] = ""
    strategy_id: Identifier | None = None
    universe: Annotated[str, Field(max_length=64)] | None = None
    symbols_total: Annotated[int, Field(ge=0)] = 0
    shards: Number


class JobDone(Event):
    """A job has its result; the whole of it lies under `result_key`. summary: its headline figures."""

    subject: ClassVar[str] = "backtests.done.{job_id}"
    job_id: Identifier
    mode: Mode
    name: Annotated[str, Field(max_length=120)] = ""
    strategy_id: Identifier | None = None
    universe: Annotated[str, Field(max_length=64)] | None = None
    symbols_total: Annotated[int, Field(ge=0)] = 0
    shards: Number
    summary: dict[str, Any] = Field(default_factory=dict)
    result_key: Key
    simulated: bool = False


class JobFailed(Event):
    """A job ended without a result: it cannot be done, or a person cancelled it."""

    subject: ClassVar[str] = "backtests.stopped.{job_id}"
    job_id: Identifier
    mode: Mode
    name: Annotated[str, Field(max_length=120)] = ""
    strategy_id: Identifier | None = None
    universe: Annotated[str, Field(max_length=64)] | None = None
    symbols_total: Annotated[int, Field(ge=0)] = 0
    shards: Number
    cancelled: bool = False
    code: Annotated[str, Field(max_length=64)]
    detail: Text
    pointer: str | None = None
    hint: str | None = None
