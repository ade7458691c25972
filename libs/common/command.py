"""What every command has in common. The commands themselves are in `commands` and, for jobs, in `studies`."""

from typing import Annotated

from pydantic import ConfigDict, Field

from libs.common.messages import Message


class Command(Message):
    """An order; `event_id` is the command id. Unknown fields are refused, unlike in facts."""

    model_config = ConfigDict(extra="forbid")

    asked_by: Annotated[str, Field(max_length=64)] = ""

    @classmethod
    def service(cls) -> str:
        """Return the name of the service that carries it out."""
        return cls.subject.split(".")[1]


Spelled = Annotated[str, Field(min_length=1, max_length=64)]
"""A symbol or timeframe as a person wrote it; the service that owns it makes it canonical or refuses it."""
