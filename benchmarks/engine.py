"""How long the engine takes for 2,160 and 1,000,000 bars, compiled and not, beside vectorbt and backtesting.py.

    python -m benchmarks.engine [--peers PYTHON] [--bars 2160 1000000]

Every contender gets the same seeded bars and the same SMA(10/30) cross signals, computed beforehand, fills at the next open, and
pays the same costs. Each runs in a process of its own; times are medians after a warm-up. The script prints and asserts nothing.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
CAPITAL = 10_000.0
INSTALL = (
    "not installed: pip install vectorbt==1.2.0 backtesting==0.6.6 into a separate environment, name it by --peers"
)


def costs(bars: int) -> tuple[float, float]:
    """Return fee and slippage: the defaults, or for long series so little that thousands of trades do not end in ruin."""
    return (0.001, 0.0002) if bars < 10_000 else (0.00001, 0.0)


def main() -> None:
    """Print the table, or act as one of its contenders."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bars", type=int, nargs="+", default=[2_160, 1_000_000], help="lengths to time")
    parser.add_argument("--peers", default=sys.executable, help="interpreter that has vectorbt and backtesting.py")
    parser.add_argument("--worker", choices=["ours", "peer"], help=argparse.SUPPRESS)
    parser.add_argument("--peer-worker", action="store_const", const="peer", dest="worker", help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        data = np.load(options.data)
        print(json.dumps(ours(data) if options.worker == "ours" else peers(data)))
        return
    for bars in options.bars:
        table(bars, options.peers)


def table(bars: int, peer_python: str) -> None:
    """Time every contender on `bars` bars and print one line each."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bars.npz"
        np.savez(path, **market(bars))
        rows = asked(sys.executable, path, "ours", SENTINEL_JIT="1", NUMBA_CACHE_DIR=folder)
        rows += asked(sys.executable, path, "ours", SENTINEL_JIT="0")
        rows += asked(peer_python, path, "peer", NUMBA_CACHE_DIR=folder)
    base = next((row["seconds"] for row in rows if row["name"] == "sentinel engine, compiled"), None)
    fee, slippage = costs(bars)
    print(f"\n{bars:,} bars, SMA(10/30) cross, fee {fee:.3%}, slippage {slippage * 1e4:g} bps")
    print(f"{'contender':<52}{'time':>12}{'ratio':>9}{'return':>10}{'trades':>8}")
    for row in rows:
        if "seconds" not in row:
            print(f"{row['name']:<52}{row['note']}")
            continue
        ratio = f"{row['seconds'] / base:,.1f}x" if base else ""
        print(f"{row['name']:<52}{shown(row['seconds']):>12}{ratio:>9}{row['return']:>+10.4f}{row['trades']:>8,}")


def shown(seconds: float) -> str:
    """Return a duration in the unit that reads best."""
    if seconds < 1e-3:
        return f"{seconds * 1e6:,.1f} us"
    return f"{seconds * 1e3:,.2f} ms" if seconds < 1 else f"{seconds:,.2f} s"


def market(bars: int) -> dict[str, Any]:
    """Return seeded bars and, per bar, 1 where SMA 10 crosses above SMA 30, -1 where below, else 0."""
    drift, move = (0.00002, 0.004) if bars < 10_000 else (0.0, 0.0008)
    steps = np.random.default_rng(20_240_101).normal(drift, move, bars + 1)
    prices = 30_000 * np.exp(np.cumsum(steps))
    opens, closes = prices[:-1], prices[1:]
    total = np.concatenate(([0.0], np.cumsum(closes)))
    above = np.zeros(bars, np.int8)
    above[29:] = (total[30:] - total[:-30]) / 30 < (total[30:] - total[20:-10]) / 10
    actions = np.diff(above, prepend=above[:1])
    actions[:30] = 0
    high, low = np.maximum(opens, closes) * 1.0002, np.minimum(opens, closes) * 0.9998
    return {"open": opens, "high": high, "low": low, "close": closes, "actions": actions.astype(np.int8)}


def asked(python: str, data: Path, worker: str, **environment: str) -> list[dict[str, Any]]:
    """Run this script as a worker in another process and return its rows."""
    command = [python, str(Path(__file__).resolve()), "--worker", worker, "--data", str(data)]
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        return [{"name": worker, "note": f"failed: {done.stderr.strip().splitlines()[-1:]}"}]
    rows: list[dict[str, Any]] = json.loads(done.stdout.strip().splitlines()[-1])
    return rows


def timed(act: Callable[[], Any], seconds: float = 1.0) -> float:
    """Return the median duration of `act`, warmed up, over at least one and at most 2,000 runs in about `seconds`."""
    act()
    spent: list[float] = []
    while sum(spent) < seconds and len(spent) < 2_000:
        start = time.perf_counter()
        act()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent)


def ours(data: Any) -> list[dict[str, Any]]:
    """Time the engine alone, and with curve, all metrics and verdict; compiled, also a loop that does the least possible."""
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
    terms = Terms(CAPITAL, 1.0, *costs(len(closes)))
    result = run(actions, frame, terms, position_mode=False)
    said = {"return": float(result.equity[-1] / CAPITAL - 1), "trades": int((result.trades.exit_index >= 0).sum())}
    how = "compiled" if COMPILED else "plain Python"

    def whole() -> None:
        judge(
            measure(
                curve_of("BTCUSDT", frame, run(actions, frame, terms, position_mode=False), CAPITAL),
                Timeframe.H1,
                "crypto",
            )
        )

    rows = [
        {"name": f"sentinel engine, {how}", "seconds": timed(lambda: run(actions, frame, terms, position_mode=False))},
        {"name": f"sentinel engine + all metrics + verdict, {how}", "seconds": timed(whole)},
    ]
    if COMPILED:
        rows.insert(0, {"name": "bare loop (numba, no lots, no trade list)", "seconds": bare(data)})
    return [{**row, **said} for row in rows]


def bare(data: Any) -> float:
    """Time the least that could be called an engine: cash, quantity, equity."""
    import numba

    fee, slippage = costs(len(data["close"]))

    @numba.njit
    def loop(actions: Any, opens: Any, closes: Any, equity: Any) -> float:
        cash, quantity, pending = CAPITAL, 0.0, 0
        for t in range(len(closes)):
            if pending == 1 and quantity == 0.0:
                quantity, cash = cash / (opens[t] * (1 + slippage) * (1 + fee)), 0.0
            elif pending == -1 and quantity > 0.0:
                cash, quantity = quantity * opens[t] * (1 - slippage) * (1 - fee), 0.0
            equity[t] = cash + quantity * closes[t]
            pending = actions[t]
        return cash

    opens, closes, actions = data["open"], data["close"], data["actions"]
    return timed(lambda: loop(actions, opens, closes, np.empty(len(closes))))


def peers(data: Any) -> list[dict[str, Any]]:
    """Time vectorbt and backtesting.py, those that can be imported."""
    rows = []
    for name, peer in (("vectorbt", with_vectorbt), ("backtesting.py", with_backtesting)):
        try:
            rows.append(peer(data))
        except ImportError:
            rows.append({"name": name, "note": INSTALL})
    return rows


def as_pandas(data: Any) -> Any:
    """Return the bars as the peers want them, with the action of the bar before (both fill at once)."""
    import pandas as pd

    index = pd.date_range("2020-01-01", periods=len(data["close"]), freq="h" if len(data["close"]) < 10_000 else "min")
    columns = {name.capitalize(): data[name] for name in ("open", "high", "low", "close")}
    return pd.DataFrame({**columns, "Volume": 1.0, "Action": data["actions"].astype(float)}, index=index)


def with_vectorbt(data: Any) -> dict[str, Any]:
    """Time vectorbt's from_signals with five metrics."""
    import vectorbt as vbt  # type: ignore[import-not-found]

    bars, (fee, slippage) = as_pandas(data), costs(len(data["close"]))
    before = bars["Action"].shift(1, fill_value=0.0)
    entries, exits = before == 1, before == -1
    found: dict[str, Any] = {}

    def whole() -> None:
        portfolio = vbt.Portfolio.from_signals(
            bars["Close"], entries, exits, price=bars["Open"], fees=fee, slippage=slippage, init_cash=CAPITAL, freq="1h"
        )
        found["return"] = float(portfolio.total_return())
        found["trades"] = int(portfolio.trades.closed.count())
        portfolio.trades.win_rate()
        portfolio.max_drawdown()
        portfolio.sharpe_ratio()

    seconds = timed(whole)
    return {"name": f"vectorbt {vbt.__version__}, from_signals, five metrics", "seconds": seconds, **found}


def with_backtesting(data: Any) -> dict[str, Any]:
    """Time backtesting.py, whose capital is large because it trades whole units."""
    import warnings

    import backtesting  # type: ignore[import-not-found]

    class Follow(backtesting.Strategy):  # type: ignore[misc]
        def init(self) -> None:
            pass

        def next(self) -> None:
            action = self.data.Action[-1]
            if action == 1 and not self.position:
                self.buy()
            elif action == -1 and self.position:
                self.position.close()

    bars, found = as_pandas(data), {}
    fee, slippage = costs(len(bars))

    def whole() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            stats = backtesting.Backtest(bars, Follow, cash=1e9, commission=fee, spread=slippage).run()
        found["return"], found["trades"] = float(stats["Return [%]"]) / 100, int(stats["# Trades"])

    backtesting.backtesting._tqdm = lambda iterable, **_: iterable
    seconds = timed(whole)
    return {"name": f"backtesting.py {backtesting.__version__}", "seconds": seconds, **found}


if __name__ == "__main__":
    main()
