"""The facts every service writes about itself: its pulse and its answers to commands."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from libs.common.events.base import Event
from libs.common.values import Identifier, Text


class ServiceBeat(Event):
    """A service's pulse, every 2 s, not stored. `lag`: messages its rows have pulled and not handled yet."""

    subject: ClassVar[str] = "health.{service}"
    service: Identifier
    version: str
    config_hash: str
    pid: int
    ready: bool
    lag: int = 0
    outbox: int = 0
    last_error: Text | None = None


class CommandDone(Event):
    """The answer to a command that was carried out."""

    subject: ClassVar[str] = "answers.{service}.{command_id}"
    service: Identifier
    command_id: Identifier
    result_ids: tuple[str, ...] = ()
    result: dict[str, Any] = Field(default_factory=dict)


class CommandRefused(Event):
    """The answer to a command that was not carried out; it changed nothing."""

    subject: ClassVar[str] = "answers.{service}.{command_id}"
    service: Identifier
    command_id: Identifier
    code: Annotated[str, Field(max_length=64)]
    detail: Text
    pointer: str | None = None
    hint: str | None = None
