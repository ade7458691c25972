"""The market file: bars of many symbols in one sealed memory file, read by the child without a copy.

`SNTLMKT1`, u64 length of the index, index as JSON, zero padding, then one block of six columns for each symbol, each at a multiple of
64 bytes. Decides where bytes lie; what a bar is, `libs.market.frame` decides.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from libs.strategy.sandbox.wire import WireError, make, parse

Scalar: TypeAlias = float | int | str | bool | None

MARKET_MAGIC = b"SNTLMKT1"
COLUMNS = ("ts", "open", "high", "low", "close", "volume")
"""Order of the columns in a block: ts int64 (open time, epoch ms), the others float64."""

_ALIGN = 64
_BLOCK_KEYS = frozenset({"at", "rows"})


@dataclass(frozen=True, slots=True)
class Block:
    """Where the six columns of a symbol lie: byte offset from the start of the file, a multiple of 64, and bars in each."""

    at: int
    rows: int

    def column(self, view: memoryview, name: str) -> "memoryview[int] | memoryview[float]":
        """Return the (rows,) column of a mapped market: int64 for `ts`, float64 for the others. No copy."""
        start = self.at + COLUMNS.index(name) * self.rows * 8
        return view[start : start + self.rows * 8].cast("q" if name == "ts" else "d")


@dataclass(frozen=True, slots=True)
class MarketIndex:
    """What a market memfd holds.

    fundamentals: values by symbol and field; point_in_time: they were known at the as-of time, not only today. history: by symbol, rows of
    (epoch ms from which it was known, values by field), oldest first; such a symbol is not in `fundamentals`.
    """

    timeframe: str
    timeframe_ms: int
    symbols: dict[str, Block]
    fundamentals: dict[str, dict[str, Scalar]] = field(default_factory=dict)
    point_in_time: bool = False
    history: dict[str, list[tuple[int, dict[str, Scalar]]]] = field(default_factory=dict)


def pack_market(
    timeframe: tuple[str, int],
    columns: Mapping[str, tuple[memoryview, ...]],
    fundamentals: Mapping[str, Mapping[str, Scalar]] | None = None,
    *,
    point_in_time: bool = False,
    history: Mapping[str, Sequence[tuple[int, Mapping[str, Scalar]]]] | None = None,
) -> list[bytes | memoryview]:
    """Return the parts of a market file in order, columns not copied.

    timeframe: name and milliseconds. columns: for each symbol six views of T 8-byte values in the order of COLUMNS. Raises WireError
    if a symbol's columns differ in length or are not six.
    """
    sizes = {symbol: _rows(symbol, views) for symbol, views in columns.items()}
    told: dict[str, Any] = {"timeframe": timeframe[0], "timeframe_ms": timeframe[1], "symbols": {}}
    told |= {
        "fundamentals": {symbol: dict(known) for symbol, known in (fundamentals or {}).items()},
        "point_in_time": point_in_time,
        "history": {symbol: [(known, dict(row)) for known, row in rows] for symbol, rows in (history or {}).items()},
    }
    first, text = 0, b""
    while first < (needed := _aligned(16 + len(text := _index(told, sizes, first)))):
        first = needed
    parts: list[bytes | memoryview] = [MARKET_MAGIC + struct.pack("<Q", len(text)) + text.ljust(first - 16, b"\0")]
    for symbol, views in columns.items():
        parts.extend(view.cast("B") for view in views)
        parts.append(b"\0" * (_aligned(48 * sizes[symbol]) - 48 * sizes[symbol]))
    return parts


def read_market(view: memoryview) -> MarketIndex:
    """Return the index of a mapped market file; raises WireError. An empty file is a market without symbols."""
    if not len(view):
        return MarketIndex("", 0, {})
    if len(view) < 16 or view[:8] != MARKET_MAGIC:
        raise WireError("not a market file")
    (length,) = struct.unpack("<Q", view[8:16])
    raw = parse(bytes(view[16 : 16 + length]), len(view))
    index = make(MarketIndex, raw)
    blocks = {symbol: _block(symbol, block, len(view)) for symbol, block in index.symbols.items()}
    return replace(index, symbols=blocks)


def _block(symbol: str, raw: Any, size: int) -> Block:
    """Read one block by hand: `make` would take most of the time of a file of a thousand symbols."""
    if type(raw) is not dict or raw.keys() != _BLOCK_KEYS:
        raise WireError(f"the block of {symbol[:40]} has fields {sorted(_BLOCK_KEYS)}")
    at, rows = raw["at"], raw["rows"]
    if type(at) is not int or type(rows) is not int or at < 0 or at % _ALIGN or rows < 0 or at + 48 * rows > size:
        raise WireError(f"the block of {symbol[:40]} lies outside the file")
    return Block(at, rows)


def _index(told: dict[str, Any], sizes: Mapping[str, int], first: int) -> bytes:
    at = first
    for symbol, rows in sizes.items():
        told["symbols"][symbol] = {"at": at, "rows": rows}
        at += _aligned(48 * rows)
    return json.dumps(told, allow_nan=False, separators=(",", ":")).encode()


def _rows(symbol: str, views: tuple[memoryview, ...]) -> int:
    lengths = {view.nbytes for view in views}
    if len(views) != len(COLUMNS) or len(lengths) != 1 or min(lengths) % 8:
        raise WireError(f"columns of {symbol} are not six of the same length")
    return lengths.pop() // 8


def _aligned(size: int) -> int:
    return -(-size // _ALIGN) * _ALIGN
