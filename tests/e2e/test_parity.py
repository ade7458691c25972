"""The live path is the backtest replayed: same signals, same fills, same books, the same bytes every time."""

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.parity import SUITE_BARS, WALKS, Replayed, Window, hours, run, run_walks, write_walks

DECISIONS = "decisions.*"


@pytest.mark.timeout(300)
async def test_replay_of_four_symbols_equals_the_backtests_and_another_replay(tmp_path: Path, calm: Replayed) -> None:
    again = await run_walks(tmp_path / "again", SUITE_BARS)
    assert len(calm.fills) > 20
    for wildcard in calm.raw:
        assert calm.digest(wildcard) == again.digest(wildcard), wildcard


SIGNALS = """
def generate_signals(df, fast=5, slow=12):
    df["fast"] = df["close"].rolling(fast).mean()
    df["slow"] = df["close"].ewm(span=slow).mean()
    up, before = df["fast"] > df["slow"], (df["fast"] > df["slow"]).shift(1, fill_value=False)
    return (up & ~before).astype(int) - (~up & before).astype(int)
"""
CLASSIFY = """
HORIZON = 3

def classify_symbol(symbol):
    data = get_price_data(symbol, timeframe="1h", days=4)
    if len(data["close"]) < 4:
        return False
    return {"signal": data["close"][-1] < min(data["close"][:-1]), "score": data["close"][-1] / data["close"][0]}
"""


def in_python(symbol: str) -> dict[str, Any]:
    if symbol in WALKS[:2]:
        return {"code": SIGNALS, "symbols": [symbol], "parameters": {"fast": 4} if symbol == WALKS[0] else {}}
    return {"code": CLASSIFY, "symbols": [symbol]}


@pytest.mark.timeout(300)
async def test_replay_of_python_strategies_equals_the_backtests(tmp_path: Path) -> None:
    bars = 48
    write_walks(tmp_path / "walks.csv.gz", WALKS, bars)
    window = hours(WALKS, bars)
    replayed = await run(tmp_path / "data", tmp_path / "walks.csv.gz", window, define=in_python)
    assert len(replayed.fills) > 8
    assert not any(signal.fault for signal in replayed.signals)


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
