"""What a legitimate strategy answers in plain Python: the frame and the data functions, written out slowly and without a sandbox."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from libs.market.frame import COLUMNS, Frame

HOUR_MS = 3_600_000
UNITS_MS = {"h": HOUR_MS, "d": 24 * HOUR_MS}
FIELDS = ("timestamps", *COLUMNS)
START_MS = 1_704_067_200_000
"""2024-01-01 00:00 UTC."""

FUNDAMENTALS: dict[str, dict[str, int | float | str | None]] = {
    "AAA": {"market_cap": 5e9, "pe_ratio": 12.0, "pb_ratio": 1.2, "debt_to_equity": 0.3, "sector": "Energy"},
    "BBB": {"market_cap": 2e9, "pe_ratio": 18.0, "pb_ratio": 2.5, "debt_to_equity": 0.9, "sector": "Tech"},
    "CCC": {"market_cap": 1e8, "pe_ratio": None, "sector": "Tech"},
}


def market(bars: int) -> dict[str, Frame]:
    """Return hourly random walks of AAA, BBB and CCC, the same at every call."""
    return {symbol: _walk(bars, seed) for seed, symbol in enumerate(("AAA", "BBB", "CCC"), 1)}


def signals(source: str, frame: Frame) -> list[int]:
    """Return what `generate_signals` answers on a frame."""
    names = _loaded(source, {})
    index = pd.DatetimeIndex(pd.to_datetime(frame.ts, unit="ms", utc=True), name="ts")
    df = pd.DataFrame({name: getattr(frame, name).copy() for name in COLUMNS}, index=index)
    answer: npt.NDArray[Any] = np.asarray(names["generate_signals"](df))
    return [int(value) for value in answer]


def hits(source: str, frames: Mapping[str, Frame], symbol: str, first: int) -> list[bool]:
    """Return what `classify_symbol` answers on each bar from `first` on, as hit or no hit."""
    view = View(frames)
    names = _loaded(source, view.functions())
    found = []
    for row in range(first, len(frames[symbol])):
        view.symbol, view.last_ms = symbol, int(frames[symbol].ts[row])
        answer = names["classify_symbol"](symbol)
        said: Any = answer.get("classification", answer.get("score")) if isinstance(answer, dict) else answer
        found.append(bool(said > 0))
    return found


def picks(
    source: str, frames: Mapping[str, Frame], contract: str, moments: list[int], limit: int
) -> list[tuple[int, str]]:
    """Return the moments and symbols that a batch contract picks."""
    view = View(frames)
    names = _loaded(source, view.functions())
    found: list[tuple[int, str]] = []
    for moment in moments:
        view.symbol, view.last_ms = None, moment - HOUR_MS
        universe = sorted(frames)
        if contract == "run_screening":
            answer = names[contract](universe, limit)["ranked_results"]
        else:
            answer = names[contract]("2024-01-01", "2024-02-01", universe)["instances"]
        found += [(moment, one.get("ticker", one.get("symbol"))) for one in answer]
    return found


@dataclass
class View:
    """The market as seen by one call. last_ms: open time of the newest bar that may be seen; of other symbols only earlier ones."""

    frames: Mapping[str, Frame]
    symbol: str | None = None
    last_ms: int = 0

    def functions(self) -> dict[str, Any]:
        """Return the data functions by name."""
        return {
            "get_price_data": self.price,
            "get_multiple_symbols_data": lambda symbols, timeframe="1d", days=30: {
                symbol: self.price(symbol, timeframe, days) for symbol in symbols
            },
            "get_fundamental_data": lambda symbol: {
                k: v for k, v in FUNDAMENTALS.get(symbol, {}).items() if v is not None
            },
            "scan_universe": self.scan,
        }

    def price(self, symbol: str, timeframe: str = "1d", days: int = 30) -> dict[str, list[Any]]:
        """Return the newest bars of a symbol, of which every stored hour is over."""
        if symbol not in self.frames:
            return {name: [] for name in FIELDS}
        frame, length = self.frames[symbol], int(timeframe[:-1]) * UNITS_MS[timeframe[-1]]
        last = self.last_ms if self.symbol in (symbol, None) else self.last_ms - 1
        groups: dict[int, list[int]] = {}
        for row, ts in enumerate(frame.ts):
            groups.setdefault(int(ts) // length * length, []).append(row)
        whole = [start for start in groups if start >= frame.ts[0] and start + length - HOUR_MS <= last]
        bars = [_bar(frame, start, groups[start]) for start in whole[-days:]]
        return {name: [bar[place] for bar in bars] for place, name in enumerate(FIELDS)}

    def scan(self, filters: Mapping[str, Any] | None = None, limit: int = 100) -> dict[str, Any]:
        """Return the symbols within `min_` and `max_` bounds."""
        kept = [symbol for symbol in sorted(self.frames) if _within(FUNDAMENTALS.get(symbol, {}), filters or {})][
            :limit
        ]
        return {"symbols": kept, "data": {symbol: FUNDAMENTALS[symbol] for symbol in kept}}


def _bar(frame: Frame, start: int, rows: list[int]) -> tuple[Any, ...]:
    return (
        start,
        float(frame.open[rows[0]]),
        float(max(frame.high[rows])),
        float(min(frame.low[rows])),
        float(frame.close[rows[-1]]),
        float(np.add.reduce(frame.volume[rows])),
    )


def _within(known: Mapping[str, Any], filters: Mapping[str, Any]) -> bool:
    for name, bound in filters.items():
        value = known.get(name[4:])
        if value is None or (value < bound if name.startswith("min_") else value > bound):
            return False
    return True


def _walk(bars: int, seed: int) -> Frame:
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, bars)))
    opened = np.concatenate(([100.0], close[:-1])) * np.exp(rng.normal(0, 0.002, bars))
    high, low = np.maximum(opened, close) * 1.003, np.minimum(opened, close) * 0.997
    ts = START_MS + HOUR_MS * np.arange(bars, dtype=np.int64)
    return Frame.of(ts, opened, high, low, close, rng.uniform(1, 50, bars))


def _loaded(source: str, functions: Mapping[str, Any]) -> dict[str, Any]:
    names: dict[str, Any] = {"np": np, "pd": pd, "math": math, "datetime": datetime, "timedelta": timedelta}
    names |= {"__name__": "strategy", **functions}
    exec(compile(source, "<strategy>", "exec", dont_inherit=True), names)
    return names
