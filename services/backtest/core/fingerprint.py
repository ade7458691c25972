"""What makes two backtests the same: ids and hashes derived from content, never drawn."""

import hashlib
from base64 import b32encode
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from services.backtest.core.engine import ENGINE_VERSION, Terms


def joint_hash(hashes: Mapping[str, str]) -> str:
    """Return one hash for hashes by symbol: that of a single symbol itself, else SHA-256 (hex) of all in sorted order."""
    if len(hashes) == 1:
        return next(iter(hashes.values()))
    return _digest(sorted(hashes.items())).hex()


def backtest_id(
    code_hash: str, symbols: Sequence[str], timeframe: str, parameters: Mapping[str, Any], terms: Terms, data_hash: str
) -> str:
    """Return `bt-` and 20 base32 characters of the hash of everything that decides the result, the engine's version too.

    The window is part of it through `data_hash`, which covers the open time of every bar; signal_mode through `code_hash`.
    """
    identity = [code_hash, list(symbols), timeframe, dict(parameters), terms, data_hash, ENGINE_VERSION]
    return "bt-" + _short(identity)


def canonical(value: Any) -> bytes:
    """Return the one JSON spelling of `value`: sorted keys, no spaces, UTF-8; numpy columns as lists, NaN as null."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY)


def _short(value: Any) -> str:
    return b32encode(_digest(value)).decode().lower()[:20]


def _digest(value: Any) -> bytes:
    return hashlib.sha256(canonical(value)).digest()
