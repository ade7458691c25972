"""Strict reading of the fields of JSON rules: objects, known keys, texts; the errors name the place and what is meant."""

import difflib
import math
from collections.abc import Mapping
from typing import Any

from libs.common.errors import BadStrategyError

LATER = ("stop_loss", "take_profit", "trailing_stop", "size", "fraction", "leverage")
"""Options that rules do not have yet, refused by name."""


def is_text(value: Any, longest: int) -> bool:
    """Tell whether a value is a text of at most `longest` characters that can be written as UTF-8."""
    return isinstance(value, str) and len(value) <= longest and not any("\ud800" <= char <= "\udfff" for char in value)


def read_object(value: Any, at: str) -> Mapping[str, Any]:
    """Return the value as an object with texts as keys; raises BadStrategyError at `at`."""
    if not isinstance(value, dict):
        raise bad(f"{shown(value)} stands where an object {{...}} belongs", at)
    for key in value:
        if not isinstance(key, str):
            raise bad(f"the key {shown(key)} is not a text", at)
    return value


def known_keys(fields: Mapping[str, Any], known: tuple[str, ...], at: str) -> None:
    """Raise BadStrategyError for the first key in order that is not `known`, with the nearest one as hint."""
    for key in sorted(fields):
        if key in known:
            continue
        pointer = f"{at}/{_escaped(key)}"
        if key in LATER:
            raise BadStrategyError(
                f"{key} in rules does not run in this version",
                code="strategy.unsupported",
                pointer=pointer,
                hint="leave it out: a position closes on a sell vote",
            )
        raise bad(f"{shown(key)} is not known here", pointer, nearest(key, known))


def nearest(name: str, known: tuple[str, ...]) -> str:
    """Return the hint for a name that is not one of `known`."""
    near = difflib.get_close_matches(name[:64], known, n=1)
    return f"did you mean {near[0]}" if near else f"known here: {', '.join(known)}"


def shown(value: Any) -> str:
    """Return a JSON value as an error names it, shortened."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return repr(value[:64])
    if isinstance(value, int):
        return str(value) if abs(value) < 10**15 else "a huge number"
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else f"{value:g}"
    return "an object" if isinstance(value, dict) else "a list" if isinstance(value, list | tuple) else "no JSON value"


def bad(detail: str, pointer: str, hint: str | None = None) -> BadStrategyError:
    """Return the error for a field at `pointer`."""
    return BadStrategyError(detail, pointer=pointer, hint=hint)


def _escaped(key: str) -> str:
    return key[:64].replace("~", "~0").replace("/", "~1").encode("utf-8", "replace").decode()
