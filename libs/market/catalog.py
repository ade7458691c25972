"""The bar catalog as everyone reads it: memory-mapped files, one per timeframe and symbol.

Decides how stored bars become frames. Writes nothing (`catalog_writer` does, in ingest alone), so any number of processes may
read while one writes: a map is opened again when the file's inode or size changes, and a torn tail is not seen.
"""

import difflib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from libs.common.errors import NotFoundError
from libs.market.catalog_writer import CatalogWriter, MergeResult
from libs.market.frame import Frame
from libs.market.mapping import map_file
from libs.market.records import (
    RECORD,
    as_frame,
    bars_path,
    read_origin,
    sound_bars,
    stored_symbols,
)

__all__ = ["BarsInfo", "Catalog", "CatalogWriter", "MergeResult"]


@dataclass(frozen=True, slots=True)
class BarsInfo:
    """What the catalog has of one symbol and timeframe; times are open times in epoch ms."""

    symbol: str
    timeframe: str
    source: str
    simulated: bool
    bars: int
    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class _Map:
    inode: int
    size: int
    frame: Frame


class Catalog:
    """Reads the bars under `root`; frames are read-only views of the files, valid as long as they are held."""

    def __init__(self, root: Path):
        """Read from `root`, which need not exist yet."""
        self._root = root
        self._maps: dict[Path, _Map] = {}
        self._paths: dict[tuple[str, str], Path] = {}

    def read(self, symbol: str, timeframe: str, start_ms: int | None = None, end_ms: int | None = None) -> Frame:
        """Return the bars with start_ms <= open time < end_ms; an empty frame if the series has none there.

        Raises NotFoundError (with near names as hint) for a series that is not stored, BadSymbolError, BadTimeframeError.
        """
        return self._whole(symbol, timeframe).between(start_ms, end_ms)

    def read_many(
        self, symbols: Iterable[str], timeframe: str, start_ms: int | None = None, end_ms: int | None = None
    ) -> dict[str, Frame]:
        """Return the bars of many series as `read` does, in the order given; raises as `read` for the first one missing."""
        return {symbol: self.read(symbol, timeframe, start_ms, end_ms) for symbol in symbols}

    def last_open_ms(self, symbol: str, timeframe: str) -> int | None:
        """Return the open time of the newest stored bar, None if there is none."""
        mapped = self._mapped(self._path(symbol, timeframe))
        return int(mapped.frame.ts[-1]) if mapped and len(mapped.frame) else None

    def symbols(self, timeframe: str | None = None) -> list[str]:
        """Return the symbols stored for `timeframe`, or for any, sorted."""
        return stored_symbols(self._root, timeframe)

    def info(self, symbol: str, timeframe: str) -> BarsInfo:
        """Return what is stored of a series; raises as `read`, and BadBarsError if its origin is not recorded."""
        frame = self._whole(symbol, timeframe)
        path = self._path(symbol, timeframe)
        origin = read_origin(path)
        return BarsInfo(
            symbol,
            path.parent.name,
            origin.source,
            origin.simulated,
            len(frame),
            int(frame.ts[0]),
            int(frame.ts[-1]),
        )

    def _whole(self, symbol: str, timeframe: str) -> Frame:
        mapped = self._mapped(self._path(symbol, timeframe))
        if mapped is None or not len(mapped.frame):
            raise _unknown(symbol, timeframe, self.symbols)
        return mapped.frame

    def _path(self, symbol: str, timeframe: str) -> Path:
        found = self._paths.get((symbol, timeframe))
        if found is None:
            found = bars_path(self._root, symbol, timeframe)
            self._paths[symbol, timeframe] = found
        return found

    def _mapped(self, path: Path) -> _Map | None:
        try:
            status = os.stat(path)
        except FileNotFoundError:
            self._maps.pop(path, None)
            return None
        known = self._maps.get(path)
        if known is None or (known.inode, known.size) != (status.st_ino, status.st_size):
            known = _open(path)
            self._maps[path] = known
        return known


def _open(path: Path) -> _Map:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        whole = status.st_size // RECORD.itemsize
        records: npt.NDArray[np.void] = np.empty(0, RECORD)
        if whole:
            records = map_file(descriptor, whole * RECORD.itemsize).view(RECORD)
    finally:
        os.close(descriptor)
    return _Map(status.st_ino, status.st_size, as_frame(records[: sound_bars(records)]))


def _unknown(symbol: str, timeframe: str, symbols: Callable[[str | None], list[str]]) -> NotFoundError:
    near = difflib.get_close_matches(symbol, symbols(timeframe), n=3)
    elsewhere = "" if near else ", ".join(difflib.get_close_matches(symbol, symbols(None), n=3))
    hint = "import its bars first, or watch it"
    if near:
        hint = f"did you mean {' or '.join(near)}"
    elif elsewhere:
        hint = f"stored with other bar lengths: {elsewhere}"
    return NotFoundError(
        f"no {timeframe} bars of {symbol} are stored", code="data.unknown_symbol", pointer="/symbol", hint=hint
    )
