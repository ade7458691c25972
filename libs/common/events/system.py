"""The facts every service writes about itself: its pulse and its answers to commands."""

from typing import Annotated, Any, ClassVar

from pydantic import Field, FiniteFloat

from libs.common.events.base import Event
from libs.common.values import Identifier, Text


class ServiceBeat(Event):
    """A service's pulse, every 2 s, not stored.

    lag: messages its rows have pulled and not handled yet. details: what else it tells about itself, such as its sandbox.
    """

    subject: ClassVar[str] = "health.{service}"
    service: Identifier
    version: str
    config_hash: str
    pid: int
    ready: bool
    lag: int = 0
    outbox: int = 0
    last_error: Text | None = None
    details: dict[str, str] = Field(default_factory=dict)


class JobProgressed(Event):
    """How far a long job has come; not stored, and a lost one is no loss.

    job_id: the id of the command that asked for it. done, total: in units of the phase, total None while unknown. rate: units a
    second, None before there is one.
    """

    subject: ClassVar[str] = "progress.{service}.{job_id}"
    service: Identifier
    job_id: Identifier
    phase: Annotated[str, Field(max_length=64)]
    done: Annotated[int, Field(ge=0)]
    total: Annotated[int, Field(ge=0)] | None = None
    rate: Annotated[FiniteFloat, Field(ge=0)] | None = None


class CommandDone(Event):
    """The answer to a command that was carried out."""

    subject: ClassVar[str] = "answers.{service}.{command_id}"
    service: Identifier
    command_id: Identifier
    result_ids: tuple[str, ...] = ()
    result: dict[str, Any] = Field(default_factory=dict)


class CommandRefused(Event):
    """The answer to a command that was not carried out; it changed nothing. diagnostics: every finding in refused code."""

    subject: ClassVar[str] = "answers.{service}.{command_id}"
    service: Identifier
    command_id: Identifier
    code: Annotated[str, Field(max_length=64)]
    detail: Text
    pointer: str | None = None
    hint: str | None = None
    diagnostics: tuple[dict[str, Any], ...] = ()
