"""From a file a person names to bars in the catalog or figures beside it: the blocking half of an import, safe to repeat."""

from libs.common.clock import Clock
from libs.common.commands import ImportBars, ImportFundamentals
from libs.common.errors import BadInputError
from libs.common.values import parse_symbol, parse_timeframe, to_epoch_ms
from libs.market.universes import parse_name
from services.ingest.core.csv_import import parse_csv, symbol_of_name
from services.ingest.core.csv_types import CsvLimits, CsvOptions
from services.ingest.core.facts import Origin
from services.ingest.core.figure_csv import FigureOptions, parse_figures
from services.ingest.core.figure_merge import FigureReport
from services.ingest.core.report import ImportReport, report
from services.ingest.library import Library
from services.ingest.progress import Progress
from services.ingest.reading import file_name, read_chunks
from services.ingest.shelf import Keep, Shelf


def import_file(
    command: ImportBars, shelf: Shelf, clock: Clock, limits: CsvLimits, progress: Progress | None = None
) -> ImportReport:
    """Read, check and store the bars of a file, all or nothing, and return what came in.

    Raises BadCsvError, BadInputError, NotFoundError, ConflictError (a bar stored with other values, simulated bars of the
    same series, a file that changes while it is read), StoreUnavailableError or OSError when the disk has no room.
    """
    _check_source(command.source)
    if command.symbol is not None and command.by_column is not None:
        raise BadInputError(
            "`symbol` says the file is of one symbol, `by_column` that it is of many",
            pointer="/by_column",
            hint="give one",
        )
    if command.universe is not None:
        _check_universe(command.universe)
    progress = progress or Progress(clock)
    options = CsvOptions(
        now_ms=to_epoch_ms(clock.now()),
        symbol=None if command.symbol is None else parse_symbol(command.symbol),
        default_symbol=symbol_of_name(file_name(command.path)),
        by_column=command.by_column,
        timeframe=None if command.timeframe is None else parse_timeframe(command.timeframe),
        zone=command.zone,
        delimiter=command.delimiter,
        limits=limits,
    )
    parsed = parse_csv(read_chunks(command.path, limits, progress.of("reading bytes")), options)
    bars = [Keep(item.symbol, item.frame) for item in parsed.symbols]
    origin = Origin(command.source, simulated=False)
    results = shelf.keep(bars, parsed.timeframe, origin, progress.of("storing symbols"))
    return report(parsed, results, command.source)


def import_figures(
    command: ImportFundamentals, library: Library, clock: Clock, limits: CsvLimits, progress: Progress
) -> FigureReport:
    """Read, check and store the company figures of a file, all or nothing, and return what came in; raises as import_file."""
    _check_source(command.source)
    options = FigureOptions(
        now_ms=to_epoch_ms(clock.now()),
        by_column=command.by_column,
        delimiter=command.delimiter,
        percent=tuple(command.percent),
        source=command.source,
        limits=limits,
    )
    parsed = parse_figures(read_chunks(command.path, limits, progress.of("reading bytes")), options)
    return library.keep_figures(parsed, replace=command.replace)


def _check_source(source: str) -> None:
    if not source.strip() or source == "simulated":
        raise BadInputError("the source of imported data needs a name of its own", pointer="/source", hint="use csv")


def _check_universe(name: str) -> None:
    try:
        parse_name(name)
    except BadInputError as error:
        error.pointer = "/universe"
        raise
