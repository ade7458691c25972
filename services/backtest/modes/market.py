"""What a job may read: bars, universes, company figures, and the sandbox that runs strategies.

Decides that a job sees one state of the market: a task names the hash of its bars, and a process whose catalog says otherwise
refuses to work on it.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from libs.common.errors import ConflictError, NotFoundError
from libs.common.values import Timeframe
from libs.market import figures
from libs.market.catalog import BarsInfo, Catalog
from libs.market.frame import Frame
from libs.market.fundamentals import Fundamentals
from libs.market.universes import Universe, Universes
from libs.strategy.sandbox.host.pool import Pool
from services.backtest.core.fingerprint import joint_hash
from services.backtest.modes.task import Task


class Market:
    """One profile's market, read-only; safe to use from several threads."""

    def __init__(self, data_dir: Path, sandbox: Pool | None):
        """Read below `data_dir` (catalog, universes, fundamentals); `sandbox` runs Python strategies."""
        self.sandbox = sandbox
        self._catalog = Catalog(data_dir / "catalog")
        self._universes = Universes(data_dir / "universes", self._catalog)
        self._figures_root = data_dir / "fundamentals"
        self._lock = threading.Lock()
        self._held: tuple[str, dict[str, Frame]] | None = None
        self._figures: Fundamentals | None = None

    def universe(self, name: str, timeframe: Timeframe) -> tuple[Universe, tuple[str, ...]]:
        """Return a universe and those of its symbols that have bars; raises NotFoundError."""
        with self._lock:
            return self._universes.get(name, timeframe), self._universes.symbols(name, timeframe)

    def stored(self, symbols: Iterable[str], timeframe: Timeframe) -> dict[str, BarsInfo]:
        """Return what is stored of each symbol that has bars, in order of name; raises NotFoundError where none has."""
        found: dict[str, BarsInfo] = {}
        missing: NotFoundError | None = None
        with self._lock:
            for symbol in sorted(set(symbols)):
                try:
                    found[symbol] = self._catalog.info(symbol, timeframe)
                except NotFoundError as error:
                    missing = missing or error
        if not found and missing is not None:
            raise missing
        return found

    def read(
        self, symbols: Sequence[str], timeframe: Timeframe, start_ms: int, end_ms: int, tail: int | None
    ) -> dict[str, Frame]:
        """Return the bars of each symbol with start <= open time < end, the newest `tail` of them; symbols without are left out."""
        with self._lock:
            frames = self._catalog.read_many(symbols, timeframe, start_ms, end_ms)
        cut = frames if tail is None else {symbol: frame.tail(tail) for symbol, frame in frames.items()}
        return {symbol: frame for symbol, frame in cut.items() if len(frame)}

    def frames(self, task: Task) -> Mapping[str, Frame]:
        """Return the bars of a task, those the task was made of; raises ConflictError where the catalog has others now."""
        held = self._held
        if held is not None and held[0] == _key(task):
            return held[1]
        frames = self.read(task.symbols, task.strategy.timeframe, task.start_ms, task.end_ms, task.tail)
        if data_hash(frames) != task.data_hash:
            raise ConflictError(
                "the stored bars were changed while the job ran",
                code="job.bars_changed",
                hint="run it again, after the import",
            )
        self.hold(task, frames)
        return frames

    def hold(self, task: Task, frames: dict[str, Frame]) -> None:
        """Keep the bars that a task was made of at hand, until those of another are asked for."""
        self._held = (_key(task), frames)

    def figures_version(self) -> str | None:
        """Return the version of the company figures that counts now."""
        return figures.current(self._figures_root)

    def figures(self, version: str | None) -> Fundamentals:
        """Return a version of the company figures."""
        with self._lock:
            if self._figures is None or self._figures.hash != version:
                self._figures = Fundamentals(self._figures_root, version)
            return self._figures


def _key(task: Task) -> str:
    return f"{task.data_hash}|{task.start_ms}|{task.end_ms}|{task.tail}"


def data_hash(frames: Mapping[str, Frame]) -> str:
    """Return one hash of the bars of all symbols."""
    return joint_hash({symbol: frame.data_hash() for symbol, frame in frames.items()})
