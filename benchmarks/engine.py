"""How long the engine takes for one run on 2,160 and 1,000,000 bars, and for 1,000 runs, beside vectorbt and backtesting.py.

    python -m benchmarks.engine [--peers PYTHON] [--bars 2160 1000000] [--pairs 1000]

Every contender gets the same seeded bars and the same signals (SMA 10/30 cross), computed beforehand, fills at the next open, and pays
the same costs. Each runs in a process of its own; times are medians after a warm-up. The script prints and asserts nothing.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.timing import shown, timed

ROOT = Path(__file__).resolve().parents[1]
CAPITAL = 10_000.0
SWEEP_BARS = 2_160


def main() -> None:
    """Print the tables, or act as one of the contenders."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bars", type=int, nargs="*", default=[2_160, 1_000_000], help="lengths of single runs")
    parser.add_argument("--pairs", type=int, default=1_000, help="size of the sweep; 0 leaves it out")
    parser.add_argument("--peers", default=sys.executable, help="interpreter that has vectorbt and backtesting.py")
    parser.add_argument("--task", choices=["run", "sweep"], help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.task:
        data = np.load(options.data)
        print(json.dumps(run_ours(data) if options.task == "run" else sweep_ours(data)))
        return
    for bars in options.bars:
        fee, slippage = costs(bars)
        title = f"{bars:,} bars, SMA(10/30) cross, fee {fee:.3%}, slippage {slippage * 1e4:g} bps"
        table(title, "run", market(bars), options.peers)
    if options.pairs:
        title = f"{options.pairs:,} SMA pairs on {SWEEP_BARS:,} bars, six metrics each"
        table(title, "sweep", {**market(SWEEP_BARS), **pairs_of(SWEEP_BARS, options.pairs)}, options.peers)


def costs(bars: int) -> tuple[float, float]:
    """Return fee and slippage: the defaults, or for long series so little that thousands of trades do not end in ruin."""
    return (0.001, 0.0002) if bars < 10_000 else (0.00001, 0.0)


def table(title: str, task: str, data: dict[str, Any], peers: str) -> None:
    """Time every contender on one task and print one line each; ratios are to our compiled engine."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.npz"
        np.savez(path, **data)
        rows = asked(sys.executable, "benchmarks.engine", task, path, SENTINEL_JIT="1", NUMBA_CACHE_DIR=folder)
        rows += asked(sys.executable, "benchmarks.engine", task, path, SENTINEL_JIT="0")
        rows += asked(peers, "benchmarks.engine_peers", task, path, NUMBA_CACHE_DIR=folder)
    base = next((row["seconds"] for row in rows if row.get("base")), None)
    print(f"\n{title}\n{'contender':<60}{'time':>12}{'ratio':>9}{'return':>10}{'trades':>10}")
    for row in rows:
        if "seconds" not in row:
            print(f"{row['name']:<60}{row['note']}")
            continue
        ratio = f"{row['seconds'] / base:,.2f}x" if base else ""
        print(f"{row['name']:<60}{shown(row['seconds']):>12}{ratio:>9}{row['return']:>+10.4f}{row['trades']:>10,}")


def market(bars: int) -> dict[str, Any]:
    """Return seeded bars, the costs, and per bar 1 where SMA 10 crosses above SMA 30, -1 where below, else 0."""
    drift, move = (0.00002, 0.004) if bars < 10_000 else (0.0, 0.0008)
    steps = np.random.default_rng(20_240_101).normal(drift, move, bars + 1)
    prices = 30_000 * np.exp(np.cumsum(steps))
    opens, closes = prices[:-1], prices[1:]
    fast, slow = mean(closes, 10), mean(closes, 30)
    above, below = fast > slow, fast <= slow
    actions = np.zeros(bars, np.int8)
    actions[1:] = (above[1:] & below[:-1]).astype(np.int8) - (below[1:] & above[:-1])
    fee, slippage = costs(bars)
    high, low = np.maximum(opens, closes) * 1.0002, np.minimum(opens, closes) * 0.9998
    bars_of = {"open": opens, "high": high, "low": low, "close": closes, "actions": actions}
    return {**bars_of, "fee": fee, "slippage": slippage, "capital": CAPITAL}


def mean(values: Any, window: int) -> Any:
    """Return the simple moving average, NaN until warm."""
    total = np.concatenate(([0.0], np.cumsum(values)))
    return np.concatenate((np.full(window - 1, np.nan), (total[window:] - total[:-window]) / window))


def pairs_of(bars: int, count: int) -> dict[str, Any]:
    """Return the averages of 50 windows, and `count` pairs of them with fast below slow."""
    closes = market(bars)["close"]
    lines = np.array([mean(closes, window) for window in range(5, 105, 2)])
    fast, slow = np.triu_indices(len(lines), 1)
    chosen = np.linspace(0, len(fast) - 1, count).astype(np.int64)
    return {"lines": lines, "pairs": np.column_stack((fast[chosen], slow[chosen]))}


def asked(python: str, module: str, task: str, data: Path, **environment: str) -> list[dict[str, Any]]:
    """Run a contender in another process and return its rows."""
    command = [python, "-m", module, "--task", task, "--data", str(data)]
    variables = {**os.environ, **environment}
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        return [{"name": module, "note": f"failed: {done.stderr.strip().splitlines()[-1:]}"}]
    rows: list[dict[str, Any]] = json.loads(done.stdout.strip().splitlines()[-1])
    return rows


def run_ours(data: Any) -> list[dict[str, Any]]:
    """Time the engine alone, and with trade list, all metrics and verdict; compiled, also the bare kernels."""
    from libs.common.values import Timeframe
    from libs.market.frame import Frame
    from libs.market.jit import COMPILED
    from services.backtest.core.curve import curve_of
    from services.backtest.core.engine import Terms, run
    from services.backtest.core.metrics import measure
    from services.backtest.core.verdict import judge

    closes, actions = data["close"], data["actions"]
    times = 3_600_000 * np.arange(len(closes), dtype=np.int64)
    frame = Frame(times, data["open"], data["high"], data["low"], closes, np.ones(len(closes)))
    terms = Terms(CAPITAL, 1.0, float(data["fee"]), float(data["slippage"]))
    guarded = Terms(CAPITAL, 1.0, terms.fee, terms.slippage, stop_loss=0.02, take_profit=0.03, trailing_stop=0.02)
    result = run(actions, frame, terms, position_mode=False)
    said = {"return": float(result.equity[-1] / CAPITAL - 1), "trades": int((result.trades.exit_index >= 0).sum())}
    stopped = run(actions, frame, guarded, position_mode=False)
    also = {"return": float(stopped.equity[-1] / CAPITAL - 1), "trades": int((stopped.trades.exit_index >= 0).sum())}
    how = "compiled" if COMPILED else "plain Python"

    def alone(terms: Terms = terms) -> Any:
        return run(actions, frame, terms, position_mode=False)

    def whole() -> Any:
        return judge(measure(curve_of("BTCUSDT", frame, alone(), CAPITAL), Timeframe.H1, "crypto"))

    rows = [
        {"name": f"sentinel engine, {how}", "seconds": timed(alone), "base": COMPILED, **said},
        {"name": f"sentinel engine + all metrics + verdict, {how}", "seconds": timed(whole), **said},
        {
            "name": f"sentinel engine, stop, target and trailing, {how}",
            "seconds": timed(lambda: alone(guarded)),
            **also,
        },
    ]
    if not COMPILED:
        return rows
    return [
        *bare_rows(data, said),
        *rows,
        {"name": f"(the engine holds {held(alone):,.1f} MB above the columns)", "note": ""},
    ]


def bare_rows(data: Any, said: dict[str, Any]) -> list[dict[str, Any]]:
    """Time the bare kernels."""
    from benchmarks.engine_bare import equity_only, with_metrics

    given = (data["actions"], data["open"], data["close"], (CAPITAL, float(data["fee"]), float(data["slippage"])))
    equity = np.empty(len(data["close"]))
    return [
        {"name": "bare loop (numba): equity alone", "seconds": timed(lambda: equity_only(*given, equity)), **said},
        {
            "name": "bare kernel (numba): and six metrics",
            "seconds": timed(lambda: with_metrics(*given, equity)),
            **said,
        },
    ]


def held(act: Any) -> float:
    """Return the most memory, in MB, that arrays made while `act` runs take at once."""
    tracemalloc.start()
    act()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def sweep_ours(data: Any) -> list[dict[str, Any]]:
    """Time the sweep kernel; compiled, also a bare one."""
    from libs.market.frame import Frame
    from libs.market.jit import COMPILED
    from services.backtest.core.engine import Terms
    from services.backtest.core.engine_sweep import sweep_crossings

    lines, pairs, closes = data["lines"], data["pairs"], data["close"]
    times = 3_600_000 * np.arange(len(closes), dtype=np.int64)
    frame = Frame(times, data["open"], data["high"], data["low"], closes, np.ones(len(closes)))
    terms = Terms(CAPITAL, 1.0, float(data["fee"]), float(data["slippage"]))

    def whole() -> Any:
        return sweep_crossings(lines, pairs, frame, terms, 8_760)

    found = whole()
    said = {"return": float(found[:, 0].max()), "trades": int(found[:, 3].sum())}
    how = "compiled" if COMPILED else "plain Python"
    rows = [{"name": f"sentinel sweep, {how}", "seconds": timed(whole), "base": COMPILED, **said}]
    if not COMPILED:
        return rows
    from benchmarks.engine_bare import sweep

    given = (lines, pairs, data["open"], closes, (CAPITAL, terms.fee, terms.slippage))
    note = {"name": f"(the sweep holds {held(whole):,.2f} MB above the columns)", "note": ""}
    return [{"name": "bare sweep (numba), six metrics", "seconds": timed(lambda: sweep(*given)), **said}, *rows, note]


if __name__ == "__main__":
    main()
