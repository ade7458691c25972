"""How numbers and times are spelled for a person. Anything that is no finite number is a dash, never a zero.

`assets/base.js` spells the same way; a test holds the two together.
"""

import sys
from datetime import UTC, datetime, timedelta

MISSING = "–"

LAST_MS = 253_402_300_799_000
"""The last second of the year 9999."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUS = "\u2212"
_THIN = "\u202f"


def known(value: object) -> float | None:
    """Return a finite number as it is, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) <= sys.float_info.max else None


def number(value: object, digits: int = 2, *, signed: bool = False) -> str:
    """Return a number with fixed decimals and thousands apart; a real minus, and a plus if `signed`."""
    found = known(value)
    if found is None:
        return MISSING
    text = f"{abs(found):,.{digits}f}"
    is_zero = not text.strip("0.,")
    sign = "" if is_zero else _MINUS if found < 0 else "+" if signed else ""
    return sign + text


def percent(value: object, digits: int = 2, *, signed: bool = False) -> str:
    """Return a fraction as a percentage."""
    found = known(value)
    return MISSING if found is None else f"{number(found * 100, digits, signed=signed)}{_THIN}%"


def price(value: object) -> str:
    """Return a price with as many decimals as its size needs."""
    found = known(value)
    if found is None:
        return MISSING
    size = abs(found)
    return number(found, 2 if size >= 100 else 4 if size >= 1 else 6 if size >= 0.01 else 8)


def count(value: object) -> str:
    """Return a whole number; one with a fraction keeps one decimal."""
    found = known(value)
    return MISSING if found is None else number(found, 0 if float(found).is_integer() else 1)


def moment(milliseconds: object) -> str:
    """Return an epoch time as `2024-03-01 14:00` (UTC); a midnight keeps its time."""
    return _time(milliseconds, "%Y-%m-%d %H:%M")


def day(milliseconds: object) -> str:
    """Return an epoch time as `2024-03-01` (UTC)."""
    return _time(milliseconds, "%Y-%m-%d")


def written(stamp: object) -> str:
    """Return a time that is text already, `2024-03-01T14:00:00+00:00`, to the minute; it is UTC."""
    return str(stamp)[:16].replace("T", " ") if stamp else MISSING


def milliseconds(stamp: object) -> int | None:
    """Return a written time as epoch ms; None for what is no time between 1970 and 9999. Without a zone it is UTC."""
    try:
        at = datetime.fromisoformat(str(stamp))
    except ValueError:
        return None
    found = round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1_000)
    return found if 0 <= found <= LAST_MS else None


def _time(milliseconds: object, shape: str) -> str:
    found = known(milliseconds)
    return (
        MISSING
        if found is None or not 0 <= found <= LAST_MS
        else (_EPOCH + timedelta(milliseconds=found)).strftime(shape)
    )
