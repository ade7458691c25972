"""Columns of time cells: epoch seconds or milliseconds, or ISO 8601, but one kind per file.

Decides nothing about which zone a bare local time is in: it returns it as if it were UTC, and `zones` moves it.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from libs.common.values import to_epoch_ms
from libs.market.frame import TimeArray
from services.ingest.core.csv_cells import Problems

EPOCH_MS_ABOVE = 10**11
"""Digits above this are milliseconds (from March 1973), at or below it seconds (until the year 5138)."""

SECONDS = "epoch seconds"
MILLISECONDS = "epoch milliseconds"
LOCAL = "times without an offset"

_SMALLEST_SECONDS = 10**8
_CALENDAR_DIGITS = range(190001010000, 209912312360)
_DIGITS = re.compile(r"[0-9\n]+")
_DATE = r"\d{4}-\d\d-\d\d"
_OFFSET = r"Z|[+-]\d\d:?\d\d"
_ISO = re.compile(rf"{_DATE}(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{{1,6}})?)?(?P<offset>{_OFFSET})?)?", re.ASCII)
_ISO_COLUMN = re.compile(rf"(?:{_DATE}(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{{1,3}})?)?(?:{_OFFSET})?)?\n)+", re.ASCII)
_OFFSET_AT_END = re.compile(rf"(?<=:\d\d)(?:{_OFFSET})$|(?<=\.\d\d\d)(?:{_OFFSET})$", re.ASCII | re.MULTILINE)


def read_times(cells: Sequence[str], kind: str | None) -> tuple[TimeArray, str | None, Problems]:
    """Return the times (epoch ms, 0 where refused), the kind of the column, and the refusals.

    kind: of the rows read before, None at the start; a cell of another kind is refused.
    """
    bulk = _epochs(cells) or _iso_column(cells)
    if bulk is not None and kind in (None, bulk[1]):
        return bulk[0], bulk[1], []
    times = np.zeros(len(cells), np.int64)
    problems: Problems = []
    for place, cell in enumerate(cells):
        try:
            times[place], found = _one(cell.strip())
        except ValueError as error:
            problems.append((place, str(error)))
            continue
        kind = kind or found
        if found != kind:
            problems.append((place, f"{cell[:40]!r} is of {found}, the file began with {kind}"))
    return times, kind, problems


def _epochs(cells: Sequence[str]) -> tuple[TimeArray, str] | None:
    if not _DIGITS.fullmatch("\n".join(cells)) or max(map(len, cells)) > 15 or not all(cells):
        return None
    numbers = np.array(list(map(int, cells)), np.int64)
    smallest, largest = int(numbers.min()), int(numbers.max())
    if smallest > EPOCH_MS_ABOVE and (smallest > _CALENDAR_DIGITS[-1] or largest < _CALENDAR_DIGITS[0]):
        return numbers, MILLISECONDS
    if smallest >= _SMALLEST_SECONDS and largest <= EPOCH_MS_ABOVE:
        return numbers * 1_000, SECONDS
    return None


def _iso_column(cells: Sequence[str]) -> tuple[TimeArray, str] | None:
    column = "\n".join(cells) + "\n"
    if not _ISO_COLUMN.fullmatch(column):
        return None
    offsets = set(_OFFSET_AT_END.findall(column))
    bare = _OFFSET_AT_END.sub("", column).split("\n")[:-1] if offsets else cells
    if len(offsets) > 1 or (offsets and sum(map(len, bare)) + len(cells) * len(min(offsets)) != sum(map(len, cells))):
        return None
    try:
        minutes = _minutes(min(offsets, default="Z"))
        times = np.array(bare, dtype="datetime64[ms]").astype(np.int64)
    except ValueError:
        return None
    return times - minutes * 60_000, _offset_kind(minutes) if offsets else LOCAL


def _one(text: str) -> tuple[int, str]:
    if text.isascii() and text.isdigit():
        return _epoch(text)
    found = _ISO.fullmatch(text)
    if not found:
        raise ValueError(f"{text[:40]!r} is not a time" if text else "the time is empty")
    try:
        bare = datetime.fromisoformat(text.removesuffix(found["offset"] or "")).replace(tzinfo=UTC)
        if not found["offset"]:
            return to_epoch_ms(bare), LOCAL
        minutes = _minutes(found["offset"])
        return to_epoch_ms(bare - timedelta(minutes=minutes)), _offset_kind(minutes)
    except (ValueError, OverflowError):
        raise ValueError(f"{text[:40]!r} is not a time that exists") from None


def _epoch(text: str) -> tuple[int, str]:
    number = int(text) if len(text) <= 15 else 0
    if number > EPOCH_MS_ABOVE and number not in _CALENDAR_DIGITS:
        return number, MILLISECONDS
    if _SMALLEST_SECONDS <= number <= EPOCH_MS_ABOVE:
        return number * 1_000, SECONDS
    raise ValueError(f"{text[:40]!r} is neither epoch seconds nor milliseconds")


def _minutes(offset: str) -> int:
    if offset == "Z":
        return 0
    hours, minutes = int(offset[1:3]), int(offset[-2:])
    if hours > 14 or minutes > 59:
        raise ValueError(offset)
    return (hours * 60 + minutes) * (-1 if offset[0] == "-" else 1)


def _offset_kind(minutes: int) -> str:
    sign = "-" if minutes < 0 else "+"
    return f"times with offset {sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
