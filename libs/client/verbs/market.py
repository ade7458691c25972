"""ingest import, watch, unwatch: bars from a file into the catalog, all or nothing, and from the feed onto the bus."""

from pathlib import Path
from typing import Annotated, Any

import typer

from libs.client import render
from libs.client.verbs.options import DataDir, End, Json, Start, client_of, moment
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


def watch(
    symbols: Annotated[list[str], typer.Argument(metavar="SYMBOL...", help="Symbols the feed has, such as BTCUSDT.")],
    timeframe: Timeframe = None,
    start: Start = None,
    end: End = None,
    folder: DataDir = None,
    json: Json = False,
) -> None:
    """Play bars of symbols to everything that runs: the feed's, from now on or within a window."""
    wish = {"symbols": symbols, "timeframe": timeframe, "start": moment(start, "start"), "end": moment(end, "end")}
    with client_of(folder) as client:
        body = client.watch({name: value for name, value in wish.items() if value is not None})
    if json:
        render.as_json(body)
        return
    told = body["result"]
    until = f"to {told['end']}" if told["end"] else "on"
    render.line(
        f"watching {render.cell(told['symbols'])} {told['timeframe']} from {told['start']} {until}: {told['watch_id']}"
    )
    render.line(f"`sentinel ingest unwatch {told['watch_id']}` stops it")


def unwatch(
    watch_id: Annotated[str, typer.Argument(help="The watch's id, or `default` for the simulation's own.")],
    folder: DataDir = None,
    json: Json = False,
) -> None:
    """Stop a watch for good; what it published stays."""
    with client_of(folder) as client:
        body = client.unwatch(watch_id)
    if json:
        render.as_json(body)
    else:
        render.line(f"stopped {watch_id} after {body['result']['bars_published']} bars")


def _show(report: dict[str, Any]) -> None:
    names = ("rows_read", "rows_added", "duplicates", "quarantined", "gaps_total", "bars_missing")
    render.facts([(name, report[name]) for name in names], f"{report['symbols_total']} symbols, {report['timeframe']}")
    render.table(_COLUMNS, [[one[name] for name in _COLUMNS] for one in report["symbols"]])
    if report["gaps"]:
        render.table(_GAPS, [[gap[name] for name in _GAPS] for gap in report["gaps"]], "gaps: bars the source skipped")
    if report["spikes"]:
        render.line(f"suspicious bars, kept apart: {render.cell(report['spikes'])}")
