"""ingest import, fundamentals, universe, watch, unwatch: files into the catalog and beside it, and the feed onto the bus."""

import re
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from libs.client import render
from libs.client.errors import RefusedByGatewayError
from libs.client.verbs.options import DataDir, End, Json, Start, client_of, moment
from libs.client.verbs.strategies import Timeframe
from libs.common.errors import BadInputError

_COLUMNS = ("symbol", "rows_added", "duplicates", "gaps", "bars_missing", "first_open_time", "last_open_time")
_GAPS = ("symbol", "first_open_time", "last_open_time", "bars_missing")
_TOTALS = ("rows_read", "rows_added", "duplicates", "quarantined", "gaps_total", "bars_missing", "sessions", "universe")
_FIGURES = (
    "version",
    "changed",
    "rows_read",
    "symbols_total",
    "duplicates",
    "point_in_time",
    "first_known",
    "last_known",
    "fields",
    "ignored_columns",
    "stored_symbols_total",
    "stored_point_in_time",
)
_MAX_LIST_BYTES = 1 << 20
_ASKS = 20
"""How often the same import is asked for again while the gateway says that the work goes on: ten minutes."""

CsvFile = Annotated[Path, typer.Argument(help="CSV file, plain or .gz, that the ingest service can read.")]
Delimiter = Annotated[str, typer.Option(help="Between the columns.")]
ByColumn = Annotated[str | None, typer.Option(help="Header of the column with each row's symbol.")]


def import_(
    file: CsvFile,
    symbol: Annotated[str | None, typer.Option(help="Symbol of the file, where it has no column for it.")] = None,
    by_column: ByColumn = None,
    universe: Annotated[
        str | None, typer.Option(help="Name under which to keep the list of the file's symbols.")
    ] = None,
    timeframe: Timeframe = None,
    zone: Annotated[str, typer.Option(help="Time zone of times without one.")] = "UTC",
    delimiter: Delimiter = ",",
    folder: DataDir = None,
    json: Json = False,
) -> None:
    """Import bars; prints a report of what came in, or the lines that are wrong, and then nothing came in."""
    wish = {"symbol": symbol, "by_column": by_column, "universe": universe, "timeframe": timeframe}
    wish |= {"path": _path(file), "zone": zone, "delimiter": delimiter}
    with client_of(folder) as client:
        body = _followed("ImportBars", client.import_bars, wish, f"importing {file.name}", folder)
    if json:
        render.as_json(body)
        return
    _show(body["result"])


def fundamentals(
    file: CsvFile,
    by_column: ByColumn = None,
    percent: Annotated[list[str], typer.Option(help="Field that the file gives in percent, kept as a ratio.")] = [],  # noqa: B006 - typer copies defaults
    replace: Annotated[bool, typer.Option("--replace", help="Forget all figures stored before.")] = False,
    delimiter: Delimiter = ",",
    folder: DataDir = None,
    json: Json = False,
) -> None:
    """Import company figures: dated ones join those stored, others replace them. Missing figures stay missing."""
    wish = {"path": _path(file), "by_column": by_column, "percent": percent, "replace": replace, "delimiter": delimiter}
    with client_of(folder) as client:
        body = _followed("ImportFundamentals", client.import_fundamentals, wish, f"importing {file.name}", folder)
    if json:
        render.as_json(body)
        return
    report = body["result"]
    render.facts([(name, report[name]) for name in _FIGURES], f"figures of {report['symbols_total']} companies")
    if report["missing"]:
        render.table(("field", "rows without it"), sorted(report["missing"].items()))
    for note in report["notes"]:
        render.line(f"put right: {note}")
    if not report["point_in_time"]:
        render.line("not point in time: the file has no dates, so these figures are given out for any moment")


