"""Made-up markets on which new code is tried before anyone judges it: the same ones on every machine and every day.

Decides what a strategy must live through: trends both ways, a range, gaps, spikes of volume, streaks, prices that do not move, and too few
bars. It says nothing about worth; no stored price is in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from libs.common.values import Timeframe
from libs.market.frame import Frame
from libs.strategy.python_jobs import View

Floats = npt.NDArray[np.float64]

_START_MS = 1_577_836_800_000
"""2020-01-01T00:00Z."""

_SECTORS = (
    "Technology",
    "Healthcare",
    "Financial Services",
    "Consumer Cyclical",
    "Energy",
    "Industrials",
    "Consumer Defensive",
    "Utilities",
    "Real Estate",
    "Basic Materials",
    "Communication Services",
)
_CYCLES: Mapping[str, Sequence[float | None]] = {
    "pe_ratio": (8.0, 14.0, None, 22.0, 11.0, 45.0, 4.0),
    "forward_pe": (7.0, 18.0, 12.0, None, 30.0),
    "peg_ratio": (0.6, 1.4, 2.8),
    "pb_ratio": (0.7, 1.3, 2.6, 6.0, None),
    "ps_ratio": (0.5, 2.0, 8.0),
    "market_cap": (2e11, 4e8, 2.5e10, 1.5e9, 6e9, 9e10),
    "eps": (4.2, 1.1, -2.0, 6.5, 0.2, 2.4, 9.0),
    "dividend_yield": (0.0, 3.6, 1.2, 5.5, None),
    "debt_to_equity": (0.2, 0.45, 1.8, 0.9, 0.05, None),
    "return_on_equity": (24.0, 9.0, -6.0, 16.0),
    "return_on_assets": (11.0, 4.0, -2.0, 7.0),
    "profit_margin": (22.0, 6.0, -4.0, 12.0),
    "operating_margin": (27.0, 9.0, -1.0, 15.0),
    "current_ratio": (2.4, 0.8, 1.5),
    "beta": (0.6, 1.1, 1.9),
    "revenue_growth": (35.0, 4.0, -8.0, 12.0, 21.0),
    "earnings_growth": (40.0, 2.0, -15.0, 18.0),
    "short_ratio": (1.5, 4.0, 9.0),
}
"""Values that company figures go through, quarter by quarter; lengths without common factors make many combinations."""


@dataclass(frozen=True)
class Probe:
    """Bars by name, and the company figures beside them."""

    frames: Mapping[str, Frame]
    view: View


def probe(kind: str, timeframe: Timeframe, symbols: Sequence[str]) -> Probe:
    """Return the markets for code of a contract; the first of them bears the name of the strategy's first symbol.

    A classifier is asked at every bar, so it gets shorter ones; signals also get a long one, in which slow averages become warm.
    """
    is_slow = kind != "python.signals"
    sizes = {"mixed": 700 if is_slow else 1_500, "rise": 300, "fall": 300, "range": 300, "flat": 60, "short": 12}
    if not is_slow:
        sizes["long"] = 9_000
    named = {"mixed": symbols[0]} if symbols else {}
    frames = {
        named.get(name, f"PROBE-{name.upper()}"): _frame(name, size, place, timeframe)
        for place, (name, size) in enumerate(sizes.items())
    }
    return Probe(frames, _figures(frames) if is_slow else View())


def cut(frames: Mapping[str, Frame], share: float) -> dict[str, Frame]:
    """Return the same markets as they were known earlier: the first `share` of the bars of each that has ten or more."""
    return {
        name: frame.until(int(frame.ts[int(len(frame) * share) - 1]))
        for name, frame in frames.items()
        if len(frame) >= 10
    }


def _frame(name: str, bars: int, seed: int, timeframe: Timeframe) -> Frame:
    length_ms = timeframe.seconds * 1_000
    ts = _START_MS + length_ms * np.arange(bars, dtype=np.int64)
    if name == "flat":
        level = np.full(bars, 50.0)
        return Frame.of(ts, level, level, level, level, np.full(bars, 1_000.0))
    draw = np.random.default_rng(20_200_101 + seed)
    moves = draw.normal(0.0, 0.012, bars) + _drift(name, bars)
    gaps = np.where(
        np.arange(bars) % 23 == 11, draw.choice([-0.08, -0.045, -0.025, 0.025, 0.035, 0.06, 0.09], bars), 0.0
    )
    gaps += draw.normal(0.0, 0.002, bars)
    gaps[0] = 0.0
    opened, close = np.empty(bars), np.empty(bars)
    price = 100.0
    for bar in range(bars):
        opened[bar] = price * (1 + gaps[bar])
        close[bar] = price = opened[bar] * (1 + moves[bar])
    wick = np.abs(draw.normal(0.0, 0.004, (2, bars)))
    high, low = np.maximum(opened, close) * (1 + wick[0]), np.minimum(opened, close) * (1 - wick[1])
    return Frame.of(ts, opened, high, low, close, _volume(draw, bars))


def _drift(name: str, bars: int) -> Floats:
    """Return the mean change per bar: one way, none, or a long cycle of rise, range, fall, crash and recovery."""
    place = np.arange(bars)
    if name in ("rise", "fall"):
        return np.where(place % 40 < 30, 0.004, -0.005) * (1 if name == "rise" else -1)
    swing = 0.009 * np.sin(place / 9.0) + 0.004 * np.sin(place / 41.0)
    if name == "range":
        return swing
    if name == "long":
        swing = swing + 0.0009 * np.sin(place / 480.0)
    phase = place % 500
    trend = np.select([phase < 120, phase < 230, phase < 340, phase < 360], [0.005, 0.0, -0.005, -0.02], 0.004)
    return np.asarray(swing * 0.8 + trend - trend.mean(), np.float64)


def _volume(draw: np.random.Generator, bars: int) -> Floats:
    usual = 1_000_000.0 * np.exp(draw.normal(0.0, 0.25, bars))
    spikes = np.where(np.arange(bars) % 7 == 4, draw.choice([1.0, 1.7, 2.4, 3.5, 6.0], bars), 1.0)
    on_gaps = np.where(np.arange(bars) % 23 == 11, draw.choice([1.0, 1.8, 3.0], bars), 1.0)
    return np.asarray(np.round(usual * spikes * on_gaps), np.float64)


def _figures(frames: Mapping[str, Frame]) -> View:
    """Return figures that change every ten bars, other ones for each name; the shortest market has none."""
    history = {}
    for place, (name, frame) in enumerate(frames.items()):
        if len(frame) < 50:
            continue
        rows = []
        for count, bar in enumerate(range(0, len(frame), 10)):
            turn = count + 3 * place
            row: dict[str, float | str | None] = {
                field: values[turn % len(values)] for field, values in _CYCLES.items()
            }
            row |= {"sector": _SECTORS[turn % len(_SECTORS)], "industry": "Software", "name": name}
            row |= {"price": float(frame.close[bar]), "average_volume": 1_000_000.0}
            rows.append((int(frame.ts[bar]), row))
        history[name] = rows
    return View(point_in_time=True, history=history)
