"""The bars of a run, read from the catalog: which symbols have any, in which window, cut at a holdout's boundary."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from libs.common.errors import NotFoundError
from libs.market.catalog import BarsInfo, Catalog
from libs.market.frame import Frame
from libs.strategy.figures import Figures
from libs.strategy.python import View
from services.backtest.core.fingerprint import joint_hash
from services.backtest.core.job import Job
from services.backtest.core.values import Times
from services.backtest.core.window import before_boundary, choose, is_worth_a_boundary, no_bars


@dataclass(frozen=True)
class Material:
    """What a run works on. frames: own copies of the bars in the window, by symbol. stored: what the catalog says of each.

    view: the company figures it may look at; figures: their version, None where there are none or the strategy asks for none.
    """

    frames: dict[str, Frame]
    stored: dict[str, BarsInfo]
    view: View
    figures: str | None

    @cached_property
    def data_hash(self) -> str:
        """Return one hash of all bars, and of the figures where the strategy asks for any."""
        bars = {symbol: frame.data_hash() for symbol, frame in self.frames.items()}
        return joint_hash(bars if self.figures is None else {**bars, "figures": self.figures})

    @property
    def simulated(self) -> bool:
        """Tell whether any of the prices were made up."""
        return any(self.stored[symbol].simulated for symbol in self.frames)

    @property
    def sources(self) -> dict[str, str]:
        """Return where the bars are from, by symbol."""
        return {symbol: self.stored[symbol].source for symbol in self.frames}


class Bars:
    """Reads windows of one profile's catalog."""

    def __init__(self, catalog_dir: Path):
        """Read below `catalog_dir`; the company figures lie beside it."""
        self.catalog = Catalog(catalog_dir)
        self._figures = Figures(catalog_dir.parent / "fundamentals")

    def read(self, job: Job, boundary_ms: int | None) -> Material:
        """Return the bars of the window `job` asks for, only those before `boundary_ms` if it is given.

        Raises NotFoundError where no symbol has two bars there, BadInputError for a window that contradicts itself.
        """
        stored = self._stored(job)
        end = job.end if boundary_ms is None else before_boundary(boundary_ms, job.start, job.end)
        timeframe = job.strategy.timeframe
        first = min(info.first_ms for info in stored.values())
        last = max(info.last_ms for info in stored.values())
        window = choose(timeframe, first, last, job.start, end)
        until = window.last_open_before(timeframe)
        frames = {symbol: _own(self.catalog.read(symbol, timeframe, window.start_ms, until)) for symbol in stored}
        found = {symbol: frame for symbol, frame in frames.items() if len(frame) > 1}
        if not found:
            raise no_bars(timeframe, first, last)
        view, version = self._figures.view(job.strategy, window.start_ms, window.end_ms)
        return Material(found, stored, view, version)

    def worth_a_boundary(self, job: Job) -> Times | None:
        """Return the open times of the newest window if a family's boundary may be fixed on it, None where it is too short."""
        frames = self.read(job, None).frames
        times = np.unique(np.concatenate([frame.ts for frame in frames.values()]))
        return times if is_worth_a_boundary(job.strategy.timeframe, times) else None

    def _stored(self, job: Job) -> dict[str, BarsInfo]:
        found: dict[str, BarsInfo] = {}
        missing: NotFoundError | None = None
        for symbol in job.strategy.symbols:
            try:
                found[symbol] = self.catalog.info(symbol, job.strategy.timeframe)
            except NotFoundError as error:
                missing = missing or error
        if not found and missing:
            raise missing
        return found


def _own(frame: Frame) -> Frame:
    """Copy the window out of the mapped file: contiguous columns, and no hold on the file."""
    columns = (frame.open, frame.high, frame.low, frame.close, frame.volume)
    return Frame(np.array(frame.ts, np.int64), *(np.array(column, np.float64) for column in columns))
