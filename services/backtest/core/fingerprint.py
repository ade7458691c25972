"""What makes two backtests the same: ids and hashes derived from content, never drawn."""

import hashlib
from base64 import b32encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson

from libs.common.values import to_epoch_ms
from services.backtest.core.engine import ENGINE_VERSION, Terms


def joint_hash(hashes: Mapping[str, str]) -> str:
    """Return one hash for hashes by symbol: that of a single symbol itself, else SHA-256 (hex) of all in sorted order."""
    if len(hashes) == 1:
        return next(iter(hashes.values()))
    return _digest(sorted(hashes.items())).hex()


@dataclass(frozen=True)
class Definition:
    """What was asked for, whatever the bars: decides together with them what comes out.

    symbols: all that were asked for, sorted. start, end: of the window, if named. purpose: `look`, `judge`, `promotion`.
    """

    code_hash: str
    symbols: tuple[str, ...]
    timeframe: str
    parameters: Mapping[str, Any]
    terms: Terms
    start: datetime | None = None
    purpose: str = "look"
    end: datetime | None = None


def backtest_id(definition: Definition, data_hash: str) -> str:
    """Return `bt-` and 20 base32 characters of the hash of everything that decides the result, the engine's version too.

    The window is part of it through `data_hash`, which covers the open time of every bar; signal_mode through `code_hash`. A judging and
    a look at the same bars are the same; a promotion check, which sees more bars, is not.
    """
    beyond = definition.purpose == "promotion"
    return "bt-" + _short([*_identity(definition), data_hash, ENGINE_VERSION, beyond])


def definition_hash(definition: Definition) -> str:
    """Return the hash (20 base32 characters) of what was asked for, whatever the bars: a window without an end stays the same as bars come in."""
    start, end = (None if at is None else to_epoch_ms(at) for at in (definition.start, definition.end))
    return _short([*_identity(definition), start, end, definition.purpose])


def _identity(definition: Definition) -> list[Any]:
    terms, parameters = asdict(definition.terms), dict(definition.parameters)
    return [definition.code_hash, list(definition.symbols), definition.timeframe, parameters, terms]


def canonical(value: Any) -> bytes:
    """Return the one JSON spelling of `value`: sorted keys, no spaces, UTF-8; numpy columns as lists, NaN as null."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY)


def _short(value: Any) -> str:
    return b32encode(_digest(value)).decode().lower()[:20]


def _digest(value: Any) -> bytes:
    return hashlib.sha256(canonical(value)).digest()
