"""How the cost of a whole backtest grows with bars and with symbols: read, evaluate, replay, measure, judge, write.

    python -m benchmarks.growth [--picture FILE]

Prints seconds and the slope between neighbours on logarithmic axes (1 is linear). Simulated bars, compiled engine, without evidence.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from math import log10
from pathlib import Path

os.environ.setdefault("SENTINEL_JIT", "1")

import numpy as np

from benchmarks.svg import BLUE, ORANGE, Picture
from libs.common.values import from_epoch_ms
from libs.market.catalog_writer import CatalogWriter
from libs.market.frame import Frame
from libs.strategy.spec import parse
from services.backtest.core.engine import Terms
from services.backtest.core.job import Job
from services.backtest.families import Family
from services.backtest.runner import Done, Runner

BARS = (2_000, 10_000, 50_000, 250_000, 1_000_000)
SYMBOLS = (1, 10, 100, 1_000)
BARS_A_SYMBOL = 2_000
RULES = {"indicators": {"rsi": {"period": 14}, "ema": {"period": 20}}}
MINUTE_MS = 60_000
START_MS = 1_577_836_800_000

Points = list[tuple[int, float]]


def main() -> None:
    """Measure both ways to grow, print, and draw if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--picture", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        writer = CatalogWriter(root / "catalog")
        names = [f"S{number:04}USDT" for number in range(max(SYMBOLS))]
        for number, name in enumerate(names):
            writer.append(name, "1m", walk(BARS_A_SYMBOL, number), "simulated", True)
        writer.append("LONGUSDT", "1m", walk(max(BARS), 7), "simulated", True)
        runner = Runner(root / "catalog", root / "reports")
        seconds(runner, ["LONGUSDT"], BARS[0])
        by_bars = [(bars, seconds(runner, ["LONGUSDT"], bars)) for bars in BARS]
        by_symbols = [(count, seconds(runner, names[:count], BARS_A_SYMBOL)) for count in SYMBOLS]
        runner.close()
    told("bars, one symbol", by_bars)
    told(f"symbols of {BARS_A_SYMBOL:,} bars", by_symbols)
    if asked.picture:
        asked.picture.write_text(drawn(by_bars, by_symbols).text())


def walk(count: int, seed: int) -> Frame:
    """Return a seeded random walk of minute bars."""
    chance = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(chance.normal(0, 0.0005, count)))
    opened = np.concatenate(([100.0], close[:-1]))
    ts = START_MS + MINUTE_MS * np.arange(count, dtype=np.int64)
    high, low = np.maximum(opened, close) * 1.0002, np.minimum(opened, close) * 0.9998
    return Frame.of(ts, opened, high, low, close, np.full(count, 5.0))


def seconds(runner: Runner, symbols: Sequence[str], bars: int) -> float:
    """Return the best of three backtests of the first `bars` bars of each symbol."""
    start, end = from_epoch_ms(START_MS), from_epoch_ms(START_MS + bars * MINUTE_MS)
    job = Job(parse(rules=RULES, symbols=symbols, timeframe="1m"), None, "fam", Terms(), start, end, evidence=False)
    took = []
    for _ in range(3):
        began = time.perf_counter()
        assert isinstance(runner.run(job, Family("fam", end)), Done)
        took.append(time.perf_counter() - began)
    return min(took)


def told(what: str, points: Points) -> None:
    """Print a series with the slope between neighbours."""
    print(f"\n{what:>24} {'seconds':>10} {'slope':>6}")
    slopes = ["", *(f"{log10(b[1] / a[1]) / log10(b[0] / a[0]):.2f}" for a, b in pairwise(points))]
    for (count, took), slope in zip(points, slopes, strict=True):
        print(f"{count:>24,} {took:>10.3f} {slope:>6}")


def drawn(by_bars: Points, by_symbols: Points) -> Picture:
    """Draw seconds over bars handled on logarithmic axes; both series are of bars in all."""
    picture = Picture(560, 330, "A whole backtest: seconds over bars in all, logarithmic")
    in_all = [(count * BARS_A_SYMBOL, took) for count, took in by_symbols]
    times = [took for _, took in (*by_bars, *in_all)]
    x = picture.scale(3, 6.5, 60, 530)
    y = picture.scale(np.floor(log10(min(times))), np.ceil(log10(max(times))), 280, 50)
    picture.axis(x, [3, 4, 5, 6], 280)
    picture.label(295, 318, "bars, powers of ten", anchor="middle")
    for power in range(int(np.floor(log10(min(times)))), int(np.ceil(log10(max(times)))) + 1):
        picture.label(50, y(power) + 4, f"{10.0**power:g} s", anchor="end")
    for points, colour in ((by_bars, BLUE), (in_all, ORANGE)):
        picture.path([(x(log10(count)), y(log10(took))) for count, took in points], colour)
    picture.label(x(5.0), y(log10(by_bars[2][1])) + 26, "one symbol, more bars")
    picture.label(x(4.0), y(log10(in_all[2][1])) - 34, f"more symbols of {BARS_A_SYMBOL:,} bars")
    return picture


if __name__ == "__main__":
    main()
