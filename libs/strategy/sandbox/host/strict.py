"""Reading what a child wrote: every value is hostile until it went through here.

JSON is read without duplicate keys, NaN and infinities; texts are cut and lose what could forge a line or a log; a bool is never a
number. Knows no message; `answer.py` does.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

Plain: TypeAlias = bool | int | float | str | list["Plain"] | dict[str, "Plain"] | None

LONGEST_TEXT = 500
LONGEST_KEY = 64
MOST_VALUES = 1_000
"""Values in one free object of a strategy, such as the `data` of a detail."""
MOST_BRACKETS = 250_000
DEEPEST = 6
LARGEST_WHOLE = 2**63

_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb]"
)
"""Controls except tab and line feed, marks that turn or hide text, lone surrogates."""


class ProtocolError(Exception):
    """The child wrote what no honest child writes; the text says what."""


def load(data: bytes) -> Any:
    """Return a JSON value; raises ProtocolError, also for duplicate keys, NaN, Infinity and nesting too deep.

    Brackets are counted first: parsing holds up every thread, and a million empty lists would do so for half a second.
    """
    if data.count(b"[") + data.count(b"{") > MOST_BRACKETS:
        raise ProtocolError(f"more than {MOST_BRACKETS:,} lists and objects")
    try:
        return json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"not JSON: {clean(str(error), 120)}") from error


def clean(text: str, limit: int = LONGEST_TEXT) -> str:
    """Return at most `limit` characters without controls (tab and line feed stay), direction marks and lone surrogates."""
    return _UNSEEN.sub("", text[: 4 * limit])[:limit]


def line_of(text: str, limit: int = LONGEST_TEXT) -> str:
    """Return `clean` text on one line."""
    return " ".join(clean(text, limit).split())


def fields_of(value: Any, what: str, needed: Iterable[str], optional: Iterable[str] = ()) -> dict[str, Any]:
    """Return an object that has every needed key and no foreign one."""
    needed = set(needed)
    if not isinstance(value, dict) or not needed <= value.keys() <= needed | set(optional):
        raise ProtocolError(f"{what} has not the keys {', '.join(sorted(needed))}")
    return value


def list_of(value: Any, what: str, most: int) -> list[Any]:
    """Return a list of at most `most` items."""
    if not isinstance(value, list) or len(value) > most:
        raise ProtocolError(f"{what} is not a list of at most {most} items")
    return value


def text_of(value: Any, what: str, limit: int = LONGEST_TEXT) -> str:
    """Return a text on one line, cut and cleaned."""
    if not isinstance(value, str):
        raise ProtocolError(f"{what} is not a text")
    return line_of(value, limit)


def whole_of(value: Any, what: str, least: int, most: int) -> int:
    """Return a whole number from `least` to `most`."""
    if type(value) is not int or not least <= value <= most:
        raise ProtocolError(f"{what} is not a whole number from {least} to {most}")
    return value


def number_of(value: Any, what: str) -> float:
    """Return a finite number; a bool is none."""
    if type(value) not in (int, float) or not abs(value) <= 1e300:  # 1e999 is read as infinite
        raise ProtocolError(f"{what} is not a finite number")
    return float(value)


def flag_of(value: Any, what: str) -> bool:
    """Return true or false."""
    if type(value) is not bool:
        raise ProtocolError(f"{what} is not true or false")
    return value


def plain_of(value: Any, what: str) -> dict[str, Plain]:
    """Return a free object, 6 deep at most and cut after 1,000 values; keys and texts cut and cleaned."""
    if not isinstance(value, dict):
        raise ProtocolError(f"{what} is not an object")
    return _plain_object(value, what, 0, [MOST_VALUES])


def _plain(value: Any, what: str, depth: int, left: list[int]) -> Plain:
    left[0] -= 1
    if depth > DEEPEST:
        raise ProtocolError(f"{what} is deeper than {DEEPEST}")
    if value is None or type(value) is bool:
        return value
    if type(value) is str:
        return clean(value)
    if type(value) is list:
        return [_plain(item, what, depth + 1, left) for item in value if left[0] > 0]
    if type(value) is dict:
        return _plain_object(value, what, depth, left)
    if type(value) is int and abs(value) >= LARGEST_WHOLE:
        raise ProtocolError(f"{what} holds a number beyond 64 bit")
    return value if type(value) is int else number_of(value, what)


def _plain_object(value: Mapping[str, Any], what: str, depth: int, left: list[int]) -> dict[str, Plain]:
    read: dict[str, Plain] = {}
    for key, item in value.items():
        if left[0] <= 0:
            break
        name = line_of(key, LONGEST_KEY)
        if name in read:
            raise ProtocolError(f"{what} has keys that are the same once cleaned")
        read[name] = _plain(item, what, depth + 1, left)
    return read


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ProtocolError("an object has a key twice")
    return read


def _refuse(text: str) -> float:
    raise ProtocolError(f"{text} is not a JSON number")
