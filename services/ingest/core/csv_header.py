"""Which column is what: the header line of a CSV."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from libs.common.errors import BadInputError
from services.ingest.core.csv_types import BadCsvError, CsvLimits

_ROLES = {
    "time": ("ts", "time", "timestamp", "date", "datetime", "open_time"),
    "open": ("open",),
    "high": ("high",),
    "low": ("low",),
    "close": ("close",),
    "volume": ("volume",),
    "symbol": ("symbol",),
}
_LIKE_SYMBOLS = ("name", "ticker", "asset", "pair", "instrument")
_OPTIONAL = ("volume", "symbol")
_ROLE_OF = {name: role for role, names in _ROLES.items() for name in names}
_DATA = re.compile(r"[0-9.eE+\-:TZ /]*")
_OTHER_DELIMITERS = {";": "a semicolon", "\t": "a tab", "|": "a bar", ",": "a comma"}


@dataclass(frozen=True)
class Header:
    """Places of the columns, counted from 0; None when the file has no such column."""

    width: int
    time: int
    open: int
    high: int
    low: int
    close: int
    volume: int | None
    symbol: int | None
    ignored: tuple[str, ...]


def read_header(
    cells: Sequence[str], line: int, limits: CsvLimits, delimiter: str, by_column: str | None = None
) -> Header:
    """Return where the columns are, by name, whatever their case and order; unknown names are ignored and told.

    by_column: name of the column with the symbols; None takes one called symbol.
    Raises BadCsvError when a column is missing or named twice, or the line is not a header.
    """
    if len(cells) > limits.max_columns:
        raise BadCsvError("not a header", ((line, f"{len(cells):,} columns, {limits.max_columns} are allowed"),))
    if all(_DATA.fullmatch(cell) for cell in cells):
        raise BadCsvError("no header", ((line, "holds data"),), hint="begin with ts,open,high,low,close,volume")
    places = _places(cells, line, by_column)
    missing = [role for role in _ROLES if role not in places and role not in _OPTIONAL]
    if missing:
        raise BadCsvError(
            "not a header", ((line, f"no column for {', '.join(missing)}"),), hint=_hint(cells, delimiter)
        )
    ignored = tuple(cell[:40] for place, cell in enumerate(cells) if place not in places.values() and cell.strip())
    return Header(
        width=len(cells),
        time=places["time"],
        open=places["open"],
        high=places["high"],
        low=places["low"],
        close=places["close"],
        volume=places.get("volume"),
        symbol=places.get("symbol"),
        ignored=ignored,
    )


def _places(cells: Sequence[str], line: int, by_column: str | None) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, cell in enumerate(cells):
        role = _ROLE_OF.get(_plain(cell))
        if by_column is not None and (role == "symbol" or _plain(cell) == _plain(by_column)):
            role = "symbol" if _plain(cell) == _plain(by_column) else None
        if role is None:
            continue
        if role in places:
            first = cells[places[role]][:40]
            raise BadCsvError("not a header", ((line, f"{first!r} and {cell[:40]!r} both name the {role}"),))
        places[role] = place
    if by_column is not None and "symbol" not in places:
        told = ", ".join(cell.strip()[:40] for cell in cells[:12])
        raise BadCsvError(
            "not a header", ((line, f"no column {by_column[:40]!r}"),), pointer="/by_column", hint=f"it has {told}"
        )
    return places


def likely_symbols(header: Header) -> str | None:
    """Return the name of an ignored column that may hold symbols, None when there is none."""
    return next((cell.strip() for cell in header.ignored if _plain(cell) in _LIKE_SYMBOLS), None)


def check_delimiter(delimiter: str) -> None:
    """Raise BadInputError unless `delimiter` is one character that cannot stand in a cell of numbers, times or names."""
    if len(delimiter) != 1 or delimiter.isalnum() or delimiter in "\"'\r\n\0.+-_/: \\" or not delimiter.isascii():
        raise BadInputError(
            f"{delimiter[:8]!r} cannot separate columns", pointer="/delimiter", hint="use , ; | or a tab"
        )


def _plain(cell: str) -> str:
    return cell.strip().lower().replace(" ", "_")


def _hint(cells: Sequence[str], delimiter: str) -> str:
    other = next((name for sign, name in _OTHER_DELIMITERS.items() if sign != delimiter and sign in cells[0]), None)
    if len(cells) == 1 and other:
        return f"the columns look separated by {other}: declare the delimiter"
    return "name the columns ts,open,high,low,close,volume"
