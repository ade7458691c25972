"""Universes as everyone reads them: named lists of symbols, beside the catalog.

`<root>/<name>.json` is the list a name stands for now; `<root>/versions/<version>.json` keeps every list a name ever stood for. `all` is
no file: it is whatever is stored. Writes nothing (ingest does).
"""

import difflib
import hashlib
import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from libs.common.errors import BadInputError, NotFoundError, StoreUnavailableError
from libs.market.catalog import Catalog

__all__ = ["ALL", "Universe", "Universes", "parse_name", "version_of"]

ALL = "all"
"""The universe that is always there: every symbol with bars of the timeframe."""

VERSIONS = "versions"

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True)
class Universe:
    """A list of symbols under a name. symbols: sorted, stored or not. version: hash of the list. origin: how it was made, in words."""

    name: str
    version: str
    symbols: tuple[str, ...]
    origin: str = ""


def parse_name(text: str) -> str:
    """Return the one spelling of a universe's name, lower case; raises BadInputError for what cannot be one, and for `all`."""
    name = text.strip().lower() if text.isascii() else ""
    if not _NAME.fullmatch(name):
        raise BadInputError(
            f"{text[:64]!r} is not a name of a universe",
            code="universe.name",
            pointer="/name",
            hint="letters, digits, - and _, at most 64, such as sp500",
        )
    if name == ALL:
        raise BadInputError(
            "`all` is every stored symbol and cannot be defined", code="universe.reserved", pointer="/name"
        )
    return name


def version_of(symbols: Iterable[str]) -> str:
    """Return the version of a list: 16 hex digits of the SHA-256 of its sorted symbols."""
    return hashlib.sha256("\n".join(sorted(set(symbols))).encode()).hexdigest()[:16]


class Universes:
    """Reads the universes under `root`; every call sees what is there now."""

    def __init__(self, root: Path, catalog: Catalog):
        """Read from `root`, which need not exist yet; `catalog` tells which symbols have bars."""
        self._root = root
        self._catalog = catalog

    def names(self) -> tuple[str, ...]:
        """Return the names there are, sorted, `all` first."""
        return (ALL, *sorted(path.stem for path in self._root.glob("*.json")))

    def get(self, name: str, timeframe: str | None = None) -> Universe:
        """Return a universe whole, whether its symbols are stored or not.

        timeframe: for `all`, which bars its symbols must have, None = any; a named list does not depend on it. Raises NotFoundError
        (code universe.unknown) with near names, StoreUnavailableError.
        """
        name = name.strip().lower()
        if name == ALL:
            stored = tuple(self._catalog.symbols(timeframe))
            return Universe(ALL, version_of(stored), stored, "every stored symbol")
        said = _read(self._root / f"{name}.json") if _NAME.fullmatch(name) else None
        if said is None:
            near = difflib.get_close_matches(name, self.names(), n=3)
            hint = f"did you mean {' or '.join(near)}" if near else f"there are {', '.join(self.names()[:10])}"
            raise NotFoundError(f"no universe {name[:64]!r}", code="universe.unknown", pointer="/universe", hint=hint)
        return Universe(name, str(said["version"]), tuple(said["symbols"]), str(said["origin"]))

    def symbols(self, name: str, timeframe: str) -> tuple[str, ...]:
        """Return the symbols of a universe that have bars of `timeframe`, sorted.

        What it lists beyond them is told by `missing`. Raises NotFoundError for an unknown name (universe.unknown) or when none of its
        symbols has such bars (universe.no_bars), BadTimeframeError.
        """
        universe = self.get(name, timeframe)
        stored = frozenset(universe.symbols if universe.name == ALL else self._catalog.symbols(timeframe))
        found = tuple(symbol for symbol in universe.symbols if symbol in stored)
        if not found:
            raise NotFoundError(
                f"none of the {len(universe.symbols)} symbols of universe {universe.name} has {timeframe} bars",
                code="universe.no_bars",
                pointer="/universe",
                hint="import their bars first",
            )
        return found

    def missing(self, name: str, timeframe: str) -> tuple[str, ...]:
        """Return the symbols of a universe that have no bars of `timeframe`, sorted; raises as `get`."""
        stored = set(self._catalog.symbols(timeframe))
        return tuple(symbol for symbol in self.get(name, timeframe).symbols if symbol not in stored)

    def version(self, version: str) -> tuple[str, ...]:
        """Return the symbols a name stood for under `version`; raises NotFoundError. Versions of `all` are not kept."""
        said = _read(self._root / VERSIONS / f"{version}.json") if version.isalnum() else None
        if said is None:
            raise NotFoundError(f"no universe of version {version[:64]!r} is stored", code="universe.unknown")
        return tuple(said["symbols"])


def _read(path: Path) -> dict[str, Any] | None:
    try:
        said: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreUnavailableError(f"{path.name} cannot be read: {os.strerror(error.errno or 0)}") from error
    except ValueError:
        raise BadInputError(
            f"{path.name} was damaged on the disk", code="universe.damaged", hint="define the universe again"
        ) from None
    return said
