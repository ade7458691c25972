"""A CSV of company figures, all or nothing: bytes in, checked rows and what was odd about them out.

Decides what a row means. Reads no file and knows nothing of what is stored. A missing figure is NaN, never 0.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from libs.common.errors import BadInputError, BadSymbolError
from libs.common.values import from_epoch_ms, parse_symbol
from libs.market.figures import ALWAYS, FIELDS, NUMBERS, TEXTS, Figures
from libs.market.frame import FloatArray
from services.ingest.core.csv_cells import read_numbers
from services.ingest.core.csv_header import check_delimiter
from services.ingest.core.csv_text import line_blocks, split_rows
from services.ingest.core.csv_times import read_times
from services.ingest.core.csv_types import BadCsvError, CsvLimits, Faults
from services.ingest.core.figure_header import FigureHeader, read_figure_header
from services.ingest.core.figure_sense import check_figures, one_row_each

MISSING = ("", "n/a", "na", "nan", "null", "none", "-", "--")
"""Cells, in any case, that say a figure is not known."""

LONGEST_TEXT = 160

_DAY_MS = 86_400_000.0
_DATE_ONLY = re.compile(r"\s*\d{4}-\d\d-\d\d\s*", re.ASCII)
_HOPELESS = 1_000


@dataclass(frozen=True)
class FigureOptions:
    """What the reader must be told. now_ms: a later date is refused. percent: fields given in percent that are kept as ratios."""

    now_ms: int
    by_column: str | None = None
    delimiter: str = ","
    percent: tuple[str, ...] = ()
    source: str = "csv"
    limits: CsvLimits = field(default_factory=CsvLimits)


@dataclass(frozen=True)
class ParsedFigures:
    """A whole file, accepted. duplicates: rows that repeat another. missing: field -> rows without it. notes: what was put right."""

    figures: Figures
    rows_read: int
    duplicates: int
    missing: dict[str, int]
    ignored_columns: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass
class _Columns:
    line: list[int] = field(default_factory=list)
    symbol: list[str] = field(default_factory=list)
    known: list[float] = field(default_factory=list)
    numbers: dict[str, list[float]] = field(default_factory=dict)
    texts: dict[str, list[str | None]] = field(default_factory=dict)


def parse_figures(chunks: Iterable[bytes], options: FigureOptions) -> ParsedFigures:
    """Return the figures in the text that `chunks` make up.

    Raises BadCsvError with the first ten bad lines; BadInputError for a wrong delimiter or an unknown field in `percent`.
    """
    check_delimiter(options.delimiter)
    wrong = next((name for name in options.percent if FIELDS.get(name) != "ratio"), None)
    if wrong is not None:
        told = ", ".join(name for name, unit in FIELDS.items() if unit == "ratio")
        raise BadInputError(f"{wrong[:40]!r} is not kept as a ratio", pointer="/percent", hint=f"ratios are {told}")
    reader = _Reader(options)
    for first_line, lines in line_blocks(chunks, options.limits):
        reader.take(split_rows(lines, first_line, options.delimiter), first_line)
    return reader.finish()


class _Reader:
    def __init__(self, options: FigureOptions):
        self.options = options
        self.faults = Faults()
        self.header: FigureHeader | None = None
        self.kind: str | None = None
        self.columns = _Columns()

    def take(self, rows: list[list[str]], first_line: int) -> None:
        numbered = [(line, row) for line, row in enumerate(rows, first_line) if row]
        if self.header is None and numbered:
            line, cells = numbered.pop(0)
            self.header = read_figure_header(cells, line, self.options.limits, self.options.by_column)
        if self.header is None:
            return
        sound = [(line, row) for line, row in numbered if len(row) == self.header.width]
        for line, row in numbered:
            if len(row) != self.header.width:
                self.faults.add(line, f"{len(row)} cells, the header has {self.header.width}")
        if sound:
            self._columns(self.header, [line for line, _ in sound], list(zip(*(row for _, row in sound), strict=True)))
        if len(self.columns.line) > self.options.limits.max_rows:
            raise BadCsvError(f"more than {self.options.limits.max_rows:,} rows", hint="split the file")
        if len(self.faults) >= _HOPELESS:
            self.faults.check(complete=False)

    def _columns(self, header: FigureHeader, lines: list[int], cells: list[tuple[str, ...]]) -> None:
        found = self.columns
        found.line += lines
        found.symbol += [self._symbol(cell, line) for cell, line in zip(cells[header.symbol], lines, strict=True)]
        found.known += [ALWAYS] * len(lines) if header.date is None else self._known(cells[header.date], lines)
        for name, place in header.fields.items():
            if name in TEXTS:
                found.texts.setdefault(name, []).extend(_text(cell) for cell in cells[place])
            else:
                found.numbers.setdefault(name, []).extend(self._numbers(name, cells[place], lines).tolist())

    def _symbol(self, cell: str, line: int) -> str:
        try:
            return parse_symbol(cell)
        except BadSymbolError as error:
            self.faults.add(line, error.detail)
            return ""

    def _known(self, cells: Sequence[str], lines: Sequence[int]) -> list[float]:
        times, self.kind, problems = read_times(cells, self.kind)
        for place, reason in problems:
            self.faults.add(lines[place], reason)
        days = [_DATE_ONLY.fullmatch(cell) is not None for cell in cells]
        known = times + np.where(days, _DAY_MS, 0.0)
        for place, late in enumerate((times > self.options.now_ms).tolist()):
            if late:
                self.faults.add(lines[place], f"{cells[place][:40]!r} is in the future")
        return [float(moment) for moment in known]

    def _numbers(self, name: str, cells: Sequence[str], lines: Sequence[int]) -> FloatArray:
        there = [place for place, cell in enumerate(cells) if cell.strip().lower() not in MISSING]
        column = np.full(len(cells), np.nan)
        values, problems = read_numbers([cells[place] for place in there])
        column[there] = values
        for place, reason in problems:
            self.faults.add(lines[there[place]], f"{name} {reason}")
        return column

    def finish(self) -> ParsedFigures:
        if self.header is None:
            raise BadCsvError("the file is empty")
        if not self.columns.line and not len(self.faults):
            raise BadCsvError("the file has a header and no rows")
        self.faults.check()
        columns = self.columns
        numbers = {name: np.array(columns.numbers[name]) for name in NUMBERS if name in columns.numbers}
        notes = check_figures(numbers, np.array(columns.line), self.options.percent, self.faults)
        self.faults.check()
        texts = {name: tuple(columns.texts[name]) for name in TEXTS if name in columns.texts}
        values = np.column_stack(list(numbers.values())) if numbers else np.empty((len(columns.line), 0))
        known = np.array(columns.known)
        given = Figures(tuple(columns.symbol), known, tuple(numbers), values, texts, (self.options.source,))
        figures, duplicates = one_row_each(given, columns.line, self.faults)
        self.faults.check()
        return ParsedFigures(
            figures, len(columns.line), duplicates, _missing(figures), self.header.ignored, tuple(notes)
        )


def _text(cell: str) -> str | None:
    text = cell.strip()
    return None if text.lower() in MISSING else text[:LONGEST_TEXT]


def _missing(figures: Figures) -> dict[str, int]:
    counts = {name: sum(text is None for text in column) for name, column in figures.texts.items()}
    counts |= {name: int(np.isnan(figures.values[:, at]).sum()) for at, name in enumerate(figures.numbers)}
    return {name: count for name, count in counts.items() if count}


def known_text(known: float) -> str | None:
    """Return the moment a row was known from as RFC 3339 text, None without one."""
    return None if known == ALWAYS else from_epoch_ms(int(known)).strftime("%Y-%m-%dT%H:%M:%SZ")
