"""A CSV of bars, all or nothing: bytes in, checked frames and a report out, or one error with the first ten bad lines.

Decides what a row means and whether the file can be believed. Reads no file and knows nothing of what is stored.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from libs.common.errors import BadSymbolError
from libs.common.values import parse_symbol
from libs.market.frame import FloatArray
from services.ingest.core.csv_bars import Rows, check_grid, check_values, find_timeframe, in_order, split
from services.ingest.core.csv_cells import read_numbers
from services.ingest.core.csv_header import Header, check_delimiter, likely_symbols, read_header
from services.ingest.core.csv_text import line_blocks, split_rows
from services.ingest.core.csv_times import LOCAL, read_times
from services.ingest.core.csv_types import BadCsvError, CsvOptions, Faults, Parsed
from services.ingest.core.zones import find_zone, to_utc

_HOPELESS = 1_000
"""Reading stops after the block that brings the number of bad lines to this."""


def parse_csv(chunks: Iterable[bytes], options: CsvOptions) -> Parsed:
    """Return the bars in the text that `chunks` make up.

    Raises BadCsvError (code data.bad_csv) with the first ten bad lines; BadInputError for a wrong delimiter or zone.
    """
    check_delimiter(options.delimiter)
    find_zone(options.zone)
    reader = _Reader(options)
    for first_line, lines in line_blocks(chunks, options.limits):
        reader.take(first_line, lines)
    return reader.finish()


class _Reader:
    """Collects columns block by block, so that memory holds arrays and one block of text."""

    def __init__(self, options: CsvOptions):
        self.options = options
        self.faults = Faults()
        self.header: Header | None = None
        self.kind: str | None = None
        self.series: dict[str, int] = {}
        self.spelled: dict[str, int] = {}
        self.blocks: list[Rows] = []
        self.rows_read = 0

    def take(self, first_line: int, lines: Sequence[str]) -> None:
        rows = split_rows(lines, first_line, self.options.delimiter)
        numbers: Sequence[int] = range(first_line, first_line + len(rows))
        if not all(rows):
            numbers = [number for number, row in zip(numbers, rows, strict=True) if row]
            rows = [row for row in rows if row]
        if self.header is None and rows:
            options = self.options
            self.header = read_header(rows[0], numbers[0], options.limits, options.delimiter, options.by_column)
            self._check_symbol(self.header)
            rows, numbers = rows[1:], numbers[1:]
        if self.header is not None:
            self._take_rows(self.header, rows, numbers)

    def _take_rows(self, header: Header, rows: list[list[str]], lines: Sequence[int]) -> None:
        self.rows_read += len(rows)
        if self.rows_read > self.options.limits.max_rows:
            raise BadCsvError(f"more than {self.options.limits.max_rows:,} rows", hint="split the file")
        if not set(map(len, rows)) <= {header.width}:
            for line, row in zip(lines, rows, strict=True):
                if len(row) != header.width:
                    self.faults.add(line, f"{len(row)} cells, the header has {header.width}")
            lines = [line for line, row in zip(lines, rows, strict=True) if len(row) == header.width]
            rows = [row for row in rows if len(row) == header.width]
        if rows:
            self.blocks.append(self._columns(header, rows, lines))
        if len(self.faults) >= _HOPELESS:
            self.faults.check(complete=False)

    def _columns(self, header: Header, rows: list[list[str]], lines: Sequence[int]) -> Rows:
        cells = list(zip(*rows, strict=True))
        ts, self.kind, problems = read_times(cells[header.time], self.kind)
        for place, reason in problems:
            self.faults.add(lines[place], reason)
        return Rows(
            np.array(lines, np.int64),
            self._symbols(cells[header.symbol], lines) if header.symbol is not None else np.zeros(len(lines), np.int32),
            ts,
            self._numbers("open", cells[header.open], lines),
            self._numbers("high", cells[header.high], lines),
            self._numbers("low", cells[header.low], lines),
            self._numbers("close", cells[header.close], lines),
            np.zeros(len(lines)) if header.volume is None else self._numbers("volume", cells[header.volume], lines),
        )

    def _numbers(self, name: str, cells: Sequence[str], lines: Sequence[int]) -> FloatArray:
        values, problems = read_numbers(cells)
        for place, reason in problems:
            self.faults.add(lines[place], f"{name} {reason}")
        return values

    def _symbols(self, cells: Sequence[str], lines: Sequence[int]) -> npt.NDArray[np.int32]:
        for cell in dict.fromkeys(cells):
            if cell not in self.spelled:
                self.spelled[cell] = self._number(cell, lines[cells.index(cell)])
        return np.fromiter(map(self.spelled.__getitem__, cells), np.int32, len(cells))

    def _number(self, cell: str, line: int) -> int:
        try:
            symbol = parse_symbol(cell)
        except BadSymbolError as error:
            self.faults.add(line, error.detail)
            return -1
        if self.options.symbol not in (None, symbol):
            self.faults.add(line, f"symbol {symbol}, the import is of {self.options.symbol}")
        number = self.series.setdefault(symbol, len(self.series))
        if number >= self.options.limits.max_symbols:
            raise BadCsvError(f"more than {self.options.limits.max_symbols:,} symbols", hint="split the file")
        return number

    def _check_symbol(self, header: Header) -> None:
        if header.symbol is None:
            column = likely_symbols(header)
            if column is not None and self.options.symbol is None:
                raise BadCsvError(
                    f"the column {column[:40]!r} may name symbols",
                    pointer="/by_column",
                    hint=f"say so with --by-column {column[:40]}, or name the one symbol with --symbol",
                )
            symbol = self.options.symbol or self.options.default_symbol
            if symbol is None:
                raise BadCsvError("the file has no symbol column", pointer="/symbol", hint="name the symbol")
            self.series[symbol] = 0

    def finish(self) -> Parsed:
        if self.header is None:
            raise BadCsvError("the file is empty")
        if not self.rows_read:
            raise BadCsvError("the file has a header and no rows")
        self.faults.check()
        rows = Rows(*(np.concatenate([getattr(b, name) for b in self.blocks]) for name in Rows.__dataclass_fields__))
        self.blocks.clear()
        rows, ambiguous = self._in_utc(rows)
        check_values(rows, self.options.now_ms, self.faults)
        ordered, dropped = in_order(rows, self.faults)
        self.faults.check()
        timeframe = find_timeframe(ordered, self.options.timeframe)
        check_grid(ordered, timeframe, self.faults)
        self._check_closed(ordered, timeframe.seconds * 1_000)
        self.faults.check()
        symbols, spikes = split(ordered, list(self.series), dropped)
        return Parsed(
            timeframe=timeframe,
            symbols=tuple(symbols),
            rows_read=self.rows_read,
            spikes=tuple(spikes),
            ambiguous_times=ambiguous,
            has_volume=self.header.volume is not None,
            ignored_columns=self.header.ignored,
        )

    def _in_utc(self, rows: Rows) -> tuple[Rows, int]:
        if self.kind != LOCAL or self.options.zone == "UTC":
            return rows, 0
        zone = find_zone(self.options.zone)
        ts, unreal, twice = to_utc(rows.ts, rows.series, zone)
        for row in np.flatnonzero(unreal):
            self.faults.add(int(rows.line[row]), f"the clocks of {self.options.zone} skipped this time")
        return replace(rows, ts=ts), int(twice.sum())

    def _check_closed(self, ordered: Rows, length_ms: int) -> None:
        for row in np.flatnonzero(ordered.ts + length_ms > self.options.now_ms):
            self.faults.add(int(ordered.line[row]), "the bar is not closed yet")


def symbol_of_name(file_name: str) -> str | None:
    """Return the symbol a file name begins with, `BTCUSDT` for `BTCUSDT_binance_1h.csv.gz`; None when it begins with a word.

    A token is taken for a symbol when it is in upper case and has a letter, or ends with a known quote asset.
    """
    token = file_name.replace(".", "_").split("_", 1)[0]
    try:
        symbol = parse_symbol(token)
    except BadSymbolError:
        return None
    looks = token == token.upper() and any(map(str.isalpha, token))
    return symbol if looks or _has_quote(symbol) else None


def _has_quote(symbol: str) -> bool:
    return any(symbol.endswith(quote) and len(symbol) > len(quote) for quote in ("USDT", "USDC", "USD", "EUR", "BTC"))
