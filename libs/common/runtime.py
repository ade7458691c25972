"""Runs one service: database, bus, rows, relay, pulse and its own tasks, until SIGTERM drains it."""

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

from nats.errors import Error as NatsError

from libs.common import logs, streams
from libs.common.bus import records
from libs.common.bus.connection import Connection, connect
from libs.common.bus.outlet import BusOutlet
from libs.common.bus.pull import MAX_ACK_PENDING, Durable, Puller
from libs.common.bus.relay import Relay
from libs.common.bus.row import WORK_BATCH, RowWorker
from libs.common.bus.table import On, Service, Task
from libs.common.bus.transact import Transactor, is_sickness
from libs.common.clock import Clock, WallClock
from libs.common.db import Database
from libs.common.errors import BusUnavailableError, StoreUnavailableError
from libs.common.events import ServiceBeat
from libs.common.settings import CommonSettings

VERSION = "0.1.0"
BEAT_S = 2.0
DRAIN_S = 8.0
BUS_SLOW_AFTER_S = 1.0
INBOX_DAYS = 180
LOG = logging.getLogger("sentinel.runtime")
T = TypeVar("T")


def run(service: Service, settings: CommonSettings) -> None:
    """Run `service` until SIGTERM or SIGINT; the process' whole life."""
    logs.configure(settings.log_level)
    asyncio.run(Runner(service, settings, WallClock()).run())


def durable_of(service: str, row: On) -> Durable:
    """Return the name and filter of a row's consumer: `<service>-<Message>`."""
    return Durable(streams.stored_in(row.message.subject), f"{service}-{row.message.__name__}", row.message.wildcard())


class Runner:
    """One running service."""

    def __init__(self, service: Service, settings: CommonSettings, clock: Clock):
        """Nothing happens before `run`."""
        self.service = service
        self.settings = settings
        self.clock = clock
        self.stopping = asyncio.Event()
        self.workers: list[RowWorker] = []
        self.ready = False

    async def run(self) -> None:
        """Start everything, run until told to stop, drain."""
        self._listen_to_signals()
        database = await self._open_database()
        if database is None:
            return
        connection: Connection | None = None
        try:
            connection = await self._connect()
            if connection is not None:
                await self._wait_for_streams(connection)
                if not self.stopping.is_set():
                    await self._serve(database, connection)
        finally:
            if connection:
                with suppress(NatsError, TimeoutError):
                    await connection.close()
            await database.close()
            if self.service.close:
                await asyncio.to_thread(self.service.close)

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stopping.set)

    async def _open_database(self) -> Database | None:
        url = self.settings.database_for(self.service.name)
        migrations = [*records.MIGRATIONS, *self.service.migrations]
        return await self._patiently(lambda: Database.open(url, migrations, schema=self.service.name))

    async def _patiently(self, act: Callable[[], Awaitable[T]]) -> T | None:
        """Return what `act` returns, waiting out a sick database; None when told to stop meanwhile."""
        said = ""
        while not self.stopping.is_set():
            try:
                return await act()
            except StoreUnavailableError as error:
                if error.detail != said:
                    LOG.warning("waiting for the database: %s (%s)", error.detail, error.hint)
                said = error.detail
                await self._pause(1.0)
        return None

    async def _connect(self) -> Connection | None:
        """Return the link to the bus, None when told to stop before there was one."""
        connecting = asyncio.ensure_future(connect(self.settings.nats_url, self.service.name))
        stop = asyncio.ensure_future(self.stopping.wait())
        both: set[asyncio.Future[Any]] = {connecting, stop}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED, timeout=BUS_SLOW_AFTER_S)
        if not connecting.done() and not stop.done():
            LOG.warning("waiting for the bus: nothing answers at %s; is nats-server running?", self.settings.nats_url)
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if connecting.done():
            return connecting.result()
        connecting.cancel()
        await asyncio.wait({connecting})
        return None

    async def _wait_for_streams(self, connection: Connection) -> None:
        js = connection.client.jetstream(timeout=2)
        said = False
        while not self.stopping.is_set():
            with suppress(NatsError, TimeoutError):
                if await streams.exist(js):
                    return
            if not said:
                LOG.warning("waiting for the streams; `python -m libs.common.streams` makes them")
            said = True
            await self._pause(0.2)

    async def _serve(self, database: Database, connection: Connection) -> None:
        transactor = Transactor(self.service, database, self.clock)
        await self._patiently(transactor.load)
        if self.stopping.is_set():
            return
        relay = Relay(transactor, connection)
        outlet = BusOutlet(transactor, connection)
        self.workers = [self._worker(row, transactor, connection) for row in self.service.table]
        async with asyncio.TaskGroup() as group:
            rows = [group.create_task(worker.run(), name=worker.durable.name) for worker in self.workers]
            relaying = group.create_task(relay.run(), name="relay")
            background = [group.create_task(self._keep(task, outlet), name="task") for task in self.service.tasks]
            background.append(group.create_task(self._beat(transactor, outlet, relay), name="pulse"))
            background.append(group.create_task(self._prune(transactor), name="prune"))
            self.ready = True
            LOG.info("%s is ready", self.service.name)
            await self.stopping.wait()
            LOG.info("%s is draining", self.service.name)
            for worker in self.workers:
                worker.stopping.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(DRAIN_S):
                    await asyncio.gather(*rows)
                    relaying.cancel()
                    await asyncio.wait({relaying})
                    await self._flush(relay)
            for task in [*rows, *background, relaying]:
                task.cancel()

    async def _keep(self, task: Task, outlet: BusOutlet) -> None:
        """Run a service's own task; one that a sick disk, database or bus ended begins again, any other error ends the service."""
        said = ""
        while True:
            try:
                return await task(outlet)
            except Exception as error:
                if not is_sickness(error):
                    raise
                if str(error) != said:
                    LOG.warning("a task waits: %s", error, exc_info=error)
                said = str(error)
                await self._pause(1.0)

    def _worker(self, row: On, transactor: Transactor, connection: Connection) -> RowWorker:
        durable = durable_of(self.service.name, row)
        batch = WORK_BATCH if row.work else MAX_ACK_PENDING
        return RowWorker(row, durable, transactor, Puller(connection, durable, batch))

    async def _flush(self, relay: Relay) -> None:
        with suppress(NatsError, BusUnavailableError, StoreUnavailableError):
            while await relay.flush():
                pass
            await relay.transactor.tidy()

    async def _beat(self, transactor: Transactor, outlet: BusOutlet, relay: Relay) -> None:
        count = 0
        while True:
            errors = [relay.last_error, *(worker.last_error for worker in self.workers)]
            beat = ServiceBeat.first(
                key=f"{self.service.name}|{os.getpid()}|{count}",
                at=self.clock.now(),
                service=self.service.name,
                version=VERSION,
                config_hash=self.settings.config_hash(),
                pid=os.getpid(),
                ready=self.ready,
                lag=sum(worker.backlog for worker in self.workers),
                outbox=len(transactor.outbox),
                last_error=next((e for e in errors if e), None),
                details={name: str(told) for name, told in self.service.details().items()}
                if self.service.details
                else {},
            )
            await outlet.tell(beat)
            count += 1
            await asyncio.sleep(BEAT_S if count > 1 else BEAT_S / 4)

    async def _prune(self, transactor: Transactor) -> None:
        while True:
            oldest = self.clock.now() - timedelta(days=INBOX_DAYS)
            with suppress(StoreUnavailableError):
                async with transactor.database.begin() as connection:
                    await records.forget_before(connection, oldest)
            await asyncio.sleep(3_600)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), seconds)
