"""Reads a JSON body strictly, and turns it into the command it stands for.

The command class is the only schema: the fields of a body are the fields of the command without its envelope.
"""

import asyncio
import json
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from fastapi import Request
from pydantic import ValidationError

from libs.common.commands import Command
from libs.common.errors import BadInputError
from libs.common.values import parse_symbol, parse_timeframe
from services.gateway.problems import RequestError, fields_of

C = TypeVar("C", bound=Command)

MAX_DEPTH = 64
MAX_KEYS = 1_000

_ENVELOPE = ("event_id", "caused_by", "root_id", "at", "schema_version", "asked_by", "origin")
_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?")
_NAME = re.compile(r"[^\W_][\w .,()+%:&'<>=-]{0,63}")


async def read_object(request: Request, timeout_s: float, *, empty_ok: bool = False) -> dict[str, Any]:
    """Return the JSON object in the body; empty_ok: no body at all is an empty object.

    Raises RequestError for what is not one JSON object read one way, or comes too slowly; BadInputError for values that no
    field may have (NaN, infinity, huge integers, NUL, lone surrogates, deep nesting).
    """
    try:
        async with asyncio.timeout(timeout_s):
            raw = await request.body()
    except TimeoutError:
        raise RequestError(f"the body did not arrive within {timeout_s:g} s", code="request.too_slow") from None
    return {} if empty_ok and not raw else parse_object(raw)


def parse_object(raw: bytes) -> dict[str, Any]:
    """Return the JSON object in `raw`; see read_object."""
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:160]
        raise RequestError(f"the body is not JSON: {reason}") from None
    if not isinstance(value, dict):
        raise RequestError("the body is not a JSON object")
    _check_values(value)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _check_values(value: Any) -> None:
    todo: list[tuple[Any, str, int]] = [(value, "", 0)]
    while todo:
        item, pointer, depth = todo.pop()
        if depth > MAX_DEPTH:
            raise BadInputError(f"nested deeper than {MAX_DEPTH} levels", code="input.too_deep", pointer=pointer[:200])
        if isinstance(item, dict):
            if len(item) > MAX_KEYS:
                raise BadInputError(f"more than {MAX_KEYS} keys", code="input.too_many", pointer=pointer[:200])
            for key, inner in item.items():
                _check_scalar(key, pointer)
                todo.append((inner, f"{pointer}/{key[:64]}", depth + 1))
        elif isinstance(item, list):
            todo.extend((inner, f"{pointer}/{index}", depth + 1) for index, inner in enumerate(item))
        else:
            _check_scalar(item, pointer)


def _check_scalar(value: Any, pointer: str) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise BadInputError("not a finite number", code="input.not_finite", pointer=pointer[:200])
    if isinstance(value, int) and abs(value) >= 2**63:
        raise BadInputError("the integer is too large", code="input.too_large", pointer=pointer[:200])
    if isinstance(value, str) and any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in value):
        raise BadInputError("the text holds a NUL or half a surrogate pair", code="input.text", pointer=pointer[:200])


def parse_time(text: str, pointer: str) -> datetime:
    """Return the time in `text`: RFC 3339, a date alone is its midnight, no zone means UTC. Raises BadInputError."""
    hint = "write it like 2024-05-01T00:00:00Z"
    try:
        if not _TIME.fullmatch(text) or not text.isascii():
            raise ValueError
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInputError("not a time", code="input.time", pointer=pointer, hint=hint) from None


def spelled(fields: dict[str, Any]) -> dict[str, Any]:
    """Return `fields` with symbols, timeframes and times in their one spelling; raises BadInputError with the place."""
    clean = dict(fields)
    for name, spell in _SPELLING.items():
        if isinstance(clean.get(name), str):
            clean[name] = spell(clean[name], f"/{name}")
    if isinstance(clean.get("symbols"), list):
        clean["symbols"] = [
            _symbol(one, f"/symbols/{place}") if isinstance(one, str) else one
            for place, one in enumerate(clean["symbols"])
        ]
    start, end = clean.get("start"), clean.get("end")
    if isinstance(start, str) and isinstance(end, str) and start >= end:
        raise BadInputError("the start is not before the end", code="input.range", pointer="/start")
    return clean


def _symbol(text: str, pointer: str) -> str:
    try:
        return parse_symbol(text)
    except BadInputError as error:
        error.pointer = pointer
        raise


def _timeframe(text: str, pointer: str) -> str:
    try:
        return parse_timeframe(text).value
    except BadInputError as error:
        error.pointer = pointer
        raise


def _time(text: str, pointer: str) -> str:
    return parse_time(text, pointer).isoformat(timespec="microseconds")


def _name(text: str, pointer: str) -> str:
    if not _NAME.fullmatch(text):
        raise BadInputError(
            "not a name: up to 64 letters, digits, spaces and plain signs", code="input.name", pointer=pointer
        )
    return text


_SPELLING: dict[str, Callable[[str, str], str]] = {
    "symbol": _symbol,
    "timeframe": _timeframe,
    "name": _name,
    "start": _time,
    "end": _time,
    "anchor": _time,
}


def make_command(kind: type[C], fields: dict[str, Any], command_id: str, at: datetime) -> C:
    """Return the command `fields` ask for; raises InvalidFieldsError naming every wrong field."""
    foreign = next((name for name in _ENVELOPE if name in fields), None)
    if foreign is not None:
        raise BadInputError("this field is not the client's to set", code="input.reserved", pointer=f"/{foreign}")
    envelope = {"event_id": command_id, "root_id": command_id, "at": at.isoformat(), "asked_by": "gateway"}
    if "origin" in kind.model_fields:
        envelope["origin"] = "user"
    try:
        return kind.model_validate_json(json.dumps({**spelled(fields), **envelope}), strict=True)
    except ValidationError as error:
        raise fields_of(error) from None
