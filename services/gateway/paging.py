"""Pages by key, never by offset: a page stays put while new facts arrive.

A cursor is the sort key of the last row shown, so it needs no memory here and cannot expire.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from libs.common.errors import BadInputError
from libs.common.values import from_epoch_ms

MAX_LIMIT = 1_000
DEFAULT_LIMIT = 50

_LAST_MS = 253_402_300_799_000
"""The last second of the year 9999."""

_CURSOR = re.compile(r"[A-Za-z0-9_-]{1,256}")


@dataclass(frozen=True)
class Page:
    """One page of resources and the cursor of the next, null on the last."""

    items: list[dict[str, Any]]
    next_cursor: str | None

    def body(self) -> dict[str, Any]:
        """Return the JSON body."""
        return {"items": self.items, "next_cursor": self.next_cursor}


def encode(*key: str | int) -> str:
    """Return the cursor of a sort key."""
    text = "\x1f".join(str(part) for part in key)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str, kinds: Sequence[type[str] | type[int]]) -> list[Any]:
    """Return the sort key in a cursor; raises BadInputError when it is not one of ours."""
    try:
        if not _CURSOR.fullmatch(cursor):
            raise ValueError(cursor)
        padded = cursor + "=" * (-len(cursor) % 4)
        parts = base64.urlsafe_b64decode(padded).decode().split("\x1f")
        key = [kind(part) for kind, part in zip(kinds, parts, strict=True)]
    except (ValueError, binascii.Error):
        raise BadInputError(
            "this cursor was not given out here",
            code="input.cursor",
            pointer="cursor",
            hint="use next_cursor as it came",
        ) from None
    if any(isinstance(part, int) and not 0 <= part < 2**63 for part in key):
        raise BadInputError("this cursor was not given out here", code="input.cursor", pointer="cursor")
    return key


def moment(milliseconds: int) -> datetime:
    """Return the time in a cursor; one beyond the calendar is the end of it."""
    return from_epoch_ms(min(milliseconds, _LAST_MS))
