"""The gateway: everything on the bus folded into a read model, and the web in front of it.

Decides nothing about trading. It may be killed at any moment: the read model goes on from where the bus stood.
"""

import asyncio
import logging

from libs.common.bus.table import On, Outlet, Service, Tx
from libs.common.clock import Clock, WallClock
from libs.common.db import Database
from libs.common.errors import StoreUnavailableError
from libs.common.events import JobProgressed, OrderFilled
from libs.market.catalog import Catalog
from services.gateway import pruning, views
from services.gateway.api import build_api
from services.gateway.gateway import Gateway
from services.gateway.live import Live
from services.gateway.pulse import Pulse
from services.gateway.server import announced, listen, serve
from services.gateway.settings import Settings
from services.gateway.status_page import load_page
from services.gateway.tables import MIGRATIONS

LOG = logging.getLogger("sentinel.gateway")

_PRUNE_S = 30.0
_RETRY_S = 1.0


def table(live: Live) -> list[On]:
    """Return the gateway's rows: every fact it shows. Facts know by their id whether they are stored, so no inbox is kept."""
    return [On(kind, live.on_filled if kind is OrderFilled else views.keep, remember=False) for kind in views.KEPT]


class App:
    """The gateway's rows and its own long-running tasks, over one set of open sockets."""

    def __init__(self, settings: Settings, clock: Clock, live: Live):
        """Open nothing yet."""
        self.settings = settings
        self.clock = clock
        self.live = live

    def service(self) -> Service:
        """Return rows, tables and tasks as one service."""
        return Service(name="gateway", table=table(self.live), migrations=MIGRATIONS, tasks=(self.web, self.prune))

    async def web(self, outlet: Outlet) -> None:
        """Serve HTTP and WebSocket, follow fills and pulses, until cancelled."""
        bound = listen(self.settings)
        port = bound.getsockname()[1]
        database = await Database.open(self.settings.database_for("gateway"), schema="gateway")
        pulse = Pulse(self.clock)
        catalog = Catalog(self.settings.catalog_dir)
        gateway = Gateway(self.settings, database, outlet, catalog, pulse, self.live, self.clock)
        try:
            await self.live.start(database)
            with announced(self.settings.port_file, port):
                LOG.info("listening on http://%s:%d", self.settings.host, port)
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._follow(database), name="fills")
                    group.create_task(pulse.watch_beats(outlet.beats()), name="beats")
                    group.create_task(gateway.progress.watch(outlet.hear(JobProgressed)), name="progress")
                    group.create_task(serve(build_api(gateway, load_page()), bound), name="http")
        finally:
            await database.close()

    async def _follow(self, database: Database) -> None:
        while True:
            try:
                await self.live.tail(database)
            except StoreUnavailableError as error:
                LOG.warning("fills are not sent on for now: %s", error.detail)
                await asyncio.sleep(_RETRY_S)

    async def prune(self, outlet: Outlet) -> None:
        """Keep the read model bounded, until cancelled."""
        while True:
            await asyncio.sleep(_PRUNE_S)
            try:
                await prune_once(outlet)
            except StoreUnavailableError as error:
                LOG.warning("old facts are not removed for now: %s", error.detail)


async def prune_once(outlet: Outlet) -> None:
    """Run every clean-up that is due, each in a transaction of its own."""
    steps: list[pruning.Prune] = []

    async def plan(tx: Tx) -> None:
        steps[:] = await pruning.due(tx)

    await outlet.commit(plan)
    for step in steps:
        await outlet.commit(step)


def build(settings: Settings) -> Service:
    """Return the service; refuses settings that would let other machines in."""
    settings.check_loopback()
    clock = WallClock()
    return App(settings, clock, Live(clock, settings.max_sockets)).service()
