"""A feed of made-up prices: no internet, any speed, the same bars for the same seed.

The market it shows contains a mean-reverting component on purpose (`core/simulation.py`), hence results on it say nothing
about real markets; every bar is marked simulated.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from libs.common.errors import NotFoundError
from libs.common.values import Timeframe
from libs.market.frame import COLUMNS, Frame
from services.ingest.core import simulation
from services.ingest.feeds.protocol import Batch

LIVE_START_MS = 1_704_067_200_000
"""Where the event clock of a fresh simulation begins: 2024-01-01T00:00Z."""

BARS_BEFORE = 5 * simulation.BLOCK_BARS
"""How many bars lie before LIVE_START_MS: 5,120 of every timeframe."""

START_PRICES = {
    "AAVEUSDT": 108.7,
    "ADAUSDT": 0.594,
    "APTUSDT": 9.42,
    "ARBUSDT": 1.58,
    "ATOMUSDT": 10.6,
    "AVAXUSDT": 38.5,
    "BCHUSDT": 259.0,
    "BNBUSDT": 312.0,
    "BTCUSDT": 42_280.0,
    "DOGEUSDT": 0.0895,
    "DOTUSDT": 8.19,
    "ETCUSDT": 21.8,
    "ETHUSDT": 2_281.0,
    "FTMUSDT": 0.478,
    "ICPUSDT": 12.9,
    "INJUSDT": 37.0,
    "LINKUSDT": 14.9,
    "LTCUSDT": 72.8,
    "MATICUSDT": 0.971,
    "NEARUSDT": 3.65,
    "OPUSDT": 3.72,
    "SOLUSDT": 101.7,
    "SUIUSDT": 0.774,
    "TRXUSDT": 0.107,
    "UNIUSDT": 7.34,
    "XRPUSDT": 0.615,
}
"""The symbols there are and their price at the first bar, in USDT."""


@dataclass
class _Line:
    """One series as far as it has been made: the point before each block, and the blocks made last."""

    series: simulation.Series
    points: list[simulation.Point]
    blocks: dict[int, Frame]


class SimulatedFeed:
    """Bars of `core/simulation.py`. seed: which market. speed: how much faster than life; 0 = as fast as consumers go."""

    name = "simulated"
    simulated = True

    def __init__(self, seed: int, speed: float):
        """Make nothing until asked."""
        self._seed = seed
        self._speed = speed
        self._lines: dict[tuple[str, Timeframe], _Line] = {}

    @property
    def identity(self) -> str:
        """Return the name with the seed."""
        return f"simulated, seed {self._seed}"

    def symbols(self, timeframe: Timeframe) -> Sequence[str]:
        """Return every symbol there is a start price for."""
        return sorted(START_PRICES)

    def first_ms(self, symbols: Sequence[str], timeframe: Timeframe) -> int:
        """Return the open time of bar 0."""
        return LIVE_START_MS - BARS_BEFORE * timeframe.seconds * 1_000

    def start_ms(self, symbols: Sequence[str], timeframe: Timeframe) -> int:
        """Return the start of the event clock."""
        return LIVE_START_MS

    def pace_s(self, timeframe: Timeframe) -> float:
        """Return the bar length divided by the speed."""
        return timeframe.seconds / self._speed if self._speed > 0 else 0.0

    def take(
        self, symbols: Sequence[str], timeframe: Timeframe, from_ms: int, until_ms: int | None, limit: int
    ) -> Batch:
        """Return the next groups; every symbol has a bar at every step, and it never ends. Raises NotFoundError for an unknown symbol."""
        step = timeframe.seconds * 1_000
        origin = self.first_ms(symbols, timeframe)
        first = max(0, -((origin - from_ms) // step))
        stop = first + max(1, limit // max(1, len(symbols)))
        if until_ms is not None:
            stop = min(stop, max(first, -((origin - until_ms) // step)))
        next_ms = max(from_ms, origin + stop * step)
        frames = {symbol: self._bars(symbol, timeframe, first, stop) for symbol in symbols}
        return Batch(frames, next_ms, ended=False)

    def _bars(self, symbol: str, timeframe: Timeframe, first: int, stop: int) -> Frame:
        if stop <= first:
            return Frame.empty()
        line = self._line(symbol, timeframe)
        size = simulation.BLOCK_BARS
        blocks = [self._block(line, number) for number in range(first // size, (stop - 1) // size + 1)]
        columns = [np.concatenate([getattr(block, name) for block in blocks]) for name in ("ts", *COLUMNS)]
        skip = first - first // size * size
        return Frame(*(column[skip : skip + stop - first] for column in columns))

    def _line(self, symbol: str, timeframe: Timeframe) -> _Line:
        if symbol not in START_PRICES:
            raise NotFoundError(f"{symbol} is not simulated", pointer="/symbols", hint=f"use {', '.join(START_PRICES)}")
        series = simulation.Series(self._seed, symbol, timeframe, START_PRICES[symbol])
        return self._lines.setdefault((symbol, timeframe), _Line(series, [simulation.start(series)], {}))

    def _block(self, line: _Line, number: int) -> Frame:
        if number in line.blocks:
            return line.blocks[number]
        origin = self.first_ms((), line.series.timeframe)
        while len(line.points) <= number:
            _, after = simulation.next_block(line.series, line.points[-1], origin)
            line.points.append(after)
        frame, after = simulation.next_block(line.series, line.points[number], origin)
        if len(line.points) == number + 1:
            line.points.append(after)
        line.blocks = {kept: block for kept, block in line.blocks.items() if abs(kept - number) < 2} | {number: frame}
        return frame
