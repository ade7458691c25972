"""How long strategy code takes in the sandbox: empty job, RSI on 1,000 bars, 500 symbols at once, a screen, beside a fresh interpreter.

    python -m benchmarks.sandbox [--jobs 200]

Times are seen by the caller, from handing the job in to the checked answer, one job at a time. `fork` makes the child when the job comes,
`spare` has one waiting that rehearsed. Throughput keeps every fork server busy. On a machine with other work the lines on processor time
are the ones to compare, each with the same work in this process without isolation. The script prints and asserts nothing.
"""

import argparse
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd

from libs.common.values import Timeframe
from libs.market.frame import Frame
from libs.strategy.check import check
from libs.strategy.sandbox.host.job import Job
from libs.strategy.sandbox.host.market import market_memfd
from libs.strategy.sandbox.host.pool import Pool
from libs.strategy.sandbox.host.verdict import Outcome
from libs.strategy.sandbox.wire import Switches

EMPTY = "def generate_signals(df):\n    return [0] * len(df)\n"
RSI = """
import pandas as pd

def generate_signals(df):
    change = df["close"].diff()
    gain = change.clip(lower=0).ewm(alpha=1 / 14, adjust=False).mean()
    loss = (-change.clip(upper=0)).ewm(alpha=1 / 14, adjust=False).mean()
    rsi = 100 - 100 / (1 + gain / loss)
    signals = pd.Series(0, index=df.index)
    signals[rsi < 30] = 1
    signals[rsi > 70] = -1
    return signals
"""
GAP = """
def classify_symbol(symbol):
    bars = get_price_data(symbol, "1d", 10)
    if len(bars["close"]) < 10:
        return False
    return bars["open"][-1] > 1.02 * bars["close"][-2] and bars["volume"][-1] > sum(bars["volume"][:-1]) / 9
"""
FRESH = """
import numpy as np, pandas as pd
{code}
close = 100 * np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.02, 1000)))
generate_signals(pd.DataFrame({{"close": close}}))
"""
PAUSE_S = 0.15
"""Between single jobs, so that a spare has rehearsed before the next one."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=200, help="single jobs of each kind")
    jobs = parser.parse_args().jobs
    print(f"{'one at a time, ms':<58}{'p50':>9}{'p99':>9}{'vs fresh':>10}")
    fresh = timed(
        lambda: subprocess.run([sys.executable, "-c", FRESH.format(code=RSI)], check=True), max(5, jobs // 20)
    )
    row("fresh interpreter imports pandas and runs RSI, no isolation", fresh)
    row("start of a fork server to its first answer", timed(first_answer, 5), fresh)
    row("checker alone on the RSI, in this process", timed(lambda: check(RSI), jobs))
    bare("RSI, 1,000 bars", [walk(1_000)], jobs)
    for way, spares in (("fork", 0), ("spare", 1)):
        with Pool(1, Switches(spares=spares)) as pool:
            pool.start(60)
            for name, code, bars in (("empty job, 1 bar", EMPTY, 1), ("RSI, 1,000 bars", RSI, 1_000)):
                spent, used, taken = singles(pool, code, bars, jobs, PAUSE_S * spares)
                row(f"{name}, {way}", spent, fresh)
                processor(f"of it in the child, {taken} of {len(spent)} from a spare", used)
    large(fresh)
    throughput(max(200, jobs))


def large(fresh: list[float]) -> None:
    """Time one fork for many symbols, and the screen of W3 on one fork server and split over two."""
    frames = {f"S{number:04}": walk(1_000, number) for number in range(500)}
    row("market file, 500 symbols x 1,000 bars", timed(lambda: os.close(market_memfd(frames, Timeframe.H1)), 9))
    days = {f"S{number:04}": walk(504, number) for number in range(1_000)}
    halves = [dict(list(days.items())[part::2]) for part in (0, 1)]
    with Pool(2) as pool:
        warm(pool)
        with market(frames) as fd:
            used: list[float] = []
            spent = timed(lambda: used.append(good(pool.run(signals(RSI, fd, frames))).cpu_s), 5)
            row("RSI, 500 symbols x 1,000 bars, one fork", spent, fresh)
            processor("of it in the child", used)
            bare("RSI, 500 symbols x 1,000 bars", list(frames.values()), 3)
        with market(days, Timeframe.D1) as whole:
            names = "gap classifier, 1,000 symbols x 504 days"
            row(f"{names}, one fork", timed(lambda: good(pool.run(classify(whole, days))), 3))
            used = []
            spent = timed(lambda: used.append(good(pool.run(classify(whole, days, last_only=True))).cpu_s), 9)
            row("the same screen on the newest bar alone, one fork", spent)
            processor("of it in the child", used)
            row(f"{names}, two", timed(lambda: both(pool, whole, halves), 3))


def throughput(jobs: int) -> None:
    """Print RSI jobs a second on one fork server and on two."""
    print(f"\n{'RSI jobs of 1,000 bars, a second':<58}{'jobs/s':>9}{'ratio':>9}")
    rates = []
    for size in (1, 2):
        with Pool(size) as pool, market({"BTCUSDT": walk(1_000)}) as fd:
            warm(pool)
            rates.append(rate(pool, fd, jobs, 2 * size))
        name = "one fork server" if size == 1 else "two fork servers"
        print(f"{name:<58}{rates[-1]:>9.0f}{rates[-1] / rates[0]:>8.2f}x")


def row(name: str, spent: list[float], base: list[float] | None = None) -> None:
    """Print one line: median, 99th percentile (the slowest of fewer than 100), and how often the median fits into the base's."""
    spent = sorted(spent)
    middle, late = statistics.median(spent), spent[max(0, int(len(spent) * 0.99) - 1) if len(spent) >= 100 else -1]
    ratio = f"{statistics.median(base) / middle:,.1f}x" if base else ""
    print(f"{name:<58}{middle * 1e3:>9.2f}{late * 1e3:>9.2f}{ratio:>10}", flush=True)


