"""Bars and company figures that the sentences run on: made ones always, real ones where they lie beside the repository."""

import zlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from libs.market.frame import Frame

DATA = (Path(__file__).resolve().parents[4] / "../shared/data").resolve()
SECONDS = {"5m": 300, "15m": 900, "1h": 3_600, "4h": 14_400, "1d": 86_400}
START_MS = 1_704_067_200_000

FIGURES: Mapping[str, Mapping[str, Any]] = {
    "AAA": {
        "sector": "Information Technology", "pe_ratio": 11.2, "forward_pe": 10.1, "peg_ratio": 0.8, "pb_ratio": 1.2, "ps_ratio": 1.1,
        "market_cap": 5.6e10, "eps": 6.1, "dividend_yield": 4.4, "debt_to_equity": 0.31, "return_on_equity": 24.0, "profit_margin": 15.5,
        "current_ratio": 2.4, "beta": 0.8, "revenue_growth": 12.0, "earnings_growth": 26.0,
    },
    "BBB": {
        "sector": "Technology", "pe_ratio": -7.5, "forward_pe": -9.0, "peg_ratio": 2.5, "pb_ratio": 6.0, "ps_ratio": 9.0, "market_cap": 4.2e9,
        "eps": -1.4, "dividend_yield": 0.0, "debt_to_equity": 1.8, "return_on_equity": -12.0, "profit_margin": -4.0, "current_ratio": 0.9,
        "beta": 1.7, "revenue_growth": -3.0, "earnings_growth": -30.0,
    },
    "CCC": {
        "sector": "Energy", "pe_ratio": 16.5, "pb_ratio": 1.8, "ps_ratio": 3.0, "market_cap": 1.3e9, "eps": 2.5, "dividend_yield": 3.0,
        "debt_to_equity": 0.7, "return_on_equity": 20.0, "profit_margin": 10.0, "current_ratio": 2.0, "beta": 1.0, "revenue_growth": 10.0,
        "earnings_growth": 20.0,
    },
    "DDD": {"sector": "Health Care", "pe_ratio": 44.0, "market_cap": 2.5e10, "eps": 1.0, "dividend_yield": None, "debt_to_equity": None},
    "EEE": {"sector": "Utilities", "pe_ratio": 11.0, "market_cap": 9.0e8, "eps": 0.4, "dividend_yield": 2.7, "debt_to_equity": 0.55},
    "FFF": {},
}  # fmt: skip
"""Companies with round and missing figures, some exactly at the limits that sentences name."""


@cache
def made(timeframe: str, bars: int, seed: int = 0) -> Frame:
    """Return a seeded walk in calm and wild stretches, with opening gaps and bursts of volume, near a price of 100."""
    draw = np.random.default_rng(zlib.crc32(f"{timeframe} {seed}".encode()))
    spread = np.repeat(draw.choice([0.4, 1.0, 1.8], size=bars // 25 + 1), 25)[:bars]
    daily = timeframe == "1d"
    scale = 0.017 if daily else 0.009
    drift = np.repeat(draw.normal(0, 0.35 * scale, size=bars // 40 + 1), 40)[:bars]
    steps = drift + scale * spread * draw.standard_t(5, bars)
    jumps = np.where(draw.random(bars) < 0.35, draw.standard_t(4, bars) * (0.016 if daily else 0.003), 0.0)
    path = 100 * np.exp(_pulled(np.cumsum(steps + jumps)))
    opens = np.concatenate(([100.0], path[:-1])) * np.exp(jumps)
    reach = scale * 0.6 * spread
    high = np.maximum(opens, path) * (1 + reach * draw.random(bars))
    low = np.minimum(opens, path) * (1 - reach * draw.random(bars))
    busy = np.exp(0.45 * draw.standard_normal(bars) + 12 * np.abs(steps)) * np.where(draw.random(bars) < 0.06, 3.0, 1.0)
    ts = START_MS + 1_000 * SECONDS[timeframe] * np.arange(bars, dtype=np.int64)
    return Frame.of(ts, opens, high, low, path, (1.2e6 if daily else 2_500.0) * busy)


@cache
def hourly(last: int = 3_000) -> Frame:
    """Return real hourly bars of BTCUSDT."""
    table = pd.read_csv(DATA / "crypto" / "BTCUSDT_binance-spot_1h_2017-2022.csv.gz").tail(last)
    return _frame(table["ts"].to_numpy(), table)


@cache
def minutes() -> Frame:
    """Return real five-minute bars of SOLUSDT."""
    table = pd.read_csv(DATA / "crypto" / "spot_binance_3pairs_5m_2024-01_2024-05.csv.gz")
    table = table[table["symbol"] == "SOLUSDT"].tail(9_000)
    return _frame(table["ts"].to_numpy(), table)


@cache
def stocks() -> dict[str, Frame]:
    """Return all real daily stocks."""
    table = pd.read_csv(DATA / "stocks" / "us_daily_sp500_2015-2018.csv.gz", parse_dates=["date"])
    table["ts"] = table["date"].astype("datetime64[ms]").astype("int64")
    return {symbol: _frame(part["ts"].to_numpy(), part) for symbol, part in table.groupby("symbol")}


def coarser(frame: Frame, timeframe: str) -> Frame:
    """Return whole bars of a longer length; what a gap leaves incomplete is made of what there is."""
    whole = frame.to_pandas().groupby(frame.ts // (1_000 * SECONDS[timeframe]))
    table = whole.agg({"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"})
    return _frame(table.index.to_numpy() * 1_000 * SECONDS[timeframe], table)


def _frame(ts: Any, table: pd.DataFrame) -> Frame:
    return Frame.of(
        ts.astype(np.int64), *(table[name].to_numpy(np.float64) for name in ("open", "high", "low", "close", "volume"))
    )


def _pulled(level: Any) -> Any:
    """Return a path that is pulled back to zero, so that prices stay near their start."""
    result = np.empty(len(level))
    last = previous = 0.0
    for place, now in enumerate(level):
        last = 0.99 * last + (now - previous)
        previous = now
        result[place] = last
    return result
