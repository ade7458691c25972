"""Ingest's hand on the bar catalog: the only writer, and the place where an import is kept whole or not at all.

Everything here blocks (disk, fsync) and is safe to call from threads; one call at a time writes. Wart: an import that adds bars
at the end of a series works on a copy of its file, so that taking it back needs no room on the disk and never shortens a file
that a reader has mapped.
"""

import os
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from libs.common.errors import ConflictError, StoreUnavailableError
from libs.common.values import Timeframe, from_epoch_ms
from libs.market.catalog import Catalog, CatalogWriter, MergeResult
from libs.market.frame import COLUMNS, Frame
from libs.market.records import RECORD, bars_path
from services.ingest.core.facts import Origin
from services.ingest.progress import Seen

SPARE_BYTES = 16 << 20
"""Room an import must leave free on the disk."""

_NAMED_CONFLICTS = 10


@dataclass(frozen=True)
class Keep:
    """Bars on their way into the catalog."""

    symbol: str
    frame: Frame


@dataclass(frozen=True)
class Span:
    """Open times with from_ms <= open time < to_ms."""

    from_ms: int
    to_ms: int


@dataclass(frozen=True)
class Settled:
    """What the catalog has of a span. revised: (symbol, open time) of bars that the feed gave with other values."""

    frames: Mapping[str, Frame]
    revised: tuple[tuple[str, int], ...]


class Shelf:
    """The catalog under one folder, to be read and extended."""

    def __init__(self, root: Path):
        """Work below `root`, which need not exist yet."""
        self.catalog = Catalog(root)
        self._root = root
        self._writer = CatalogWriter(root)
        self._lock = threading.Lock()

    def stored(
        self, symbol: str, timeframe: Timeframe, start_ms: int | None = None, end_ms: int | None = None
    ) -> Frame:
        """Return the stored bars with start_ms <= open time < end_ms, an empty frame when there are none."""
        if self.catalog.last_open_ms(symbol, timeframe) is None:
            return Frame.empty()
        return self.catalog.read(symbol, timeframe, start_ms, end_ms)

    def keep(
        self, bars: Sequence[Keep], timeframe: Timeframe, origin: Origin, seen: Seen | None = None
    ) -> list[MergeResult]:
        """Store bars of any time, one result per symbol; those stored already are duplicates. All of them or none.

        seen: told how many symbols are done.
        Raises ConflictError if a stored bar differs or simulated and real bars would mix, StoreUnavailableError if the
        disk has no room, OSError if it fails. Then the files are as they were.
        """
        with self._lock:
            for item in bars:
                self.check_origin(item.symbol, timeframe, origin.simulated)
            self._check_conflicts(bars, timeframe)
            self._check_room(bars, timeframe)
            results: list[MergeResult] = []
            with self._undone_on_error(bars, timeframe), self._writer.together():
                for item in bars:
                    kept = self._writer.merge(item.symbol, timeframe, item.frame, origin.source, origin.simulated)
                    results.append(kept)
                    if seen is not None:
                        seen(len(results), len(bars))
            return results

    def settle(self, given: Mapping[str, Frame], timeframe: Timeframe, span: Span, origin: Origin) -> Settled:
        """Store what a feed gave for `span`, and return what the catalog then has there: that is what gets published.

        A stored bar counts, also where the feed now says something else; those are returned as revised. What is stored
        beside the given bars (after a crash between storing and publishing) is part of the result.
        """
        with self._lock:
            frames, revised = {}, []
            for symbol in sorted(given):
                stored = self.stored(symbol, timeframe, span.from_ms, span.to_ms)
                if len(given[symbol]):
                    self.check_origin(symbol, timeframe, origin.simulated)
                    revised += [(symbol, ms) for ms in _differing(stored, given[symbol])]
                    self._add(symbol, timeframe, _without(given[symbol], stored), origin)
                    stored = self.stored(symbol, timeframe, span.from_ms, span.to_ms)
                frames[symbol] = stored
            return Settled(frames, tuple(revised))

    def origin(self, symbol: str, timeframe: Timeframe) -> Origin:
        """Return where the stored bars of a series are from."""
        known = self.catalog.info(symbol, timeframe)
        return Origin(known.source, known.simulated)

    def _add(self, symbol: str, timeframe: Timeframe, fresh: Frame, origin: Origin) -> None:
        last_ms = self.catalog.last_open_ms(symbol, timeframe)
        if len(fresh) and (last_ms is None or last_ms < fresh.ts[0]):
            self._writer.append(symbol, timeframe, fresh, origin.source, origin.simulated)
        elif len(fresh):
            self._writer.merge(symbol, timeframe, fresh, origin.source, origin.simulated)

    def check_origin(self, symbol: str, timeframe: Timeframe, simulated: bool) -> None:
        """Raise ConflictError when the stored bars of a series are simulated and new ones are not, or the other way."""
        if self.catalog.last_open_ms(symbol, timeframe) is None:
            return
        known = self.catalog.info(symbol, timeframe)
        if known.simulated != simulated:
            raise ConflictError(
                f"the stored {timeframe} bars of {symbol} are {'simulated' if known.simulated else 'real'}, these are not",
                code="data.mixed_origin",
                pointer="/symbol",
                hint="keep simulated and real prices in different data directories",
            )

    def _check_conflicts(self, bars: Sequence[Keep], timeframe: Timeframe) -> None:
        found: list[str] = []
        for item in bars:
            if len(item.frame):
                stored = self.stored(item.symbol, timeframe, int(item.frame.ts[0]), int(item.frame.ts[-1]) + 1)
                found += [f"{item.symbol} {from_epoch_ms(ms):%Y-%m-%dT%H:%MZ}" for ms in _differing(stored, item.frame)]
        if found:
            told = ", ".join(found[:_NAMED_CONFLICTS])
            raise ConflictError(
                f"{len(found)} bar{'s are' if len(found) > 1 else ' is'} stored with other values: {told}",
                code="data.conflicting_bars",
                hint="a stored bar is final; import into another data directory to compare",
            )

    def _check_room(self, bars: Sequence[Keep], timeframe: Timeframe) -> None:
        wanted = SPARE_BYTES
        for item in bars:
            path = bars_path(self._root, item.symbol, timeframe)
            wanted += len(item.frame) * RECORD.itemsize + (2 * path.stat().st_size if path.exists() else 0)
        self._root.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self._root).free
        if free < wanted:
            raise StoreUnavailableError(
                f"the bars need {wanted >> 20} MiB of disk, {free >> 20} MiB are free", hint="free disk space"
            )

    @contextmanager
    def _undone_on_error(self, bars: Sequence[Keep], timeframe: Timeframe) -> Iterator[None]:
        saved: list[_Saved] = []
        try:
            for item in bars:
                path = bars_path(self._root, item.symbol, timeframe)
                saved += [_Saved.of(path), _Saved.of(path.with_suffix(".json"))]
                last_ms = self.catalog.last_open_ms(item.symbol, timeframe)
                if last_ms is not None and len(item.frame) and item.frame.ts[-1] > last_ms:
                    _work_on_a_copy(path)
            yield
        except BaseException:
            for file in saved:
                file.restore()
            raise
        for file in saved:
            file.forget()


