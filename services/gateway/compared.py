"""Backtests side by side: the same metrics in the same order, and whether they may be compared at all."""

from typing import Any

from services.gateway.queries import Body

MOST = 5
_TOLD = ("name", "strategy_id", "verdict", "deciding_rule", "symbols", "timeframe", "window_start", "window_end")


def compared(summaries: list[Body]) -> dict[str, Any]:
    """Return the backtests and, for each metric any of them has, its values in their order; null where one has it not.

    same_bars: all ran on the very same bars. same_window: from the same time to the same time.
    """
    names = sorted({name for one in summaries for name in one["metrics"]})
    windows = {(one["window_start"], one["window_end"]) for one in summaries}
    return {
        "items": [
            {"id": one["backtest_id"], **{name: one[name] for name in _TOLD}, "simulated": one["simulated"]}
            for one in summaries
        ],
        "metrics": {name: [one["metrics"].get(name) for one in summaries] for name in names},
        "same_bars": len({one["data_hash"] for one in summaries}) == 1,
        "same_window": len(windows) == 1,
    }
