"""The task that publishes: for each watch the next groups of its feed, stored and synced first, then committed as events.

One step is safe to repeat at any point: what is stored is not stored again, and what is committed moves the watch. So a
crash between the two publishes the stored bars once, at the next try.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from libs.common.bus import Outlet, Tx
from libs.common.errors import PermanentError, TransientError
from libs.common.events import BarClosed, GapFound
from libs.common.values import from_epoch_ms
from services.ingest import store
from services.ingest.core.facts import Origin, State, bars_closed, feed_changed, gaps_found
from services.ingest.core.market_gaps import market_gaps
from services.ingest.core.watches import Watch, Watches, aligned, whose_turn
from services.ingest.feeds.protocol import Feed
from services.ingest.shelf import Shelf, Span

T = TypeVar("T")
LOG = logging.getLogger("sentinel.ingest")

MOST_OUTSTANDING = 5_000
"""Publishing pauses while a row of any service has this many messages of a stream in _PACED_BY to handle."""

_PACED_BY = ("PRICES", "SIGNALS")
"""Every bar becomes one signal a strategy: with agents at work and Mother AI away, prices are handled and signals pile up."""

BATCH_BARS = 500
"""About how many bars one transaction publishes when a feed runs as fast as it can."""

IDLE_S = 0.2
_BUSY_S = 0.05
_SICK_S = 1.0
_SHORTEST_PACE_S = 0.05


@dataclass(frozen=True)
class _Step:
    """What one step of a watch will publish."""

    bars: list[BarClosed]
    gaps: list[GapFound]
    moved: Watch
    ended: State | None
    detail: str = ""


class Watcher:
    """Moves the running watches of one feed. `run` is the service's task; `step` is one transaction of it."""

    def __init__(self, feed: Feed, shelf: Shelf, history_bars: int):
        """Publish from `feed`; history_bars: stored before the first bar of a watch, if the feed has them."""
        self._feed = feed
        self._shelf = shelf
        self._origin = Origin(feed.name, feed.simulated)
        self._history_bars = history_bars
        self._prepared: set[str] = set()
        self._due: dict[str, float] = {}

    async def run(self, outlet: Outlet) -> None:
        """Take turns until cancelled; waits out a sick disk, database or bus."""
        while True:
            wait_s = await self.persist(self.turn, outlet)
            await asyncio.sleep(wait_s)

    async def persist(self, act: Callable[[Outlet], Awaitable[T]], outlet: Outlet) -> T:
        """Return what `act` returns, trying again every second while the disk, the database or the bus is sick."""
        said = ""
        while True:
            try:
                return await act(outlet)
            except (TransientError, OSError) as error:
                if str(error) != said:
                    LOG.warning("publishing waits: %s", error)
                said = str(error)
                await asyncio.sleep(_SICK_S)

    async def turn(self, outlet: Outlet) -> float:
        """Let the watch whose bars are oldest do one step; return how many seconds to wait before the next turn."""
        now = asyncio.get_running_loop().time()
        watches: Watches = outlet.state
        due = [watch for watch in watches.values() if self._due.get(watch.watch_id, 0.0) <= now]
        if not due:
            soonest = min((self._due[watch_id] for watch_id in watches), default=now + IDLE_S)
            return min(IDLE_S, max(0.0, soonest - now))
        for stream in _PACED_BY:
            if await outlet.lag(stream) >= MOST_OUTSTANDING:
                return _BUSY_S
        watch, until_ms = whose_turn(due, watches)
        pace_s = self._feed.pace_s(watch.timeframe)
        groups = max(1, int(_SHORTEST_PACE_S / pace_s)) if pace_s else 0
        limit = groups * len(watch.symbols) if groups else BATCH_BARS
        await self.step(outlet, watch, until_ms, limit)
        late_by_s = now - self._due.get(watch.watch_id, now)
        self._due[watch.watch_id] = now + max(0.0, groups * pace_s - late_by_s)
        return 0.0

    async def step(self, outlet: Outlet, watch: Watch, until_ms: int | None, limit: int) -> None:
        """Store and publish the next groups of one watch, about `limit` bars, and move it; end it behind its last bar.

        Raises StoreUnavailableError or OSError with nothing published; trying again then publishes the same.
        """
        try:
            step = await asyncio.to_thread(self._prepare, watch, until_ms, limit)
        except PermanentError as error:
            LOG.error("watch %s fails: %s", watch.watch_id, error.detail)
            step = _Step([], [], watch, "failed", error.detail)

        async def publish(tx: Tx) -> None:
            if tx.state.get(watch.watch_id) != watch:
                return
            tx.emit(*step.gaps, *step.bars)
            if step.ended is None:
                await start_watch(tx, step.moved)
                return
            await end_watch(tx, step.moved, step.ended, step.detail)
            tx.emit(feed_changed(step.moved, self._origin, step.ended, step.detail))

        await outlet.commit(publish)

    def _prepare(self, watch: Watch, until_ms: int | None, limit: int) -> _Step:
        if watch.identity != self._feed.identity:
            raise PermanentError(f"it was started on the feed {watch.identity!r}, this one is {self._feed.identity!r}")
        self.prepare_history(watch)
        feed, symbols, timeframe = self._feed, watch.symbols, watch.timeframe
        batch = feed.take(symbols, timeframe, watch.next_ms, until_ms, limit)
        span = Span(watch.next_ms, batch.next_ms)
        settled = self._shelf.settle(batch.frames, timeframe, span, self._origin)
        for symbol, open_ms in settled.revised:
            LOG.error("the feed revised the bar of %s at %s; the stored one counts", symbol, from_epoch_ms(open_ms))
        frames = {symbol: frame for symbol, frame in settled.frames.items() if len(frame)}
        bars = bars_closed(frames, timeframe, {symbol: self._shelf.origin(symbol, timeframe) for symbol in frames})
        gaps = [gap for symbol in sorted(frames) for gap in self._gaps(watch, symbol, span)]
        next_ms = aligned(batch.next_ms, timeframe)
        finished = batch.ended or (watch.end_ms is not None and next_ms >= watch.end_ms)
        if finished:  # its end may lie far behind its last bar, and what was not played may still be
            next_ms = max(
                (int(frame.ts[-1]) + timeframe.seconds * 1_000 for frame in frames.values()), default=watch.next_ms
            )
        return _Step(bars, gaps, watch.moved(next_ms, len(bars)), "finished" if finished else None)

    def _gaps(self, watch: Watch, symbol: str, span: Span) -> list[GapFound]:
        stored = self._shelf.stored(symbol, watch.timeframe, watch.start_ms, span.to_ms)
        known = len(stored.until(span.from_ms - 1))
        ts = stored.ts[max(0, known - 1) :]
        return gaps_found(symbol, watch.timeframe, market_gaps(ts, watch.timeframe))

    def prepare_history(self, watch: Watch) -> None:
        """Store the bars before a simulated watch's first one, once per process; blocks, and adds nothing when repeated."""
        if watch.watch_id in self._prepared:
            return
        length_ms = watch.timeframe.seconds * 1_000
        first_ms = self._feed.first_ms(watch.symbols, watch.timeframe)
        span = Span(max(first_ms, watch.start_ms - self._history_bars * length_ms), watch.start_ms)
        if self._feed.simulated and span.from_ms < span.to_ms:
            wanted = self._history_bars * len(watch.symbols)
            past = self._feed.take(watch.symbols, watch.timeframe, span.from_ms, span.to_ms, wanted)
            self._shelf.settle(past.frames, watch.timeframe, span, self._origin)
        self._prepared.add(watch.watch_id)


async def start_watch(tx: Tx, watch: Watch) -> None:
    """Store a watch and let it run, from the commit on."""
    await store.save_watch(tx.connection, watch)
    tx.state = {**tx.state, watch.watch_id: watch}


async def end_watch(tx: Tx, watch: Watch, state: State, detail: str = "") -> None:
    """Store how a watch ended and let it run no more, from the commit on."""
    await store.save_watch(tx.connection, watch, state, detail)
    tx.state = {watch_id: other for watch_id, other in tx.state.items() if watch_id != watch.watch_id}
