"""Ingest on the bus: imports and watches in, closed bars and their gaps out."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from libs.common.bus import On, Outlet, Service, Tx
from libs.common.clock import Clock, WallClock
from libs.common.commands import ImportBars, UnwatchSymbols, WatchSymbols
from libs.common.errors import ConflictError, NotFoundError
from libs.common.events import Event
from libs.common.values import derive_id, from_epoch_ms, parse_timeframe, to_epoch_ms
from libs.market.universes import Universe
from services.ingest import store
from services.ingest.core import report
from services.ingest.core.csv_types import CsvLimits
from services.ingest.core.facts import Origin, feed_changed
from services.ingest.core.watches import (
    DEFAULT_WATCH,
    Watch,
    aligned,
    canonical_symbols,
    check_free,
    check_not_played,
    default_watch,
    event_clock_ms,
)
from services.ingest.feeds.files import FilesFeed
from services.ingest.feeds.protocol import Feed
from services.ingest.feeds.simulated import SimulatedFeed
from services.ingest.importing import import_file
from services.ingest.librarian import Librarian, universe_changed
from services.ingest.library import Library
from services.ingest.progress import Progress, told
from services.ingest.reading import file_name
from services.ingest.settings import Settings
from services.ingest.shelf import Shelf
from services.ingest.watching import Watcher, end_watch, start_watch

LOG = logging.getLogger("sentinel.ingest")


@dataclass(frozen=True)
class Imported:
    """What an import of bars did. universe: the list it made of the file's symbols, if it was asked to."""

    report: report.ImportReport
    universe: Universe | None


