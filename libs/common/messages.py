"""What every message on the bus has in common: the envelope, the subject, the derived id, the strict reading.

Events (facts) and commands (orders) are frozen classes built on this one. Knows no bus and no service.
"""

import json
import re
from datetime import datetime
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from libs.common.errors import BadMessageError
from libs.common.values import UtcTime, derive_id

MAX_BODY_BYTES = 256 * 1024
"""Largest body a message may have; bigger things travel as a key."""

_FIELD = re.compile(r"\{(\w+)\}")


class Message(BaseModel):
    """Frozen base of events and commands. `subject` is a template such as `prices.{symbol}`."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)
    subject: ClassVar[str] = ""

    event_id: str = Field(min_length=1, max_length=64)
    caused_by: str | None = None
    root_id: str = Field(min_length=1, max_length=64)
    at: UtcTime
    schema_version: int = Field(default=1, ge=1)

    @classmethod
    def after(cls, cause: "Message", *, key: str = "", at: datetime | None = None, **fields: Any) -> Self:
        """Return the message that `cause` leads to; equal cause, class and key give an equal id."""
        return cls(
            event_id=derive_id(cause.event_id, cls.__name__, key),
            caused_by=cause.event_id,
            root_id=cause.root_id,
            at=at or cause.at,
            **fields,
        )

    @classmethod
    def first(cls, *, key: str, at: datetime, **fields: Any) -> Self:
        """Return a message that nothing on the bus caused; equal class and key give an equal id."""
        identity = derive_id("", cls.__name__, key)
        return cls(event_id=identity, root_id=identity, at=at, **fields)

    @classmethod
    def wildcard(cls) -> str:
        """Return the subject filter that matches every message of this class and no other's."""
        return _FIELD.sub("*", cls.subject)

    def subject_name(self) -> str:
        """Return the subject this message is published on."""
        return _FIELD.sub(lambda match: str(getattr(self, match[1])), self.subject)

    def body(self) -> bytes:
        """Return the JSON body; equal messages give equal bytes."""
        return self.model_dump_json().encode()

    @classmethod
    def parse(cls, body: bytes, subject: str) -> Self:
        """Return the message in `body`, strictly read; raises BadMessageError with the reason.

        Refused: more than 256 KiB, duplicate keys, NaN, wrong types, a missing envelope, a field that contradicts `subject`.
        """
        check_json(body)
        try:
            message = cls.model_validate_json(body, strict=True)
        except ValidationError as error:
            raise _bad(error) from None
        if message.subject_name() != subject:
            raise BadMessageError(f"the body belongs on {message.subject_name()[:200]}, it came on {subject[:200]}")
        return message


def check_json(body: bytes) -> dict[str, Any]:
    """Return the JSON object in `body`; raises BadMessageError on anything that readers could take two ways."""
    if len(body) > MAX_BODY_BYTES:
        raise BadMessageError(f"the body has {len(body)} bytes, {MAX_BODY_BYTES} are allowed")
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except BadMessageError:
        raise
    except (ValueError, RecursionError) as error:
        raise BadMessageError(f"not JSON: {str(error)[:160]}") from None
    if not isinstance(value, dict):
        raise BadMessageError("the body is not a JSON object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadMessageError("a key stands twice in one object")
    return found


def _no_constant(name: str) -> float:
    raise BadMessageError(f"{name} is not a number that may travel")


def _bad(error: ValidationError) -> BadMessageError:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    pointer = "/" + "/".join(str(part) for part in first["loc"])
    return BadMessageError(f"{pointer}: {first['msg'][:160]}", pointer=pointer)
