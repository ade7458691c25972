"""ingest import: bars from a file into the catalog, all or nothing."""

from pathlib import Path
from typing import Annotated, Any

import typer

from libs.client import render
from libs.client.verbs.options import DataDir, Json, client_of
from libs.client.verbs.progress import spinning
from libs.client.verbs.strategies import Timeframe
from libs.common.errors import BadInputError

_COLUMNS = ("symbol", "rows_added", "duplicates", "gaps", "bars_missing", "first_open_time", "last_open_time")
_GAPS = ("symbol", "first_open_time", "last_open_time", "bars_missing")


def import_(
    file: Annotated[Path, typer.Argument(help="CSV file, plain or .gz, that the ingest service can read.")],
    symbol: Annotated[str | None, typer.Option(help="Symbol of the file, where it has no column for it.")] = None,
    timeframe: Timeframe = None,
    zone: Annotated[str, typer.Option(help="Time zone of times without one.")] = "UTC",
    delimiter: Annotated[str, typer.Option(help="Between the columns.")] = ",",
    folder: DataDir = None,
    json: Json = False,
) -> None:
    """Import bars; prints a report of what came in, or the lines that are wrong, and then nothing came in."""
    if not file.is_file():
        raise BadInputError(f"{file} is not a file", code="input.file", pointer=str(file))
    wish = {
        "path": str(file.absolute()),
        "symbol": symbol,
        "timeframe": timeframe,
        "zone": zone,
        "delimiter": delimiter,
    }
    with client_of(folder) as client, spinning(f"importing {file.name}"):
        body = client.import_bars({name: value for name, value in wish.items() if value is not None})
    if json:
        render.as_json(body)
        return
    _show(body["result"])


def _show(report: dict[str, Any]) -> None:
    names = ("rows_read", "rows_added", "duplicates", "quarantined", "gaps_total", "bars_missing")
    render.facts([(name, report[name]) for name in names], f"{report['symbols_total']} symbols, {report['timeframe']}")
    render.table(_COLUMNS, [[one[name] for name in _COLUMNS] for one in report["symbols"]])
    if report["gaps"]:
        render.table(_GAPS, [[gap[name] for name in _GAPS] for gap in report["gaps"]], "gaps: bars the source skipped")
    if report["spikes"]:
        render.line(f"suspicious bars, kept apart: {render.cell(report['spikes'])}")
