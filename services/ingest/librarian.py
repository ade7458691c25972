"""What lies beside the catalog, on the bus: imports of company figures, and lists of symbols defined and removed."""

import asyncio
from collections.abc import Sequence

from libs.common.bus import On, Outlet, Tx
from libs.common.clock import Clock
from libs.common.commands import Command, DefineUniverse, ImportFundamentals, RemoveUniverse
from libs.common.errors import BadSymbolError
from libs.common.events import Event, UniverseChanged
from libs.common.values import parse_symbol
from libs.market.universes import Universe
from services.ingest.core import figure_merge
from services.ingest.core.csv_types import CsvLimits
from services.ingest.importing import import_figures
from services.ingest.library import Library
from services.ingest.progress import Progress, told


class Librarian:
    """A thin coat on the library."""

    def __init__(self, library: Library, clock: Clock):
        """Write to `library`."""
        self._library = library
        self._clock = clock
        self.outlet: Outlet | None = None

    async def import_figures(self, command: ImportFundamentals) -> figure_merge.FigureReport:
        """Store the figures of a file, outside any transaction; repeating it changes nothing."""
        progress = Progress(self._clock)
        async with told(progress, command, self.outlet, self._clock):
            return await asyncio.to_thread(import_figures, command, self._library, self._clock, CsvLimits(), progress)

    async def on_figures(self, command: ImportFundamentals, tx: Tx, done: figure_merge.FigureReport) -> Sequence[Event]:
        """Tell what an import of figures brought."""
        tx.reply(done.version, **figure_merge.answer(done))
        return [figure_merge.event(done, command)]

    async def define(self, command: DefineUniverse) -> Universe:
        """Store a list under its name, outside any transaction; repeating it changes nothing."""
        symbols = []
        for place, text in enumerate(command.symbols):
            try:
                symbols.append(parse_symbol(text))
            except BadSymbolError as error:
                error.pointer = f"/symbols/{place}"
                raise
        return await asyncio.to_thread(self._library.define, command.name, tuple(symbols), "given by name")

    async def on_define(self, command: DefineUniverse, tx: Tx, made: Universe) -> Sequence[Event]:
        """Tell what a name stands for now."""
        tx.reply(made.name, name=made.name, version=made.version, symbols_total=len(made.symbols))
        return [universe_changed(made, command)]

    async def remove(self, command: RemoveUniverse) -> str:
        """Forget a name, outside any transaction; the same command again finds it done."""
        return await asyncio.to_thread(self._library.remove, command.name, command.event_id)

    async def on_remove(self, command: RemoveUniverse, tx: Tx, name: str) -> Sequence[Event]:
        """Tell that a name stands for nothing any more."""
        tx.reply(name, name=name)
        return [UniverseChanged.after(command, key=name, name=name, version="none", symbols=(), state="removed")]

    def rows(self) -> tuple[On, ...]:
        """Return the rows of the service's table that are about the library."""
        return (
            On(ImportFundamentals, self.on_figures, work=self.import_figures),
            On(DefineUniverse, self.on_define, work=self.define),
            On(RemoveUniverse, self.on_remove, work=self.remove),
        )


def universe_changed(made: Universe, cause: Command) -> UniverseChanged:
    """Return the fact that a name stands for a list."""
    return UniverseChanged.after(
        cause,
        key=made.name,
        name=made.name,
        version=made.version,
        symbols=made.symbols,
        state="defined",
        origin=made.origin,
    )
