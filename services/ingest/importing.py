"""From a file a person names to bars in the catalog: the blocking half of an import, safe to repeat."""

from libs.common.clock import Clock
from libs.common.commands import ImportBars
from libs.common.errors import BadInputError
from libs.common.values import parse_symbol, parse_timeframe, to_epoch_ms
from services.ingest.core.csv_import import parse_csv, symbol_of_name
from services.ingest.core.csv_types import CsvLimits, CsvOptions
from services.ingest.core.facts import Origin
from services.ingest.core.report import ImportReport, report
from services.ingest.reading import file_name, read_chunks
from services.ingest.shelf import Keep, Shelf


def import_file(command: ImportBars, shelf: Shelf, clock: Clock, limits: CsvLimits) -> ImportReport:
    """Read, check and store the bars of a file, all or nothing, and return what came in.

    Raises BadCsvError, BadInputError, NotFoundError, ConflictError (a bar stored with other values, simulated bars of the
    same series, a file that changes while it is read), StoreUnavailableError or OSError when the disk has no room.
    """
    if not command.source.strip() or command.source == "simulated":
        raise BadInputError("the source of imported bars needs a name of its own", pointer="/source", hint="use csv")
    options = CsvOptions(
        now_ms=to_epoch_ms(clock.now()),
        symbol=None if command.symbol is None else parse_symbol(command.symbol),
        default_symbol=symbol_of_name(file_name(command.path)),
        timeframe=None if command.timeframe is None else parse_timeframe(command.timeframe),
        zone=command.zone,
        delimiter=command.delimiter,
        limits=limits,
    )
    parsed = parse_csv(read_chunks(command.path, limits), options)
    bars = [Keep(item.symbol, item.frame) for item in parsed.symbols]
    results = shelf.keep(bars, parsed.timeframe, Origin(command.source, simulated=False))
    return report(parsed, results, command.source)
