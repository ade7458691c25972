"""How long `cmd.backtest.run` takes on 90 hourly days of real BTC with all evidence: from the command to the committed answer.

    python -m benchmarks.backtest [--data FOLDER] [--runs 20] [--family 100]

One process, real SQLite, real sandbox with two fork servers, compiled engine; the bus alone is left out. Every run is a new one (another fee), in a
family that already has 100 tries, so PBO is computed each time. Prints; asserts nothing.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.market import BTC, FOLDER, hourly

AT = datetime(2024, 6, 1, tzinfo=UTC)
RULES = {
    "symbol": "BTCUSDT",
    "indicators": {
        "rsi": {"period": 14, "buy_below": 35, "sell_above": 65},
        "ema": {"period": 20, "buy_crosses_above": True, "sell_crosses_below": True},
    },
}
CODE = """
def generate_signals(df, fast=12, slow=48):
    quick = df["close"].rolling(fast).mean()
    calm = df["close"].rolling(slow).mean()
    above, before = quick > calm, quick.shift(1) > calm.shift(1)
    warm = calm.shift(1).notna()
    return (above & ~before & warm).astype(int) - (~above & before & warm).astype(int)
"""
ASKED: dict[str, dict[str, Any]] = {
    "rules": {"rules": RULES},
    "rules, no evidence": {"rules": RULES, "evidence": "none"},
    "Python": {"code": CODE, "symbol": "BTCUSDT"},
    "Python, no evidence": {"code": CODE, "symbol": "BTCUSDT", "evidence": "none"},
}


def main() -> None:
    """Print the median and the slowest of each kind, and ten at once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=FOLDER, help="folder of the price files")
    parser.add_argument("--runs", type=int, default=20, help="runs of each kind")
    parser.add_argument("--family", type=int, default=100, help="tries the family has already")
    options = parser.parse_args()
    os.environ.setdefault("SENTINEL_JIT", "1")
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measured(Path(folder), options))


async def measured(folder: Path, options: argparse.Namespace) -> None:
    """Time the runs on a fresh data directory."""
    from libs.common.bus import records
    from libs.common.bus.transact import Transactor
    from libs.common.clock import WallClock
    from libs.common.db import Database
    from libs.market.catalog import CatalogWriter
    from services.backtest.app import warm
    from services.backtest.roles import build
    from services.backtest.settings import Settings

    settings = Settings(data_dir=folder, backtest_processes=2)
    CatalogWriter(settings.catalog_dir).append("BTCUSDT", "1h", hourly(options.data, BTC).tail(2_160), "csv", False)
    service = build(settings)
    database = await Database.open(f"sqlite:///{folder / 'backtest.db'}", [*records.MIGRATIONS, *service.migrations])
    try:
        transactor = Transactor(service, database, WallClock())
        await transactor.load()
        await warm(None)  # type: ignore[arg-type]
        await fill(database, options)
        load = os.getloadavg()[0]
        print(f"2,160 bars, {options.family} tries in the family, load {load:.1f} on {os.cpu_count()} cores")
        print(f"{'':<24}{'p50':>10}{'p90':>10}{'slowest':>10}")
        for place, (name, fields) in enumerate(ASKED.items()):
            spent = [await one(transactor, place * 1_000 + n, fields) for n in range(options.runs + 1)][1:]
            told = (statistics.median(spent), sorted(spent)[int(0.9 * (len(spent) - 1))], max(spent))
            print(f"{name:<24}" + "".join(f"{seconds * 1e3:>7.0f} ms" for seconds in told))
        for name in ("rules", "Python"):
            start = time.perf_counter()
            await asyncio.gather(*(one(transactor, 9_000 + n, ASKED[name]) for n in range(10)))
            print(f"{'ten at once, ' + name:<24}{(time.perf_counter() - start) * 1e3:>7.0f} ms for all")
    finally:
        if service.close:
            service.close()
        await database.close()


async def one(transactor: Any, number: int, fields: dict[str, Any]) -> float:
    """Return the seconds from a command to its committed answer."""
    from libs.common.bus.transact import Delivery
    from libs.common.commands import RunBacktest
    from services.backtest.core.job import Failed

    row = next(row for row in transactor.service.table if row.message is RunBacktest)
    command = RunBacktest.first(key=f"{number}{fields}", at=AT, fee=0.001 + number * 1e-9, **fields)
    start = time.perf_counter()
    delivery = Delivery(command, command.body(), command.subject_name(), "BENCH", number)
    delivery.worked = await row.work(command)
    if isinstance(delivery.worked, Failed):
        raise delivery.worked.error
    failed = await transactor.handle(row, "bench", [delivery])
    if failed:
        raise failed[0].error
    return time.perf_counter() - start


async def fill(database: Any, options: argparse.Namespace) -> None:
    """Give the family of nameless commands some tries without skill."""
    from libs.strategy.family import family_of
    from services.backtest.core.engine import Terms
    from services.backtest.core.evidence.trials import Identity, trial_of
    from services.backtest.trials_store import Source, add_trial

    chance, family = np.random.default_rng(1), family_of("bus", ["BTCUSDT"], "1h")
    bars = hourly(options.data, BTC).tail(2_160)
    async with database.begin() as connection:
        for n in range(options.family):
            identity = Identity(family, f"c{n}", f"s{n}", Terms(), AT)
            trial = trial_of(identity, bars.ts, chance.normal(0, 0.004, len(bars)))
            await add_trial(connection, trial, Source(f"bench-{n}", "look", int(bars.ts[-1])))


if __name__ == "__main__":
    main()
