"""Jobs at work: one classifier call beside its rivals, and one worker beside two on a backtest of 1,000 symbols.

`python -m benchmarks.jobs [--symbols 1000] [--days 504] [--rounds 3]`. Seeded made-up bars; nothing is asserted.
"""

import argparse
import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.timing import shown
from deploy.local import System
from libs.common.bus.connection import connect
from libs.common.bus.outlet import BusOutlet
from libs.common.events import JobDone
from libs.common.studies import BacktestUniverse
from libs.common.values import Timeframe
from libs.market.catalog import CatalogWriter
from libs.market.frame import Frame
from libs.strategy.python import Span
from libs.strategy.runtime import evaluate_all
from libs.strategy.sandbox.host.pool import Pool
from libs.strategy.spec import parse

DAY_MS = 86_400_000
AT = datetime(2024, 1, 1, tzinfo=UTC)
GAP = """
HORIZON = 5

def classify_symbol(symbol):
    bars = get_price_data(symbol, timeframe="1d", days=10)
    closes, volumes = bars["close"], bars["volume"]
    if len(closes) < 10:
        return False
    gap = (bars["open"][-1] - closes[-2]) / closes[-2] * 100
    usual = sum(volumes[-5:-1]) / 4
    return gap > 3.0 and usual > 0 and volumes[-1] / usual > 1.5
"""
MOMENTUM = """
HORIZON = 5

def classify_symbol(symbol):
    bars = get_price_data(symbol, timeframe="1d", days=30)
    closes, volumes = bars["close"], bars["volume"]
    if len(closes) < 30:
        return False
    mean = sum(closes) / 30
    spread = (sum((close - mean) ** 2 for close in closes) / 30) ** 0.5
    rise = closes[-1] / closes[-21] - 1
    crowd = volumes[-1] / (sum(volumes) / 30)
    return rise > 0.1 and crowd > 1.2 and closes[-1] > mean + spread
"""


def bars(symbols: int, days: int) -> dict[str, Frame]:
    """Return made-up daily bars with a gap now and then."""
    found = {}
    for number in range(symbols):
        chance = np.random.default_rng(number)
        close = 100 * np.exp(np.cumsum(chance.normal(0, 0.02, days)))
        opened = np.concatenate(([100.0], close[:-1])) * np.exp(chance.normal(0, 0.012, days))
        ts = 1_500_000_000_000 // DAY_MS * DAY_MS + DAY_MS * np.arange(days, dtype=np.int64)
        high, low = np.maximum(opened, close) * 1.01, np.minimum(opened, close) * 0.99
        found[f"S{number:04d}"] = Frame.of(ts, opened, high, low, close, chance.lognormal(10, 0.5, days))
    return found


def gap_up(ask: Callable[[str, int], Mapping[str, Any]], symbol: str, row: int) -> bool:
    """The classifier as plain Python, on whatever answers `ask`."""
    found = ask(symbol, row)
    closes, volumes = found["close"], found["volume"]
    if len(closes) < 10:
        return False
    gap = (found["open"][-1] - closes[-2]) / closes[-2] * 100
    usual = sum(volumes[-5:-1]) / 4
    return bool(gap > 3.0 and usual > 0 and volumes[-1] / usual > 1.5)


def preloaded(frames: Mapping[str, Frame]) -> Callable[[str, int], Mapping[str, Any]]:
    """Answer from Python lists made beforehand."""
    lists = {
        symbol: {name: getattr(frame, name).tolist() for name in ("open", "close", "volume")}
        for symbol, frame in frames.items()
    }

    def ask(symbol: str, row: int) -> Mapping[str, Any]:
        first = max(0, row - 9)
        return {name: column[first : row + 1] for name, column in lists[symbol].items()}

    return ask


def by_sqlite(frames: Mapping[str, Frame]) -> Callable[[str, int], Mapping[str, Any]]:
    """Answer each question by a query of its own, on a database in memory."""
    database = sqlite3.connect(":memory:")
    database.execute(
        "CREATE TABLE bars (symbol TEXT, row INT, o REAL, c REAL, v REAL, PRIMARY KEY (symbol, row)) WITHOUT ROWID"
    )
    for symbol, frame in frames.items():
        rows = zip(frame.open.tolist(), frame.close.tolist(), frame.volume.tolist(), strict=True)
        database.executemany(
            "INSERT INTO bars VALUES (?, ?, ?, ?, ?)", [(symbol, n, *row) for n, row in enumerate(rows)]
        )
    query = "SELECT o, c, v FROM bars WHERE symbol = ? AND row > ? AND row <= ? ORDER BY row"

    def ask(symbol: str, row: int) -> Mapping[str, Any]:
        found = database.execute(query, (symbol, row - 10, row)).fetchall()
        opened, closed, volume = zip(*found, strict=True)
        return {"open": opened, "close": closed, "volume": volume}

    return ask


def by_pandas(frames: Mapping[str, Frame]) -> Callable[[str, int], Mapping[str, Any]]:
    """Answer each question by a slice of a data frame."""
    tables = {symbol: frame.to_pandas() for symbol, frame in frames.items()}

    def ask(symbol: str, row: int) -> Mapping[str, Any]:
        part = tables[symbol].iloc[max(0, row - 9) : row + 1]
        return {name: part[name].tolist() for name in ("open", "close", "volume")}

    return ask