class Ingest:
    """A thin coat on the shelf, the feed and the watcher."""

    def __init__(
        self, feed: Feed, shelf: Shelf, library: Library, clock: Clock, initial: Watch | None, history_bars: int
    ):
        """Serve `feed`; initial: the watch to start by itself, None for a feed that waits to be asked."""
        self._feed = feed
        self._shelf = shelf
        self._library = library
        self.librarian = Librarian(library, clock)
        self._clock = clock
        self._initial = initial
        self._origin = Origin(feed.name, feed.simulated)
        self.watcher = Watcher(feed, shelf, history_bars)

    async def import_bars(self, command: ImportBars) -> Imported:
        """Store the bars of a file, outside any transaction; repeating it adds nothing."""
        progress = Progress(self._clock)
        async with told(progress, command, self.librarian.outlet, self._clock):
            done = await asyncio.to_thread(import_file, command, self._shelf, self._clock, CsvLimits(), progress)
        if command.universe is None:
            return Imported(done, None)
        symbols = tuple(symbol.bars.symbol for symbol in done.symbols)
        origin = f"the symbols of {file_name(command.path)[:160]}"
        return Imported(done, await asyncio.to_thread(self._library.define, command.universe, symbols, origin))

    async def on_import(self, command: ImportBars, tx: Tx, done: Imported) -> Sequence[Event]:
        """Record an import and tell what it brought."""
        await store.save_import(tx.connection, command, done.report)
        made = done.universe
        named = None if made is None else {"name": made.name, "version": made.version, "symbols": len(made.symbols)}
        tx.reply(command.event_id, **report.answer(done.report), universe=named)
        return [*report.events(done.report, command), *([universe_changed(made, command)] if made else [])]

    async def plan_watch(self, command: WatchSymbols) -> Watch:
        """Return the watch a person asked for; looks into the catalog, so it is done outside any transaction."""
        return await asyncio.to_thread(self._planned, command)

    async def on_watch(self, command: WatchSymbols, tx: Tx, planned: Watch) -> Sequence[Event]:
        """Start a watch; a simulated one without a start begins where the event clock stands.

        Raises ConflictError for a series that is being played, and for bars older than those played already.
        """
        watch = planned
        played = await store.find_played(tx.connection)
        if self._feed.simulated and command.start is None:
            watch = planned.starting_at(max(planned.start_ms, event_clock_ms(tx.state), *played.values()))
        check_free(watch, tx.state)
        check_not_played(watch, played)
        await start_watch(tx, watch)
        tx.reply(
            watch.watch_id,
            watch_id=watch.watch_id,
            symbols=list(watch.symbols),
            timeframe=watch.timeframe.value,
            start=from_epoch_ms(watch.start_ms).isoformat(),
            end=None if watch.end_ms is None else from_epoch_ms(watch.end_ms).isoformat(),
        )
        return [feed_changed(watch, self._origin, "started", cause=command)]

    async def on_unwatch(self, command: UnwatchSymbols, tx: Tx) -> Sequence[Event]:
        """Stop a running watch; what it published stays."""
        watch: Watch | None = tx.state.get(command.watch_id)
        if watch is None:
            raise NotFoundError(
                f"no watch {command.watch_id} is running",
                code="watch.not_running",
                pointer="/watch_id",
                hint="it ended",
            )
        await end_watch(tx, watch, "stopped")
        tx.reply(watch.watch_id, bars_published=watch.published)
        return [feed_changed(watch, self._origin, "stopped", cause=command)]

    async def run(self, outlet: Outlet) -> None:
        """Start the feed's own watch, then publish until cancelled."""
        self.librarian.outlet = outlet
        if self._initial is not None:
            await self.watcher.persist(self.start_initial, outlet)
        await self.watcher.run(outlet)

    async def start_initial(self, outlet: Outlet) -> None:
        """Start or resume the watch a simulation has by itself, unless a person stopped it or watches the same series."""
        fresh = self._initial
        assert fresh is not None
        found: list[tuple[Watch, str]] = []

        async def find(tx: Tx) -> None:
            known, state = await store.find_watch(tx.connection, DEFAULT_WATCH) or (None, "running")
            found.append((default_watch(known, fresh), state))

        async def start(tx: Tx) -> None:
            if watch not in tx.state.values():
                check_free(watch, tx.state)
                await start_watch(tx, watch)
                tx.emit(feed_changed(watch, self._origin, "started"))

        await outlet.commit(find)
        watch, state = found[-1]
        if state == "stopped":
            LOG.info("the simulation's own watch was stopped and stays so; `sentinel ingest watch` starts another")
            return
        try:
            await asyncio.to_thread(self.watcher.prepare_history, watch)
            await outlet.commit(start)
        except ConflictError as error:
            LOG.warning("the simulation's own watch is not started: %s", error.detail)

    def _planned(self, command: WatchSymbols) -> Watch:
        timeframe = parse_timeframe(command.timeframe)
        symbols = canonical_symbols(command.symbols, self._feed.symbols(timeframe))
        for symbol in symbols:
            self._shelf.check_origin(symbol, timeframe, self._feed.simulated)
        begin_ms = self._feed.start_ms(symbols, timeframe)
        if command.start is not None:
            begin_ms = max(to_epoch_ms(command.start), self._feed.first_ms(symbols, timeframe))
        watch = Watch(
            watch_id=derive_id(command.event_id, "Watch", ""),
            identity=self._feed.identity,
            symbols=symbols,
            timeframe=timeframe,
            start_ms=begin_ms,
            next_ms=begin_ms,
            end_ms=None if command.end is None else aligned(to_epoch_ms(command.end), timeframe),
        ).starting_at(begin_ms)
        ahead = self._feed.take(symbols, timeframe, watch.start_ms, watch.end_ms, 1)
        if not any(map(len, ahead.frames.values())):
            raise NotFoundError(
                f"the feed has no {timeframe} bars between {command.start} and {command.end}",
                code="data.missing_range",
                pointer="/start",
                hint="choose a window that has bars",
            )
        return watch


def table(app: Ingest) -> tuple[On, ...]:
    """Return the whole service in one screen."""
    return (
        On(ImportBars, app.on_import, work=app.import_bars),
        On(WatchSymbols, app.on_watch, work=app.plan_watch),
        On(UnwatchSymbols, app.on_unwatch),
        *app.librarian.rows(),
    )


def build(settings: Settings, clock: Clock | None = None) -> Service:
    """Return the service as the settings want it; raises BadInputError for symbols the simulation does not have."""
    shelf = Shelf(settings.catalog_dir)
    library = Library(settings.universes_dir, settings.fundamentals_dir)
    if settings.feed == "files":
        app = Ingest(FilesFeed(shelf.catalog), shelf, library, clock or WallClock(), None, settings.history_bars)
    else:
        feed = SimulatedFeed(settings.seed, settings.simulation_speed)
        app = Ingest(feed, shelf, library, clock or WallClock(), _initial(feed, settings), settings.history_bars)
    return Service("ingest", table(app), store.MIGRATIONS, store.list_running, (app.run,))


def _initial(feed: SimulatedFeed, settings: Settings) -> Watch:
    symbols = canonical_symbols(settings.symbols, feed.symbols(settings.timeframe))
    start_ms = feed.start_ms(symbols, settings.timeframe)
    return Watch(DEFAULT_WATCH, feed.identity, symbols, settings.timeframe, start_ms, start_ms)
