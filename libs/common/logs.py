"""Logs as one JSON object a line on standard error, each with the ids of the message being handled."""

import logging
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import orjson

from libs.common.messages import Message

_HANDLED: ContextVar[Message | None] = ContextVar("handled", default=None)
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_MAX_TEXT = 4_000


def handling(message: Message | None) -> None:
    """Make log lines from here on carry the ids of `message`."""
    _HANDLED.set(message)


class JsonFormatter(logging.Formatter):
    """One JSON object per record; control characters cannot leave their string."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "msg": record.getMessage()[:_MAX_TEXT],
        }
        message = _HANDLED.get()
        if message is not None:
            line |= {"event_id": message.event_id, "caused_by": message.caused_by, "root_id": message.root_id}
        line |= {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info:
            line["error"] = "".join(traceback.format_exception(*record.exc_info))[-_MAX_TEXT:]
        return orjson.dumps(line, default=str).decode()


def configure(level: str = "DEBUG") -> None:
    """Send Sentinel's own records from `level` up, and warnings of libraries, to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("sentinel").setLevel(level)
