"""From bytes on a subject to a message a handler may trust, or a reason why not."""

import json
from dataclasses import dataclass
from datetime import datetime

from libs.common.bus.table import On
from libs.common.errors import BadMessageError
from libs.common.messages import Message, check_json
from libs.common.values import derive_id

_ID_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


@dataclass(frozen=True)
class Origin:
    """Where a body came from; fills the envelope of a command sent by hand."""

    stream: str
    seq: int
    stored_at: datetime


def read(row: On, body: bytes, subject: str, origin: Origin) -> Message:
    """Return the message in `body`; raises BadMessageError with the reason, whatever the body makes the reading stumble over."""
    try:
        message = row.message.parse(_with_envelope(body, origin) if row.is_command else body, subject)
    except BadMessageError:
        raise
    except Exception as error:
        raise BadMessageError(f"it cannot be read: {type(error).__name__}: {str(error)[:160]}") from error
    if row.is_command and not is_id(message.event_id):
        raise BadMessageError("a command id has letters, digits, _ and - only", pointer="/event_id")
    return message


def is_id(text: str) -> bool:
    """Tell whether `text` may stand in a subject as an id."""
    return 0 < len(text) <= 64 and _ID_CHARACTERS.issuperset(text)


def command_stub(row: On, body: bytes, origin: Origin) -> Message | None:
    """Return an envelope to answer a command that cannot be read, None where not even its id can be."""
    try:
        fields = json.loads(_with_envelope(body, origin))
        if not is_id(fields["event_id"]):
            return None
        return Message(event_id=fields["event_id"], root_id=fields["event_id"], at=origin.stored_at)
    except (BadMessageError, ValueError, TypeError, RecursionError):
        return None


def _with_envelope(body: bytes, origin: Origin) -> bytes:
    fields = check_json(body)
    if {"event_id", "root_id", "at"} <= fields.keys():
        return body
    if "event_id" not in fields:
        fields["event_id"] = derive_id(origin.stream, "command", f"{origin.seq}@{origin.stored_at.isoformat()}")
    fields.setdefault("root_id", fields["event_id"])
    fields.setdefault("at", origin.stored_at.isoformat())
    return json.dumps(fields, allow_nan=False).encode()
