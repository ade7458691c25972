"""The outbox as the relay sees it: committed messages in order, those the bus has acknowledged, those to be dropped.

The table is the record; this is its tail in memory, so that publishing needs no reading. A service has one active process per
database, hence its own numbering.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice

from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.bus import records
from libs.common.bus.records import Outgoing, Triple


class Outbox:
    """Messages on their way out."""

    def __init__(self) -> None:
        """Start empty; `load` brings back what a killed process left."""
        self.committed = asyncio.Event()
        self._waiting: deque[Outgoing] = deque()
        self._next = 1
        self._acknowledged = 0
        self._dropped = 0

    def __len__(self) -> int:
        """Return how many messages wait to be published."""
        return len(self._waiting)

    async def load(self, connection: AsyncConnection) -> None:
        """Take up what an earlier process committed and did not publish, or did not note as published."""
        self._waiting = deque(await records.waiting(connection))
        if self._waiting:
            self._next = self._waiting[-1].seq + 1
            self._acknowledged = self._dropped = self._waiting[0].seq - 1
            self.committed.set()

    async def stage(self, connection: AsyncConnection, messages: Iterable[Triple]) -> list[Outgoing]:
        """Write messages in the open transaction, and drop what the bus has acknowledged since the last one."""
        if self._acknowledged > self._dropped:
            await records.drop_through(connection, self._acknowledged)
        return await records.stage(connection, self._next, messages)

    def keep(self, staged: Sequence[Outgoing]) -> None:
        """Note that the transaction which staged these messages has been committed."""
        self._dropped = self._acknowledged
        if staged:
            self._next = staged[-1].seq + 1
            self._waiting.extend(staged)
            self.committed.set()

    def head(self, limit: int) -> list[Outgoing]:
        """Return the oldest waiting messages."""
        return list(islice(self._waiting, limit))

    def acknowledge(self, count: int) -> None:
        """Note that the bus has the `count` oldest."""
        for _ in range(count):
            self._acknowledged = self._waiting.popleft().seq

    @property
    def has_leftovers(self) -> bool:
        """Tell whether acknowledged messages still lie in the table."""
        return self._acknowledged > self._dropped