def timed(act: Callable[[], Any], runs: int) -> list[float]:
    """Return the seconds of each run."""
    spent = []
    for _ in range(runs):
        start = time.perf_counter()
        act()
        spent.append(time.perf_counter() - start)
    return spent


def processor(name: str, used: list[float]) -> None:
    """Print one line: the median of processor times."""
    print(f"{'  ' + name + ', processor':<58}{statistics.median(used) * 1e3:>9.2f}", flush=True)


def bare(name: str, frames: list[Frame], runs: int) -> None:
    """Print the processor time of the RSI in this process, a fresh frame of pandas for each call."""
    names: dict[str, Any] = {}
    exec(RSI, names)
    used = []
    for _ in range(runs):
        start = time.process_time()
        for frame in frames:
            times = pd.DatetimeIndex(np.array(frame.ts).view("datetime64[ms]"), tz="UTC")
            columns = {column: getattr(frame, column) for column in ("open", "high", "low", "close", "volume")}
            names["generate_signals"](pd.DataFrame(columns, index=times))
        used.append(time.process_time() - start)
    processor(f"{name} in this process, no isolation", used)


def singles(pool: Pool, code: str, bars: int, jobs: int, pause_s: float) -> tuple[list[float], list[float], int]:
    """Return the seconds of each job, those of processor in its child, and how many a spare took."""
    frames, spent, used, spares = {"BTCUSDT": walk(bars)}, [], [], 0
    with market(frames) as fd:
        for _ in range(jobs + 5):
            time.sleep(pause_s)
            job = signals(code, fd, frames)
            start = time.perf_counter()
            outcome = pool.run(job)
            spent.append(time.perf_counter() - start)
            used.append(good(outcome).cpu_s)
            spares += outcome.spare and len(spent) > 5
    return spent[5:], used[5:], spares


def first_answer() -> None:
    """Start a pool and run one empty job."""
    frames = {"BTCUSDT": walk(1)}
    with Pool(1) as pool, market(frames) as fd:
        good(pool.run(signals(EMPTY, fd, frames)))


def warm(pool: Pool) -> None:
    """Run jobs until every fork server of the pool has started."""
    frames = {"BTCUSDT": walk(1_000)}
    with market(frames) as fd:
        rate(pool, fd, 100, 8)


def rate(pool: Pool, fd: int, jobs: int, callers: int) -> float:
    """Return RSI jobs a second with several callers that wait for their answers."""
    frames = {"BTCUSDT": walk(1_000)}
    left = iter(range(jobs))

    def caller() -> None:
        for _ in left:
            good(pool.run(signals(RSI, fd, frames)))

    threads = [threading.Thread(target=caller) for _ in range(callers)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return jobs / (time.perf_counter() - start)


def both(pool: Pool, fd: int, halves: list[dict[str, Frame]]) -> None:
    """Run the two halves of a classification at the same time."""
    for future in [pool.submit(classify(fd, half)) for half in halves]:
        good(future.result())


def signals(code: str, fd: int, frames: dict[str, Frame]) -> Job:
    """Return a job of `generate_signals` on all frames."""
    rows = {symbol: len(frame) for symbol, frame in frames.items()}
    return Job.of("signals", code, os.dup(fd), rows, {"symbols": list(rows), "parameters": {}})


def classify(fd: int, frames: dict[str, Frame], *, last_only: bool = False) -> Job:
    """Return a job of `classify_symbol` on every bar of all frames, or on the newest alone."""
    rows = {symbol: len(frame) for symbol, frame in frames.items()}
    args = {"symbols": list(rows), "parameters": {}, "last_only": last_only}
    return Job.of("classify", GAP, os.dup(fd), rows, args)


def good(outcome: Outcome) -> Outcome:
    """Return the outcome; raises RuntimeError unless it answered for every symbol."""
    if not outcome.ok or getattr(outcome.answer, "errors", None):
        raise RuntimeError(f"{outcome.code}: {outcome.detail}")
    return outcome


@contextmanager
def market(frames: dict[str, Frame], timeframe: Timeframe = Timeframe.H1) -> Iterator[int]:
    """Yield a market file."""
    fd = market_memfd(frames, timeframe)
    try:
        yield fd
    finally:
        os.close(fd)


def walk(bars: int, seed: int = 1) -> Frame:
    """Return seeded bars of a random walk."""
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.02, bars)))
    opened = np.concatenate(([100.0], close[:-1])) * (1 + random.normal(0, 0.01, bars))
    ends = np.maximum(opened, close) * 1.001, np.minimum(opened, close) * 0.999
    return Frame(3_600_000 * np.arange(bars, dtype=np.int64), opened, *ends, close, random.random(bars))


if __name__ == "__main__":
    main()