def per_call(ask: Callable[[str, int], Mapping[str, Any]], frames: Mapping[str, Frame], symbols: int) -> float:
    """Return seconds a call over all bars of some symbols."""
    chosen = sorted(frames)[:symbols]
    began = time.perf_counter()
    for symbol in chosen:
        for row in range(len(frames[symbol])):
            gap_up(ask, symbol, row)
    return (time.perf_counter() - began) / sum(len(frames[symbol]) for symbol in chosen)


def calls(frames: Mapping[str, Frame]) -> None:
    """Print what a call costs, in the sandbox and outside, and a screen."""
    strategy = parse(code=GAP, symbols=["S0000"], timeframe=Timeframe.D1.value)
    with Pool(1) as sandbox:
        count = sum(map(len, frames.values()))
        evaluate_all(strategy, frames, sandbox, focus=tuple(frames)[:10])
        spent = []
        for _ in range(3):
            began = time.perf_counter()
            said = evaluate_all(strategy, frames, sandbox)
            spent.append(time.perf_counter() - began)
        hits = sum(int(np.count_nonzero(signals.hits)) for signals in said.signals.values() if signals.hits is not None)
        own = statistics.median(spent) / count
        began = time.perf_counter()
        evaluate_all(strategy, frames, sandbox, span=Span(newest_only=True))
        screen = time.perf_counter() - began
    rivals = {
        "preloaded lists": (preloaded, 100),
        "SQLite, a query a call": (by_sqlite, 20),
        "pandas, a slice a call": (by_pandas, 4),
    }
    print(
        f"\n{count:,} calls, {hits:,} hits; a whole backtest in the sandbox: {shown(statistics.median(spent))}; a screen: {shown(screen)}"
    )
    print(f"{'how a call is answered':32}{'a call':>12}{'beside ours':>14}")
    print(f"{'sandbox, one core':32}{shown(own):>12}{1:>13.2f}x")
    for name, (make, symbols) in rivals.items():
        cost = per_call(make(frames), frames, symbols)
        print(f"{name:32}{shown(cost):>12}{cost / own:>13.2f}x")


async def job(system: System, key: str) -> float:
    """Run the backtest of all symbols and return its seconds, from the command to its end on the bus."""
    link = await connect(system.nats_url, "benchmark")
    outlet = BusOutlet(None, link)
    ended = asyncio.Event()

    async def hear(command_id: str) -> None:
        async for done in outlet.hear(JobDone):
            if done.job_id == command_id:
                ended.set()
                return

    fields: dict[str, Any] = {"code": MOMENTUM, "timeframe": "1d", "universe": "all", "asked_by": "benchmark"}
    command = BacktestUniverse.first(key=key, at=AT, **fields)
    hearing = asyncio.create_task(hear(command.event_id))
    await asyncio.sleep(0.2)
    began = time.perf_counter()
    await outlet.ask(command, 120)
    await ended.wait()
    spent = time.perf_counter() - began
    await hearing
    await link.close()
    return spent


def cpu_s(system: System, names: Sequence[str]) -> float:
    """Return the processor seconds of processes and of all they started, so far."""
    total = 0.0
    for pid in filter(None, map(system.pid_of, names)):
        for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


async def with_workers(folder: Path, workers: int, rounds: int) -> tuple[float, float, float]:
    """Return of a job with so many workers of one process each the median seconds, and the processor seconds of coordinator and workers."""
    system = System(
        folder, services=("backtest",), workers=workers, env={"SENTINEL_BACKTEST_PROCESSES": "1"}, ports="free"
    )
    await system.start()
    try:
        await system.wait_ready()
        await job(system, f"warm {workers}")
        hands = [f"backtest_worker_{number}" for number in range(1, workers + 1)]
        before = cpu_s(system, ["backtest"]), cpu_s(system, hands)
        spent = statistics.median([await job(system, f"{workers} {n}") for n in range(rounds)])
        after = cpu_s(system, ["backtest"]), cpu_s(system, hands)
        return spent, (after[0] - before[0]) / rounds, (after[1] - before[1]) / rounds
    finally:
        await system.stop()


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--symbols", type=int, default=1_000)
    parser.add_argument("--days", type=int, default=504)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    frames = bars(given.symbols, given.days)
    calls(frames)
    with tempfile.TemporaryDirectory() as folder:
        writer = CatalogWriter(Path(folder) / "catalog")
        for symbol, frame in frames.items():
            writer.append(symbol, "1d", frame, "benchmark", True)
        one, two = (asyncio.run(with_workers(Path(folder), workers, given.rounds)) for workers in (1, 2))
    print(f"\nbacktest of {given.symbols:,} symbols, from the command to the end of the job")
    print(f"{'':32}{'time':>12}{'':14}{'coordinator':>14}{'workers':>12}")
    for name, (spent, own, hands) in (("one worker", one), ("two workers", two)):
        print(f"{name:32}{shown(spent):>12}{one[0] / spent:>13.2f}x{own:>12.2f} s{hands:>10.2f} s")
    print(f"by processor time two free cores give {(one[1] + one[2]) / (one[1] + one[2] / 2):.2f}x")


if __name__ == "__main__":
    main()
