"""Ingest's hand on what lies beside the catalog: versions of company figures, and named lists of symbols. The only writer.

A file is written under another name, synced and renamed, so a reader sees the old or the new one whole. Everything here blocks
and is safe to call from threads; one call at a time writes. Versions are never removed: reports name them.
"""

import json
import threading
from pathlib import Path

from libs.common.errors import NotFoundError
from libs.market.durable import Disk
from libs.market.figures import CURRENT, NONE, current, encode, load
from libs.market.universes import VERSIONS, Universe, parse_name, version_of
from services.ingest.core.figure_csv import ParsedFigures
from services.ingest.core.figure_merge import FigureReport, merge

_REMOVED = "removed"


class Library:
    """Writes below two folders, which need not exist yet."""

    def __init__(self, universes: Path, fundamentals: Path):
        """Write universes below the one, company figures below the other."""
        self._universes = universes
        self._fundamentals = fundamentals
        self._disk = Disk()
        self._lock = threading.Lock()

    def keep_figures(self, parsed: ParsedFigures, *, replace: bool) -> FigureReport:
        """Make a version of the stored figures and these, and let it be the one that counts; repeating it changes nothing.

        Raises BadInputError when the stored version was changed on the disk, StoreUnavailableError when the disk fails: the
        version that counted before still does.
        """
        with self._lock:
            before = current(self._fundamentals)
            stored = NONE if replace or before is None else load(self._fundamentals, before)
            whole = merge(stored, parsed.figures, replace=replace)
            version, table, about = encode(whole)
            if version != before:
                self._write(self._fundamentals / f"{version}.npy", table)
                self._write(self._fundamentals / f"{version}.json", about)
                self._write(self._fundamentals / CURRENT, version.encode())
            return FigureReport(parsed, version, version == before, whole)

    def define(self, name: str, symbols: tuple[str, ...], origin: str) -> Universe:
        """Let a name stand for a list of symbols; raises BadInputError for a bad name, StoreUnavailableError."""
        listed = tuple(sorted(set(symbols)))
        universe = Universe(parse_name(name), version_of(listed), listed, origin)
        body = {"name": universe.name, "origin": origin, "symbols": listed, "version": universe.version}
        with self._lock:
            kept = json.dumps({"symbols": listed}, separators=(",", ":")).encode()
            self._write(self._universes / VERSIONS / f"{universe.version}.json", kept)
            self._write(self._universes / f"{universe.name}.json", json.dumps(body, sort_keys=True).encode())
        return universe

    def remove(self, name: str, wish: str) -> str:
        """Forget a name and return it in its one spelling; the same wish again finds it done.

        wish: id of the command. Raises NotFoundError, BadInputError, StoreUnavailableError.
        """
        name = parse_name(name)
        path = self._universes / f"{name}.json"
        grave = self._universes / _REMOVED / f"{wish}.json"
        with self._lock:
            self._disk.make_folder(grave.parent)
            if not grave.exists():
                if not path.exists():
                    raise NotFoundError(f"no universe {name!r}", code="universe.unknown", pointer="/name")
                self._disk.move(path, grave)
        return name

    def _write(self, path: Path, body: bytes) -> None:
        self._disk.make_folder(path.parent)
        self._disk.replace(path, body)
