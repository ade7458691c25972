"""Burial: what could not be handled is kept on `dead.<subject>` with the reason, listed, shown and tried again."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson
from nats.aio.client import Client
from nats.js.errors import NotFoundError as NoMessageError

from libs.common.bus.refusal import code_of, shown
from libs.common.errors import BusUnavailableError, ConflictError, NotFoundError
from libs.common.values import derive_id

KEPT_BYTES = 64 * 1024
RETRY_HEADER = "Sentinel-Retry"
"""Names the one row a message sent again is for; the others on its subject have handled it, or buried their own copy."""

_STREAM = "DEAD"
_LONGEST_SUBJECT = 400


@dataclass(frozen=True)
class DeadMessage:
    """A buried message: where it came from, why it died, and the first 64 KB of it."""

    seq: int
    subject: str
    row: str
    reason: str
    code: str
    deliveries: int
    stream: str
    stream_seq: int
    size: int
    sha256: str
    body: bytes
    at: datetime


@dataclass(frozen=True)
class Burial:
    """Everything a grave says."""

    row: str
    subject: str
    stream: str
    stream_seq: int
    body: bytes
    error: Exception
    deliveries: int

    @property
    def event_id(self) -> str:
        """Return the id of the grave: the same message of the same row is buried once, another one in its place again."""
        return derive_id(f"{self.stream}:{self.stream_seq}:{sha256(self.body).hexdigest()}", "burial", self.row)

    def outgoing(self) -> tuple[str, str, bytes]:
        """Return the (id, subject, body) to publish. A subject too long for the server's line with `dead.` before it is cut."""
        error = self.error
        subject = self.subject if len(self.subject) <= _LONGEST_SUBJECT else f"{self.subject.split('.', 1)[0]}.cut"
        grave = {
            "row": self.row,
            "subject": self.subject,
            "reason": shown(str(error), 1_000) or type(error).__name__,
            "code": code_of(error),
            "deliveries": self.deliveries,
            "stream": self.stream,
            "stream_seq": self.stream_seq,
            "size": len(self.body),
            "sha256": sha256(self.body).hexdigest(),
            "body": base64.b64encode(self.body[:KEPT_BYTES]).decode(),
        }
        return self.event_id, f"dead.{subject}", orjson.dumps(grave)


async def list_dead(client: Client, limit: int = 50) -> list[DeadMessage]:
    """Return the newest graves, newest first."""
    js = client.jetstream(timeout=5)
    info = await js.stream_info(_STREAM)
    found: list[DeadMessage] = []
    seq = info.state.last_seq
    while seq >= max(info.state.first_seq, 1) and len(found) < limit:
        try:
            raw = await js.get_msg(_STREAM, seq)
        except NoMessageError:
            seq -= 1
            continue
        found.append(_read(raw))
        seq -= 1
    return found


async def show_dead(client: Client, seq: int) -> DeadMessage:
    """Return one grave; raises NotFoundError."""
    try:
        return _read(await client.jetstream(timeout=5).get_msg(_STREAM, seq))
    except NoMessageError:
        raise NotFoundError(f"there is no dead message {seq}", hint="`sentinel dead list` shows them") from None


async def retry_dead(client: Client, seq: int) -> int:
    """Publish the original message again, for the row that buried it, and return its new sequence; its grave is removed.

    The whole original is read from its stream, or from the grave when it fits there. Raises ConflictError when it is gone.
    """
    js = client.jetstream(timeout=5)
    grave = await show_dead(client, seq)
    body = grave.body
    if grave.size > len(body):
        try:
            original = await js.get_msg(grave.stream, grave.stream_seq)
        except NoMessageError:
            raise ConflictError("the original has left its stream, and only its beginning was kept") from None
        body = original.data or b""
    if sha256(body).hexdigest() != grave.sha256:
        raise ConflictError("the stream holds another message in its place")
    acknowledged = await js.publish(grave.subject, body, headers={RETRY_HEADER: grave.row})
    if not await js.delete_msg(_STREAM, seq):
        raise BusUnavailableError(f"message {seq} was sent again but its grave stays")
    return acknowledged.seq


def _read(raw: Any) -> DeadMessage:
    try:
        grave = orjson.loads(raw.data)
        body = base64.b64decode(grave["body"])
        fields = {key: grave[key] for key in ("row", "reason", "code", "deliveries", "stream", "stream_seq", "size")}
        subject, digest = grave["subject"], grave["sha256"]
    except (ValueError, KeyError, TypeError):
        body, subject, digest = raw.data or b"", raw.subject.removeprefix("dead."), sha256(raw.data or b"").hexdigest()
        fields = {"row": "", "reason": "told by the server", "code": "bus.advisory", "deliveries": 0}
        fields |= {"stream": _STREAM, "stream_seq": raw.seq, "size": len(body)}
    at = raw.time if raw.time else datetime.now(UTC)
    return DeadMessage(seq=raw.seq, subject=subject, sha256=digest, body=body, at=at, **fields)
