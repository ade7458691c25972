"""vectorbt and backtesting.py on the bars and signals of `benchmarks.engine`: one process that prints its rows as JSON."""

import argparse
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.timing import timed

INSTALL = "not installed: see benchmarks/README.md, then name its interpreter by --peers"


def main() -> None:
    """Time the peers that can be imported."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--task", choices=["run", "sweep"], required=True)
    options = parser.parse_args()
    data = np.load(options.data)
    tasks = {"run": [("vectorbt", with_vectorbt), ("backtesting.py", with_backtesting)], "sweep": [("vectorbt", sweep)]}
    print(json.dumps([asked(name, peer, data) for name, peer in tasks[options.task]]))


def asked(name: str, peer: Callable[[Any], dict[str, Any]], data: Any) -> dict[str, Any]:
    """Return a peer's row, or how to get the peer."""
    try:
        return peer(data)
    except ImportError:
        return {"name": name, "note": INSTALL}


def as_pandas(data: Any) -> Any:
    """Return the bars as the peers want them, with the action of each bar."""
    import pandas as pd

    index = pd.date_range("2020-01-01", periods=len(data["close"]), freq="h" if len(data["close"]) < 10_000 else "min")
    columns = {name.capitalize(): data[name] for name in ("open", "high", "low", "close")}
    return pd.DataFrame({**columns, "Volume": 1.0, "Action": data["actions"].astype(float)}, index=index)


def with_vectorbt(data: Any) -> dict[str, Any]:
    """Time vectorbt's from_signals with six metrics; it fills at once, so it gets the action of the bar before."""
    import vectorbt as vbt  # type: ignore[import-not-found]

    bars = as_pandas(data)
    before = bars["Action"].shift(1, fill_value=0.0)
    found: dict[str, Any] = {}

    def whole() -> None:
        portfolio = vbt.Portfolio.from_signals(
            bars["Close"],
            before == 1,
            before == -1,
            price=bars["Open"],
            fees=float(data["fee"]),
            slippage=float(data["slippage"]),
            init_cash=float(data["capital"]),
            freq="1h",
        )
        found["return"] = float(portfolio.total_return())
        found["trades"] = int(portfolio.trades.closed.count())
        six(portfolio)

    seconds = timed(whole)
    return {"name": f"vectorbt {vbt.__version__}, from_signals, six metrics", "seconds": seconds, **found}


def six(portfolio: Any) -> Any:
    """Ask for the six numbers of a sweep."""
    trades = portfolio.trades.closed
    return [
        portfolio.total_return(),
        portfolio.max_drawdown(),
        portfolio.sharpe_ratio(),
        trades.count(),
        trades.win_rate(),
        trades.profit_factor(),
    ]


def with_backtesting(data: Any) -> dict[str, Any]:
    """Time backtesting.py, whose capital is large because it trades whole units, and whose slippage is a spread."""
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
    fee, spread = float(data["fee"]), float(data["slippage"])

    def whole() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            stats = backtesting.Backtest(bars, Follow, cash=1e9, commission=fee, spread=spread).run()
        found["return"], found["trades"] = float(stats["Return [%]"]) / 100, int(stats["# Trades"])

    backtesting.backtesting._tqdm = lambda iterable, **_: iterable
    seconds = timed(whole)
    return {"name": f"backtesting.py {backtesting.__version__}", "seconds": seconds, **found}


def sweep(data: Any) -> dict[str, Any]:
    """Time vectorbt on all pairs at once, one column each: crossings, runs and six metrics."""
    import pandas as pd
    import vectorbt as vbt

    bars, lines, pairs = as_pandas(data), data["lines"], data["pairs"]
    found: dict[str, Any] = {}

    def whole() -> None:
        fast, slow = lines[pairs[:, 0]].T, lines[pairs[:, 1]].T
        above, below = fast > slow, fast <= slow
        buys, sells = np.zeros_like(above), np.zeros_like(above)
        buys[2:], sells[2:] = above[1:-1] & below[:-2], below[1:-1] & above[:-2]
        portfolio = vbt.Portfolio.from_signals(
            bars["Close"],
            pd.DataFrame(buys, bars.index),
            pd.DataFrame(sells, bars.index),
            price=bars["Open"],
            fees=float(data["fee"]),
            slippage=float(data["slippage"]),
            init_cash=float(data["capital"]),
            freq="1h",
        )
        numbers = six(portfolio)
        found["return"], found["trades"] = float(numbers[0].max()), int(numbers[3].sum())

    seconds = timed(whole, 3.0)
    return {"name": f"vectorbt {vbt.__version__}, from_signals, six metrics", "seconds": seconds, **found}


if __name__ == "__main__":
    main()
