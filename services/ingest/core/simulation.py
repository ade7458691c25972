"""A made-up market: deterministic, causal, with regimes. Pure: a seed in, bars out.

The simulated market contains a mean-reverting component on purpose: prices swing around a slowly wandering anchor, so that
a plain RSI rule finds something to trade and a newcomer sees the system at work. Results on it therefore say nothing
about real markets. The model is ours; its parts are textbook: a random walk with drift and volatility by regime (calm, up,
down, volatile), pulled weakly to the start price so that it stays plausible for years, plus a first-order autoregression fed by
small noise and, once in a while, by a jump: an overreaction that fades.
"""

import hashlib
import math
from dataclasses import dataclass

import numpy as np

from libs.common.values import Timeframe
from libs.market.frame import FloatArray, Frame, TimeArray

BLOCK_BARS = 1_024
"""Bars are made a block at a time, whatever was asked for, so that every way of asking gives the same ones."""

_PULL = 1e-4
_SWING_KEPT = 0.93
_SWING_SHOCK = 1.5e-4
_JUMP_CHANCE = 1 / 30
_JUMP = 4.3e-3
_SHARED = 0.8
_DRIFT = (0.0, 2.0e-5, -2.0e-5, 0.0)
_VOLATILITY = (1.6e-4, 2.2e-4, 2.2e-4, 4.5e-4)
_REGIME_BARS = 240.0
_TURNOVER = 1.5e6
_MINUTES_POWER = 0.4


@dataclass(frozen=True)
class Series:
    """Which series: equal values give equal bars. start_price: level at the first bar, in the quote asset."""

    seed: int
    symbol: str
    timeframe: Timeframe
    start_price: float


@dataclass(frozen=True)
class Point:
    """Where a series stands between two blocks. anchor, swing: logarithms, relative to the start price."""

    block: int
    anchor: float
    swing: float
    regime: int
    regime_left: int
    close: float


def start(series: Series) -> Point:
    """Return the point before the first bar."""
    return Point(0, 0.0, 0.0, 0, 1, round(series.start_price, _decimals(series.start_price)))


def next_block(series: Series, point: Point, first_ms: int) -> tuple[Frame, Point]:
    """Return the BLOCK_BARS bars after `point` and the point behind them. first_ms: open time of bar 0 of the series."""
    draws = _generator(series, series.symbol, point.block)
    own = draws.standard_normal((3, BLOCK_BARS))
    shared = _generator(series, "", point.block).standard_normal(BLOCK_BARS)
    shocks = _SHARED * shared + math.sqrt(1 - _SHARED**2) * own[0]
    regimes, left = _regimes(point, draws)
    scale = (series.timeframe.seconds / 60) ** _MINUTES_POWER
    drift, volatility = np.array(_DRIFT)[regimes] * scale, np.array(_VOLATILITY)[regimes] * scale
    anchors = _recursion(point.anchor, 1 - _PULL, drift + volatility * shocks)
    jumps = np.sign(own[2]) * _JUMP * np.exp(0.25 * own[2]) * (draws.random(BLOCK_BARS) < _JUMP_CHANCE)
    swings = _recursion(point.swing, _SWING_KEPT, (_SWING_SHOCK * own[1] + jumps) * scale)
    closes = np.round(series.start_price * np.exp(anchors + swings), _decimals(series.start_price))
    ts = (
        first_ms + (point.block * BLOCK_BARS + np.arange(BLOCK_BARS, dtype=np.int64)) * series.timeframe.seconds * 1_000
    )
    width = np.hypot(volatility, _SWING_SHOCK * scale)
    frame = _bars(series, point.close, closes, ts, width, draws)
    after = Point(
        point.block + 1,
        float(anchors[-1]),
        float(swings[-1]),
        int(regimes[-1]),
        left,
        float(closes[-1]),
    )
    return frame, after


def _bars(
    series: Series, before: float, closes: FloatArray, ts: TimeArray, width: FloatArray, draws: np.random.Generator
) -> Frame:
    decimals = _decimals(series.start_price)
    opens = np.concatenate(([before], closes[:-1]))
    reach = np.abs(draws.standard_normal((2, len(closes)))) * 0.4 * width
    tops, bottoms = np.maximum(opens, closes), np.minimum(opens, closes)
    highs = np.maximum(tops, np.round(tops * np.exp(reach[0]), decimals))
    lows = np.minimum(bottoms, np.round(bottoms * np.exp(-reach[1]), decimals))
    hours = (ts // 3_600_000) % 24
    daily = 1 + 0.5 * np.sin((hours - 9) / 24 * 2 * np.pi)
    activity = np.exp(0.4 * draws.standard_normal(len(closes))) * (0.3 + np.log(highs / lows) / (1.6 * width)) * daily
    turnover = _TURNOVER * (series.timeframe.seconds / 60) * activity
    return Frame(ts, opens, highs, lows, closes, np.round(turnover / closes, 4))


def _regimes(point: Point, draws: np.random.Generator) -> tuple[np.ndarray, int]:
    chosen = np.empty(BLOCK_BARS, np.int64)
    regime, left, place = point.regime, point.regime_left, 0
    while place < BLOCK_BARS:
        if left == 0:
            regime = int(draws.choice(4, p=(0.4, 0.2, 0.2, 0.2)))
            left = 30 + int(draws.exponential(_REGIME_BARS))
        taken = min(left, BLOCK_BARS - place)
        chosen[place : place + taken] = regime
        place, left = place + taken, left - taken
    return chosen, left


def _recursion(value: float, kept: float, steps: FloatArray) -> FloatArray:
    values = []
    for step in steps.tolist():
        value = kept * value + step
        values.append(value)
    return np.array(values)


def _generator(series: Series, name: str, block: int) -> np.random.Generator:
    words = f"{series.seed}|{name}|{series.timeframe}|{block}".encode()
    return np.random.Generator(np.random.PCG64(int.from_bytes(hashlib.sha256(words).digest()[:16])))


def _decimals(price: float) -> int:
    return max(0, 6 - len(str(int(price)))) if price >= 1 else 6
