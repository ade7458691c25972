"""The base of all facts."""

from pydantic import BaseModel, ConfigDict

from libs.common.messages import Message


class Event(Message):
    """A fact: it happened, and nobody may refuse it. Named noun + past participle; one service writes each subject."""


class Part(BaseModel):
    """A frozen value inside an event."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)
