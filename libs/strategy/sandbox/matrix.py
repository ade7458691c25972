"""The matrix file: features of many symbols in one sealed memory file, read by the child without a copy.

`SNTLFEA1`, u64 length of the index, index as JSON, zero padding, then for each symbol its open times (int64) and its rows (float64, row
after row), each block at a multiple of 64 bytes. Decides where bytes lie; what a feature is, `libs.market.features` decides.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from libs.strategy.sandbox.wire import WireError, make, parse

MATRIX_MAGIC = b"SNTLFEA1"

_ALIGN = 64
_HEAD = 16

Parts: TypeAlias = tuple[memoryview, memoryview]
"""Open times (T,) int64 and rows (T, F) float64, as C-contiguous views."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Where the block of a symbol lies: byte offset from the start of the file, a multiple of 64, and its rows."""

    at: int
    rows: int


@dataclass(frozen=True, slots=True)
class MatrixIndex:
    """What a matrix file holds. timeframe, timeframe_ms: of the bars. features: names of the columns, in order."""

    timeframe: str
    timeframe_ms: int
    features: tuple[str, ...]
    symbols: dict[str, Rows]

    def block(self, view: memoryview, symbol: str) -> "tuple[memoryview[int], memoryview[float]]":
        """Return the open times, (T,) int64, and all numbers of the rows one after the other, (T * F,) float64. No copy."""
        block = self.symbols[symbol]
        middle = block.at + 8 * block.rows
        end = middle + 8 * block.rows * len(self.features)
        return view[block.at : middle].cast("q"), view[middle:end].cast("d")


def pack_matrix(
    timeframe: tuple[str, int], features: tuple[str, ...], blocks: Mapping[str, Parts]
) -> list[bytes | memoryview]:
    """Return the parts of a matrix file in order, rows not copied; raises WireError where times and rows do not fit together.

    timeframe: name and milliseconds.
    """
    sizes = {symbol: _rows(symbol, len(features), parts) for symbol, parts in blocks.items()}
    told: dict[str, Any] = {"timeframe": timeframe[0], "timeframe_ms": timeframe[1], "features": list(features)}
    first, text = 0, b""
    while first < (needed := _aligned(_HEAD + len(text := _index(told, len(features), sizes, first)))):
        first = needed
    packed: list[bytes | memoryview] = [
        MATRIX_MAGIC + struct.pack("<Q", len(text)) + text.ljust(first - _HEAD, b"\0"),
    ]
    for symbol, (times, rows) in blocks.items():
        size = _size(len(features), sizes[symbol])
        packed += [times.cast("B"), rows.cast("B"), b"\0" * (_aligned(size) - size)]
    return packed


def read_matrix(view: memoryview) -> MatrixIndex:
    """Return the index of a mapped matrix file; raises WireError."""
    if len(view) < _HEAD or view[:8] != MATRIX_MAGIC:
        raise WireError("not a matrix file")
    (length,) = struct.unpack("<Q", view[8:_HEAD])
    index = make(MatrixIndex, parse(bytes(view[_HEAD : _HEAD + length]), len(view)))
    if type(index.timeframe_ms) is not int or index.timeframe_ms <= 0:
        raise WireError("the bars have no length")
    blocks = {symbol: make(Rows, block) for symbol, block in index.symbols.items()}
    for symbol, block in blocks.items():
        if block.at % _ALIGN or block.rows < 0 or block.at + _size(len(index.features), block.rows) > len(view):
            raise WireError(f"the block of {symbol[:40]} lies outside the file")
    return replace(index, features=tuple(index.features), symbols=blocks)


def _index(told: Mapping[str, Any], width: int, sizes: Mapping[str, int], first: int) -> bytes:
    at, symbols = first, {}
    for symbol, rows in sizes.items():
        symbols[symbol] = {"at": at, "rows": rows}
        at += _aligned(_size(width, rows))
    return json.dumps({**told, "symbols": symbols}, allow_nan=False, separators=(",", ":")).encode()


def _rows(symbol: str, width: int, parts: Parts) -> int:
    times, rows = parts
    if times.nbytes % 8 or rows.nbytes != times.nbytes * width:
        raise WireError(f"times and rows of {symbol} do not fit together")
    return times.nbytes // 8


def _size(width: int, rows: int) -> int:
    return 8 * rows * (1 + width)


def _aligned(size: int) -> int:
    return -(-size // _ALIGN) * _ALIGN