def universe(
    name: Annotated[str, typer.Argument(help="Name of the list, such as sp500.")],
    symbols: Annotated[list[str], typer.Argument(metavar="[SYMBOL]...", help="Symbols such as AAPL.")] = [],  # noqa: B006 - typer copies defaults
    from_file: Annotated[Path | None, typer.Option(help="Text file of symbols, separated by blanks or commas.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Forget the name; the bars stay.")] = False,
    folder: DataDir = None,
    json: Json = False,
) -> None:
    """Name a list of symbols; without symbols show it. `all` is always there: whatever is stored."""
    listed = [*symbols, *(_listed(from_file) if from_file else [])]
    if remove and listed:
        raise BadInputError("--remove takes no symbols", code="input.option", pointer="--remove")
    with client_of(folder) as client:
        if remove:
            body = client.remove_universe(name)
        elif listed:
            body = client.define_universe(name, listed)
        else:
            body = client.get(f"/universes/{name}")
    if json:
        render.as_json(body)
    elif remove:
        render.line(f"removed {body['result']['name']}")
    elif listed:
        told = body["result"]
        render.line(f"universe {told['name']}: {told['symbols_total']} symbols, version {told['version']}")
    else:
        render.line(
            f"universe {body['id']}: {body['symbols_total']} symbols, version {body['version']}, {body['origin']}"
        )
        render.line(" ".join(body["symbols"]))


def universes(folder: DataDir = None, json: Json = False) -> None:
    """List the named lists of symbols."""
    with client_of(folder) as client:
        found = list(client.items("/universes", 10_000))
    if json:
        render.as_json({"items": found})
        return
    columns = ("id", "symbols_total", "version", "origin")
    render.table(columns, [[one[name] for name in columns] for one in found])


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
    start, until = _utc(told["start"]), f"to {_utc(told['end'])}" if told["end"] else "on"
    render.line(
        f"watching {render.brief(told['symbols'])} {told['timeframe']} from {start} {until}: {told['watch_id']}"
    )
    render.line(f"`sentinel ingest unwatch {told['watch_id']}` stops it")


def _utc(text: str) -> str:
    return render.cell(text).replace("+00:00", "Z")


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


def _path(file: Path) -> str:
    if not file.is_file():
        raise BadInputError(f"{file} is not a file", code="input.file", pointer=str(file))
    return str(file.absolute())


def _listed(file: Path) -> list[str]:
    _path(file)
    if file.stat().st_size > _MAX_LIST_BYTES:
        raise BadInputError(f"{file} is larger than {_MAX_LIST_BYTES:,} bytes", code="input.file", pointer=str(file))
    try:
        return [word for word in re.split(r"[\s,;]+", file.read_text("utf-8")) if word]
    except UnicodeDecodeError:
        raise BadInputError(f"{file} is not UTF-8 text", code="input.file", pointer=str(file)) from None


def _followed(
    command: str,
    ask: Callable[[dict[str, Any], str], dict[str, Any]],
    wish: dict[str, Any],
    text: str,
    folder: Path | None,
) -> dict[str, Any]:
    """Return the answer to a wish whose work may take longer than the gateway waits, and show how far it has come."""
    import uuid  # noqa: PLC0415 - only a long wish needs a key

    key = uuid.uuid4().hex
    given = {name: value for name, value in wish.items() if value is not None}
    with _shown(command, key, text, folder):
        for _ in range(_ASKS - 1):
            try:
                return ask(given, key)
            except RefusedByGatewayError as error:
                if error.code != "timeout":
                    raise
        return ask(given, key)


def _shown(command: str, key: str, text: str, folder: Path | None) -> AbstractContextManager[None]:
    if not sys.stderr.isatty():
        return nullcontext()
    from libs.client.verbs.following import following, job_of  # noqa: PLC0415 - the bus library costs 160 ms

    return following(folder, "ingest", job_of(command, key), text)


def _show(report: dict[str, Any]) -> None:
    render.facts(
        [(name, _told(report[name])) for name in _TOTALS], f"{report['symbols_total']} symbols, {report['timeframe']}"
    )
    render.table(_COLUMNS, [[one[name] for name in _COLUMNS] for one in report["symbols"]])
    if report["gaps"]:
        render.table(_GAPS, [[gap[name] for name in _GAPS] for gap in report["gaps"]], "gaps: bars the source skipped")
    if report["spikes"]:
        render.line(f"suspicious bars, kept apart: {render.cell(report['spikes'])}")


def _told(value: Any) -> Any:
    return (
        f"{value['name']}, {value['symbols']} symbols, version {value['version']}" if isinstance(value, dict) else value
    )
