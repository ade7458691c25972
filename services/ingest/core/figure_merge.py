"""What a new version of the company figures holds, and what its import tells."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from libs.common.commands import ImportFundamentals
from libs.common.events import FundamentalsImported
from libs.common.values import from_epoch_ms
from libs.market.figures import ALWAYS, NUMBERS, TEXTS, Figures
from services.ingest.core.figure_csv import ParsedFigures, known_text
from services.ingest.core.figure_sense import pick


@dataclass(frozen=True)
class FigureReport:
    """What became of a file of figures. version: the one that counts now; known_before: it was stored already. whole: its figures."""

    parsed: ParsedFigures
    version: str
    known_before: bool
    whole: Figures


def merge(stored: Figures, given: Figures, *, replace: bool) -> Figures:
    """Return the figures to keep: the rows given, and those of `stored` that they do not replace.

    A row is replaced by one of the same symbol and moment, and by any of its symbol where one of the two has no date. replace:
    nothing of `stored` is kept.
    """
    kept = pick(stored, [] if replace else _untouched(stored, given))
    if not kept.symbols:
        return given
    symbols = kept.symbols + given.symbols
    known_ms = np.concatenate((kept.known_ms, given.known_ms))
    order = sorted(range(len(symbols)), key=lambda row: (symbols[row], known_ms[row]))
    names = tuple(name for name in NUMBERS if name in kept.numbers or name in given.numbers)
    texts = {
        name: _texts(kept, name) + _texts(given, name) for name in TEXTS if name in kept.texts or name in given.texts
    }
    both = Figures(
        symbols,
        known_ms,
        names,
        np.concatenate((_numbers(kept, names), _numbers(given, names))),
        texts,
        tuple(sorted({*stored.sources, *given.sources})),
    )
    return pick(both, order)


def _untouched(stored: Figures, given: Figures) -> list[int]:
    rows = set(zip(given.symbols, given.known_ms.tolist(), strict=True))
    undated = {symbol for symbol, known in rows if known == ALWAYS}
    symbols = frozenset(given.symbols)
    return [
        row
        for row, (symbol, known) in enumerate(zip(stored.symbols, stored.known_ms.tolist(), strict=True))
        if symbol not in symbols or (known != ALWAYS and symbol not in undated and (symbol, known) not in rows)
    ]


def event(done: FigureReport, command: ImportFundamentals) -> FundamentalsImported:
    """Return the fact of an import."""
    known = [float(moment) for moment in done.parsed.figures.known_ms if moment != ALWAYS]
    return FundamentalsImported.after(
        command,
        key=done.version,
        version=done.version,
        source=command.source,
        symbols=len(set(done.parsed.figures.symbols)),
        rows=len(done.parsed.figures.symbols),
        fields=done.whole.fields,
        point_in_time=_is_dated(done.whole),
        first_known=from_epoch_ms(int(min(known))) if known else None,
        last_known=from_epoch_ms(int(max(known))) if known else None,
    )


def answer(done: FigureReport) -> dict[str, Any]:
    """Return the report as plain JSON values."""
    parsed, figures = done.parsed, done.parsed.figures
    return {
        "version": done.version,
        "changed": not done.known_before,
        "rows_read": parsed.rows_read,
        "duplicates": parsed.duplicates,
        "symbols_total": len(set(figures.symbols)),
        "fields": list(figures.fields),
        "missing": parsed.missing,
        "point_in_time": _is_dated(figures),
        "first_known": _edge(figures, min),
        "last_known": _edge(figures, max),
        "ignored_columns": list(parsed.ignored_columns),
        "notes": list(parsed.notes),
        "stored_symbols_total": len(set(done.whole.symbols)),
        "stored_point_in_time": _is_dated(done.whole),
    }


def _edge(figures: Figures, choose: Any) -> str | None:
    return known_text(float(choose(figures.known_ms))) if _is_dated(figures) else None


def _is_dated(figures: Figures) -> bool:
    return not bool((figures.known_ms == ALWAYS).any())


def _texts(figures: Figures, name: str) -> tuple[str | None, ...]:
    return figures.texts.get(name, (None,) * len(figures.symbols))


def _numbers(figures: Figures, names: Iterable[str]) -> Any:
    missing = np.full(len(figures.symbols), np.nan)
    columns = [figures.values[:, figures.numbers.index(n)] if n in figures.numbers else missing for n in names]
    return np.column_stack(columns) if columns else np.empty((len(figures.symbols), 0))
