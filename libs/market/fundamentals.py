"""Company figures as everyone reads them: one version, opened once, asked by symbol and moment.

An opened version does not change when ingest stores another: a run sees one set of figures, and its hash names it. Writes nothing.
"""

import difflib
import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from libs.common.errors import BadInputError
from libs.market.figures import ALWAYS, FIELDS, NONE, TEXTS, Figure, current, load

__all__ = ["FIELDS", "Figure", "Fundamentals"]


class Fundamentals:
    """The figures of one version. hash: its name, None when nothing was ever imported.

    point_in_time: every row has the moment it was known from, so nothing given out was unknown at the moment asked for. fields:
    the names of the figures there are. symbols: the companies, sorted.
    """

    def __init__(self, root: Path, version: str | None = None):
        """Open the current version below `root`, or the one named.

        Raises NotFoundError for a version that is not stored, BadInputError (code data.bad_fundamentals) for one that was changed
        on the disk, StoreUnavailableError when the disk cannot be read.
        """
        self.hash = version or current(root)
        figures = NONE if self.hash is None else load(root, self.hash)
        self._figures = figures
        self._rows = _rows_of(figures.symbols)
        self._known: list[float] = figures.known_ms.tolist()
        self._dicts: dict[int, dict[str, Figure]] = {}
        self.fields = figures.fields
        self.symbols = tuple(self._rows)
        self.sources = figures.sources
        self.point_in_time = ALWAYS not in self._known

    def as_of(self, symbol: str, moment_ms: int) -> dict[str, Figure]:
        """Return what was known of a company at a moment (epoch ms), `{}` if nothing.

        The newest row known by then counts, whole: a figure it lacks is None, not the older row's. A row without a date is given
        out at any moment.
        """
        rows = self._rows.get(symbol)
        if rows is None:
            return {}
        row = bisect_right(self._known, moment_ms, rows.start, rows.stop) - 1
        return dict(self._dict(row)) if row >= rows.start else {}

    def all_as_of(self, moment_ms: int, symbols: Iterable[str] | None = None) -> dict[str, dict[str, Figure]]:
        """Return what was known at a moment of each of `symbols` (default: all) of which something was known."""
        found = ((symbol, self.as_of(symbol, moment_ms)) for symbol in (self.symbols if symbols is None else symbols))
        return {symbol: figures for symbol, figures in found if figures}

    def history(self, symbol: str) -> list[tuple[int | None, dict[str, Figure]]]:
        """Return the rows of a company, oldest first, with the moment (epoch ms) each was known from, None without one."""
        rows = self._rows.get(symbol, range(0))
        return [(_moment(self._known[row]), dict(self._dict(row))) for row in rows]

    def is_point_in_time(self, symbol: str) -> bool:
        """Tell whether all rows of a company have a date; True for one without rows."""
        return all(self._known[row] != ALWAYS for row in self._rows.get(symbol, range(0)))

    def scan(
        self,
        filters: Mapping[str, Any],
        moment_ms: int,
        symbols: Iterable[str] | None = None,
        limit: int | None = None,
    ) -> dict[str, dict[str, Figure]]:
        """Return the companies that pass all `filters` at a moment, with their figures, in order, at most `limit`.

        filters: `min_<field>` and `max_<field>` (inclusive) of any number, or a text field such as `sector` with one text or a list
        of them, compared without case. What is not known passes no filter. symbols: which to look at, default all.
        Raises BadInputError for a filter that does not exist or a bound of the wrong type.
        """
        tests = [_test(name, wanted) for name, wanted in filters.items()]
        found: dict[str, dict[str, Figure]] = {}
        for symbol in self.symbols if symbols is None else symbols:
            if limit is not None and len(found) >= limit:
                break
            figures = self.as_of(symbol, moment_ms)
            if figures and all(test(figures) for test in tests):
                found[symbol] = figures
        return found

    def _dict(self, row: int) -> dict[str, Figure]:
        known = self._dicts.get(row)
        if known is None:
            figures = self._figures
            known = {name: column[row] for name, column in figures.texts.items()}
            for name, value in zip(figures.numbers, figures.values[row].tolist(), strict=True):
                known[name] = None if math.isnan(value) else value
            self._dicts[row] = known
        return known


class _Test:
    """One filter: a bound of a number, or the texts that pass."""

    def __init__(self, field: str, low: float | None, high: float | None, texts: frozenset[str]):
        self.field = field
        self.low = low
        self.high = high
        self.texts = texts

    def __call__(self, figures: Mapping[str, Figure]) -> bool:
        value = figures.get(self.field)
        if value is None:
            return False
        if isinstance(value, str):
            return value.casefold() in self.texts
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


def _test(name: str, wanted: Any) -> _Test:
    side, _, rest = name.partition("_")
    field = rest if side in ("min", "max") else name
    is_bound = side in ("min", "max") and field in FIELDS and field not in TEXTS
    if not is_bound and name not in TEXTS:
        known = [*TEXTS, *(f"{end}_{one}" for one in FIELDS if one not in TEXTS for end in ("min", "max"))]
        near = difflib.get_close_matches(name, known, n=3)
        raise BadInputError(
            f"{name[:64]!r} is not a filter",
            code="data.unknown_filter",
            pointer=f"/filters/{name[:64]}",
            hint=f"did you mean {' or '.join(near)}" if near else "use min_ or max_ and a field, or sector",
        )
    if is_bound:
        if isinstance(wanted, bool) or not isinstance(wanted, int | float) or math.isnan(wanted):
            raise _wrong(name, wanted, "a number")
        return _Test(field, wanted if side == "min" else None, wanted if side == "max" else None, frozenset())
    texts = [wanted] if isinstance(wanted, str) else wanted
    if not isinstance(texts, list | tuple | set | frozenset) or not all(isinstance(one, str) for one in texts):
        raise _wrong(name, wanted, "a text or a list of texts")
    return _Test(name, None, None, frozenset(one.casefold() for one in texts))


def _wrong(name: str, wanted: Any, kind: str) -> BadInputError:
    return BadInputError(
        f"{name} wants {kind}, not {str(wanted)[:40]!r}", code="data.bad_filter", pointer=f"/filters/{name}"
    )


def _moment(known: float) -> int | None:
    return None if known == ALWAYS else int(known)


def _rows_of(symbols: tuple[str, ...]) -> dict[str, range]:
    rows: dict[str, range] = {}
    for row, symbol in enumerate(symbols):
        rows[symbol] = range(rows[symbol].start if symbol in rows else row, row + 1)
    return rows
