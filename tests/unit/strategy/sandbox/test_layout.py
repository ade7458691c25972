"""A market file read is the market written, without a copy, and a broken file is refused."""

import json
import struct

import numpy as np
import pytest

from libs.strategy.sandbox.layout import COLUMNS, MARKET_MAGIC, pack_market, read_market
from libs.strategy.sandbox.wire import WireError

HOUR = ("1h", 3_600_000)


def columns(rows: int, first: int = 0) -> tuple[memoryview, ...]:
    prices = (np.arange(rows, dtype="f8") + 100 * number for number in range(1, 6))
    return (np.arange(first, first + rows, dtype="i8").data, *(each.data for each in prices))


def written(symbols: dict[str, tuple[memoryview, ...]]) -> bytes:
    return b"".join(pack_market(HOUR, symbols, {"BTCUSDT": {"pe": 12.5, "sector": "none", "debt": None}}))


@pytest.mark.parametrize("rows", [0, 1, 2, 3, 7, 1000])
def test_market_written_and_read_is_the_same(rows: int) -> None:
    view = memoryview(written({"ETHUSDT": columns(5), "BTCUSDT": columns(rows, 10)}))
    index = read_market(view)
    assert (index.timeframe, index.timeframe_ms, index.point_in_time) == ("1h", 3_600_000, False)
    assert index.fundamentals == {"BTCUSDT": {"pe": 12.5, "sector": "none", "debt": None}}
    block = index.symbols["BTCUSDT"]
    assert (block.at % 64, block.rows) == (0, rows)
    assert block.column(view, "ts").tolist() == list(range(10, 10 + rows))
    assert block.column(view, "volume").tolist() == [500.0 + bar for bar in range(rows)]
    assert index.symbols["ETHUSDT"].column(view, "close").tolist() == [400.0, 401.0, 402.0, 403.0, 404.0]


def test_market_of_500_symbols_has_every_block_where_the_index_says() -> None:
    view = memoryview(written({f"SYMBOL{each}": columns(3, each) for each in range(500)}))
    index = read_market(view)
    assert [index.symbols[f"SYMBOL{each}"].column(view, "ts")[0] for each in range(500)] == list(range(500))


def test_column_of_a_mapped_market_is_a_view() -> None:
    held = bytearray(written({"BTCUSDT": columns(2)}))
    close = read_market(memoryview(held)).symbols["BTCUSDT"].column(memoryview(held), "close")
    at = held.index(struct.pack("<d", 400.0))
    held[at : at + 8] = struct.pack("<d", 9.0)
    assert close[0] == 9.0


def test_market_without_bytes_has_no_symbols() -> None:
    assert read_market(memoryview(b"")).symbols == {}


def test_columns_of_unequal_length_are_refused() -> None:
    broken = (*columns(3)[:5], columns(2)[5])
    with pytest.raises(WireError, match="six"):
        written({"BTCUSDT": broken})
    with pytest.raises(WireError, match="six"):
        written({"BTCUSDT": columns(3)[:5]})
    assert len(COLUMNS) == 6


def test_broken_market_file_is_refused() -> None:
    good = written({"BTCUSDT": columns(3)})
    with pytest.raises(WireError, match="not a market"):
        read_market(memoryview(b"SNTLMKT2" + good[8:]))
    with pytest.raises(WireError, match="outside"):
        read_market(memoryview(good[:-80]))
    with pytest.raises(WireError):
        read_market(memoryview(good[:40]))
    index = json.dumps({"timeframe": "1h", "timeframe_ms": 1, "symbols": {"A": {"at": 3, "rows": 1}}}).encode()
    odd = MARKET_MAGIC + struct.pack("<Q", len(index)) + index.ljust(200)
    with pytest.raises(WireError, match="outside"):
        read_market(memoryview(odd))
