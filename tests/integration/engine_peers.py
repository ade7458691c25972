"""vectorbt and backtesting.py on given bars: reads an .npz, prints their trades and equity as JSON. Run by `test_engine_peers`.

The file holds open, high, low, close, actions (-1, 0, 1) and fee, slippage, stop, target, capital.
"""

import json
import sys
import warnings
from typing import Any

import backtesting
import numpy as np
import pandas as pd
import vectorbt as vbt


def bars_of(data: Any) -> pd.DataFrame:
    """Return the bars with the action of each."""
    index = pd.date_range("2020-01-01", periods=len(data["close"]), freq="h")
    columns = {name.capitalize(): data[name] for name in ("open", "high", "low", "close")}
    return pd.DataFrame({**columns, "Volume": 1.0, "Action": data["actions"].astype(float)}, index=index)


def vectorbt(data: Any, direction: str) -> dict[str, Any]:
    """Return a run of `Portfolio.from_signals` at the next open, all in; direction: longonly or both."""
    bars = bars_of(data)
    before = bars["Action"].shift(1, fill_value=0.0)
    sells = {"exits": before == -1} if direction == "longonly" else {"short_entries": before == -1}
    run = vbt.Portfolio.from_signals(
        bars["Close"],
        entries=before == 1,
        **sells,
        price=bars["Open"],
        fees=float(data["fee"]),
        slippage=float(data["slippage"]),
        init_cash=float(data["capital"]),
        freq="1h",
    )
    records = run.trades.records
    closed = records["status"] == 1
    return {
        "equity": run.value().tolist(),
        "entry": records["entry_idx"].tolist(),
        "exit": np.where(closed, records["exit_idx"], -1).tolist(),
        "pnl": records["pnl"][closed].tolist(),
        "max_drawdown": float(run.max_drawdown()),
    }


def backtesting_py(data: Any) -> dict[str, Any]:
    """Return a run with stop and target from the entry price on; whole units, no spread."""
    bars = bars_of(data)
    opens = data["open"]
    stop, target = float(data["stop"]), float(data["target"])

    class Follow(backtesting.Strategy):  # type: ignore[misc]
        def init(self) -> None:
            pass

        def next(self) -> None:
            action, coming = self.data.Action[-1], opens[min(len(self.data), len(opens) - 1)]
            if action == 1 and not self.position:
                guards = {"sl": coming - coming * stop, "tp": coming + coming * target} if stop else {}
                self.buy(**guards)
            elif action == -1 and self.position:
                self.position.close()

    stats = backtesting.Backtest(bars, Follow, cash=float(data["capital"]), commission=float(data["fee"])).run()
    trades = stats["_trades"]
    return {
        "equity": stats["_equity_curve"]["Equity"].tolist(),
        "entry": trades["EntryBar"].tolist(),
        "exit": trades["ExitBar"].tolist(),
        "price": trades["ExitPrice"].tolist(),
        "size": trades["Size"].tolist(),
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    backtesting.backtesting._tqdm = lambda iterable, **_: iterable
    given = np.load(sys.argv[1])
    told = {
        "longonly": vectorbt(given, "longonly"),
        "both": vectorbt(given, "both"),
        "backtesting": backtesting_py(given),
    }
    sys.stdout.write(json.dumps(told))
