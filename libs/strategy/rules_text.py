"""Reads the bytes of a rules file as JSON, one way only: UTF-8, each key once, finite numbers. Knows no rules."""

import json
from typing import Any

from libs.common.errors import BadStrategyError

MAX_BYTES = 262_144


def read_text(raw: bytes) -> dict[str, Any]:
    """Return the JSON object in `raw`; a byte-order mark of UTF-8 is fine.

    Raises BadStrategyError, code `input.json`: larger than 262,144 bytes, not UTF-8, not JSON (pointer `line:column`), nested too
    deeply, a key twice in one object, NaN or infinity, no object.
    """
    if len(raw) > MAX_BYTES:
        raise _bad(f"larger than {MAX_BYTES} bytes", "1:1")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _bad(f"byte {error.start} is not UTF-8", "1:1", "save the file as UTF-8") from None
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise _bad(error.msg, f"{error.lineno}:{error.colno}") from None
    except (RecursionError, ValueError) as error:
        detail = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:160]
        raise _bad(detail, "1:1") from None
    if not isinstance(found, dict):
        raise _bad("not a JSON object", "1:1", 'write {"symbol": ..., "entry": [...]}')
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the key {name[:64]!r} stands twice in one object")
        found[name] = value
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number of JSON")


def _bad(detail: str, place: str, hint: str | None = None) -> BadStrategyError:
    return BadStrategyError(detail, code="input.json", pointer=place, hint=hint)
