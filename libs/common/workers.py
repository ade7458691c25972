"""Runs a process that only works on a queue: bus, pulse and the work, until SIGTERM ends it. It has no database and hands nothing out."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from nats.errors import Error as NatsError

from libs.common import logs
from libs.common.bus.connection import Connection
from libs.common.bus.outlet import BusOutlet
from libs.common.bus.table import Service
from libs.common.clock import Clock, WallClock
from libs.common.events import ServiceBeat
from libs.common.runtime import BEAT_S, VERSION, Runner
from libs.common.settings import CommonSettings

LOG = logging.getLogger("sentinel.runtime")

Work = Callable[[Connection], Awaitable[None]]


def run_worker(
    name: str,
    settings: CommonSettings,
    work: Work,
    details: Callable[[], Mapping[str, object]],
    close: Callable[[], None],
) -> None:
    """Run `work` on a connection until SIGTERM or SIGINT; the process' whole life.

    name: what its pulse is called. details: what the pulse tells beside. close: called at the end.
    """
    logs.configure(settings.log_level)
    service = Service(name, (), details=details, close=close)
    asyncio.run(WorkerRunner(service, settings, WallClock(), work).run())


class WorkerRunner(Runner):
    """A running worker: the life of a service, without its database and its rows."""

    def __init__(self, service: Service, settings: CommonSettings, clock: Clock, work: Work):
        """Nothing happens before `run`."""
        super().__init__(service, settings, clock)
        self._work = work

    async def run(self) -> None:
        """Connect, work until told to stop, give back what is in hand."""
        self._listen_to_signals()
        connection = await self._connect()
        try:
            if connection is not None:
                await self._wait_for_streams(connection)
                if not self.stopping.is_set():
                    await self._until_stopped(connection)
        finally:
            if connection is not None:
                with suppress(NatsError, TimeoutError):
                    await connection.close()
            if self.service.close:
                await asyncio.to_thread(self.service.close)

    async def _until_stopped(self, connection: Connection) -> None:
        outlet = BusOutlet(None, connection)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(_awaited(self._work(connection)), name="work"),
                group.create_task(self._pulse(outlet), name="pulse"),
            ]
            self.ready = True
            LOG.info("%s is ready", self.service.name)
            await self.stopping.wait()
            for task in tasks:
                task.cancel()

    async def _pulse(self, outlet: BusOutlet) -> None:
        count = 0
        while True:
            beat = ServiceBeat.first(
                key=f"{self.service.name}|{os.getpid()}|{count}",
                at=self.clock.now(),
                service=self.service.name,
                version=VERSION,
                config_hash=self.settings.config_hash(),
                pid=os.getpid(),
                ready=self.ready,
                details={k: str(v) for k, v in self.service.details().items()} if self.service.details else {},
            )
            with suppress(NatsError):
                await outlet.tell(beat)
            count += 1
            await asyncio.sleep(BEAT_S if count > 1 else BEAT_S / 4)


async def _awaited(work: Awaitable[None]) -> None:
    await work
