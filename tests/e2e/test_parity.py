"""The live path is the backtest replayed: same signals, same fills, same books, the same bytes every time."""

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.live import PARITY, live
from tests.support.parity import Replayed, Window, certify, hours, imbalances, prepare, replay, write_walks

DECISIONS = "decisions.*"


async def run(folder: Path, path: Path, window: Window, **import_fields: str) -> Replayed:
    async with live(folder, PARITY) as system:
        lines = await prepare(system, path, window, folder, **import_fields)
        replayed = await replay(system, window, lines)
        assert await system.raw("dead.>") == []
    certificates = certify(replayed, window, folder)
    for symbol, certificate in certificates.items():
        assert certificate.differences == (), (symbol, certificate.differences[:3])
    assert sum(c.signals for c in certificates.values()) == sum(c.bars for c in certificates.values()) > 0
    assert await imbalances(folder) == []
    return replayed


@pytest.mark.timeout(300)
async def test_replay_of_four_symbols_equals_the_backtests_and_itself(tmp_path: Path) -> None:
    symbols = ("AUSDT", "BUSDT", "CUSDT", "DUSDT")
    write_walks(tmp_path / "walks.csv.gz", symbols, 160)
    window = hours(symbols, 160)
    first = await run(tmp_path / "one", tmp_path / "walks.csv.gz", window)
    again = await run(tmp_path / "two", tmp_path / "walks.csv.gz", window)
    assert len(first.fills) > 20
    for wildcard in first.raw:
        assert first.digest(wildcard) == again.digest(wildcard), wildcard


@pytest.mark.timeout(300)
async def test_replay_of_real_bitcoin_equals_the_backtest(tmp_path: Path, real_data: Path) -> None:
    path = real_data / "crypto" / "BTCUSDT_binance-spot_1h_2017-2022.csv.gz"
    start = datetime(2021, 3, 1, tzinfo=UTC)
    replayed = await run(tmp_path, path, Window(("BTCUSDT",), start, start + timedelta(days=10)), symbol="BTCUSDT")
    assert len(replayed.fills) > 10


@pytest.mark.full
@pytest.mark.timeout(1_800)
async def test_replay_of_ninety_days_of_bitcoin_equals_the_backtest_and_itself(tmp_path: Path, real_data: Path) -> None:
    path = real_data / "crypto" / "BTCUSDT_binance-spot_1h_2017-2022.csv.gz"
    start = datetime(2021, 3, 1, tzinfo=UTC)
    window = Window(("BTCUSDT",), start, start + timedelta(days=90))
    first = await run(tmp_path / "one", path, window, symbol="BTCUSDT")
    again = await run(tmp_path / "two", path, window, symbol="BTCUSDT")
    assert len(first.fills) > 200
    assert first.digest(DECISIONS) == again.digest(DECISIONS)


@pytest.mark.full
@pytest.mark.timeout(3_600)
async def test_replay_of_twenty_four_real_pairs_equals_twenty_four_backtests(tmp_path: Path, real_data: Path) -> None:
    path = real_data / "crypto" / "spot_binance_24pairs_1h_2024-01_2024-05.csv.gz"
    symbols = symbols_of(path)
    assert len(symbols) == 24
    start = datetime(2024, 1, 1, tzinfo=UTC)
    await run(tmp_path / "run", path, Window(symbols, start, start + timedelta(days=152)))


def symbols_of(path: Path) -> tuple[str, ...]:
    with gzip.open(path, "rt") as file:
        return tuple(sorted({line.split(",", 1)[0] for line in file} - {"symbol"}))