@dataclass(frozen=True)
class _Saved:
    """A file as it was: a second name for its content, which nobody writes to any more."""

    path: Path
    link: Path
    existed: bool

    @classmethod
    def of(cls, path: Path) -> "_Saved":
        link = path.with_name(path.name + ".before")
        link.unlink(missing_ok=True)
        if path.exists():
            os.link(path, link)
        return cls(path, link, link.exists())

    def restore(self) -> None:
        _beside(self.path).unlink(missing_ok=True)
        if not self.existed:
            self.path.unlink(missing_ok=True)
            return
        os.replace(self.link, self.path)
        self.link.unlink(missing_ok=True)

    def forget(self) -> None:
        self.link.unlink(missing_ok=True)


def _work_on_a_copy(path: Path) -> None:
    fresh = _beside(path)
    shutil.copyfile(path, fresh)
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    fresh.rename(path)


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".new")


def _differing(stored: Frame, given: Frame) -> list[int]:
    common, here, there = np.intersect1d(stored.ts, given.ts, assume_unique=True, return_indices=True)
    differs = np.zeros(len(common), np.bool_)
    for name in COLUMNS:
        differs |= getattr(stored, name)[here] != getattr(given, name)[there]
    return [int(ms) for ms in common[differs]]


def _without(given: Frame, stored: Frame) -> Frame:
    new = ~np.isin(given.ts, stored.ts)
    return given if new.all() else Frame(given.ts[new], *(getattr(given, name)[new] for name in COLUMNS))
