"""A service on the bench: its real handlers, database, inbox and outbox, without a bus."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from libs.common.bus import On, Service, records
from libs.common.bus.transact import Delivery, Failed, Transactor
from libs.common.clock import WallClock
from libs.common.db import Database
from libs.common.messages import Message


class Bench:
    """Delivers messages to a service and gives back what it would publish."""

    def __init__(self, service: Service, transactor: Transactor):
        self.service = service
        self.transactor = transactor
        self.failed: list[Failed] = []
        self._published = 0

    @classmethod
    @asynccontextmanager
    async def open(cls, service: Service, folder: Path, url: str | None = None) -> AsyncIterator["Bench"]:
        """Open the service on an SQLite file in `folder`, or on `url`; opening the same again is a restart."""
        url = url or f"sqlite:///{folder / (service.name + '.db')}"
        database = await Database.open(url, [*records.MIGRATIONS, *service.migrations], schema=service.name)
        try:
            transactor = Transactor(service, database, WallClock())
            await transactor.load()
            bench = cls(service, transactor)
            bench._published = await bench._head()
            yield bench
        finally:
            await database.close()

    @property
    def state(self) -> Any:
        return self.transactor.state

    def row(self, message: Message) -> On:
        return next(row for row in self.service.table if type(message) is row.message)

    async def deliver(self, *messages: Message) -> list[tuple[str, bytes]]:
        """Deliver messages of one class in one batch; return (subject, body) of everything published because of it."""
        row = self.row(messages[0])
        batch: Sequence[Delivery] = [Delivery(m, m.body(), m.subject_name(), "TEST", i) for i, m in enumerate(messages)]
        if row.work:
            for delivery in batch:
                delivery.worked = await row.work(delivery.message)
        if row.prepare:
            prepared = await row.prepare(messages, self.state)
            for delivery in batch:
                delivery.worked = prepared
        self.failed = await self.transactor.handle(row, f"{self.service.name}-{row.message.__name__}", batch)
        return await self.published()

    async def published(self) -> list[tuple[str, bytes]]:
        """Return (subject, body) of everything put into the outbox since the last look."""
        async with self.transactor.database.read() as connection:
            found = [m for m in await records.waiting(connection) if m.seq > self._published]
        if found:
            self._published = found[-1].seq
        return [(message.subject, message.body) for message in found]

    async def _head(self) -> int:
        async with self.transactor.database.read() as connection:
            found = await records.waiting(connection)
        return found[-1].seq if found else 0
