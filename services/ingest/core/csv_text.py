"""From bytes to rows of cells: encoding, line ends, quotes and sizes. Knows no column."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from services.ingest.core.csv_types import BadCsvError, CsvLimits

_KINDS = {
    b"PK\x03\x04": "a zip archive",
    b"\x89PNG": "a PNG picture",
    b"\x1f\x8b": "gzip data inside gzip data",
    b"%PDF": "a PDF",
    b"PAR1": "a Parquet file",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}


def line_blocks(chunks: Iterable[bytes], limits: CsvLimits) -> Iterator[tuple[int, list[str]]]:
    """Yield (number of the first line, lines without their ends); how the bytes are cut into chunks does not matter.

    Raises BadCsvError for anything that is not UTF-8 text (a byte order mark is fine), a NUL byte, or a limit passed.
    """
    carry, line, total = b"", 1, 0
    for chunk in chunks:
        total += len(chunk)
        if total > limits.max_bytes:
            raise BadCsvError(f"the text is larger than {limits.max_bytes:,} bytes", hint="split the file")
        head, newline, carry = (carry + chunk).rpartition(b"\n")
        if newline:
            yield line, _decoded(head, line, limits)
            line += head.count(b"\n") + 1
        if len(carry) > limits.max_line_bytes:
            raise _too_long(line, limits)
    if carry:
        yield line, _decoded(carry, line, limits)


def split_rows(lines: Sequence[str], first_line: int, delimiter: str) -> list[list[str]]:
    """Return one row of cells per line, an empty one for an empty line; raises BadCsvError for broken quotes."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
    rows: list[list[str]] = []
    try:
        rows.extend(reader)
    except csv.Error:
        raise _quote(first_line + _lines_before_fault(lines, delimiter)) from None
    if reader.line_num != len(rows):
        raise _quote(first_line + _lines_before_fault(lines, delimiter))
    return rows


def _lines_before_fault(lines: Sequence[str], delimiter: str) -> int:
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
    count = 0
    with suppress(csv.Error):
        for _ in reader:
            if reader.line_num != count + 1:
                break
            count += 1
    return count


def _decoded(data: bytes, line: int, limits: CsvLimits) -> list[str]:
    if line == 1:
        _check_kind(data)
        data = data.removeprefix(b"\xef\xbb\xbf")
    if b"\0" in data:
        raise BadCsvError("not a text file", ((line + data[: data.index(b"\0")].count(b"\n"), "a NUL byte"),))
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        place = line + data[: error.start].count(b"\n")
        raise BadCsvError(
            "not UTF-8 text", ((place, f"byte {data[error.start]:#04x}"),), hint="save it as UTF-8"
        ) from None
    lengths = list(map(len, lines))
    if max(lengths) > limits.max_line_bytes:
        raise _too_long(line + lengths.index(max(lengths)), limits)
    return [text.removesuffix("\r") for text in lines]


def _check_kind(data: bytes) -> None:
    kind = next((name for magic, name in _KINDS.items() if data.startswith(magic)), None)
    if kind is not None:
        raise BadCsvError(f"this is {kind}, not a CSV", hint="give a UTF-8 CSV, plain or gzip-compressed")


def _too_long(line: int, limits: CsvLimits) -> BadCsvError:
    return BadCsvError("not a CSV", ((line, f"longer than {limits.max_line_bytes:,} bytes"),))


def _quote(line: int) -> BadCsvError:
    return BadCsvError("1 bad line", ((line, "a quoted cell is not closed on its line"),))
