"""The relay: what a transaction put into the outbox goes to the bus, in order, until the bus acknowledges it."""

import asyncio
import logging
from typing import Any

from nats.errors import Error as NatsError
from nats.js.errors import APIError

from libs.common.bus.connection import Connection
from libs.common.bus.records import Outgoing
from libs.common.bus.refusal import words
from libs.common.bus.transact import Transactor
from libs.common.errors import BusUnavailableError, StoreUnavailableError
from libs.common.streams import stream_of

LOG = logging.getLogger("sentinel.bus")
BATCH = 256
ACK_TIMEOUT_S = 5.0
TIDY_AFTER_S = 1.0
_PAUSES_S = (0.05, 0.2, 1.0, 2.0)


class Relay:
    """Publishes one service's outbox. A message sent twice carries the same `Nats-Msg-Id`, and readers keep inboxes."""

    def __init__(self, transactor: Transactor, connection: Connection):
        """Relay what `transactor` commits."""
        self.transactor = transactor
        self.connection = connection
        self.js = connection.client.jetstream(timeout=ACK_TIMEOUT_S)
        self.last_error: str | None = None

    async def run(self) -> None:
        """Publish for ever; tidy up when there is nothing to publish for a while."""
        outbox = self.transactor.outbox
        failures = 0
        while True:
            try:
                if not await self.flush():
                    outbox.committed.clear()
                    await self._wait(outbox.committed)
                failures, self.last_error = 0, None
            except (NatsError, BusUnavailableError, StoreUnavailableError, TimeoutError, OSError) as error:
                self._complain(error)
                await asyncio.sleep(_PAUSES_S[min(failures, len(_PAUSES_S) - 1)])
                failures += 1

    async def flush(self) -> bool:
        """Publish the oldest waiting messages; tell whether there were any.

        Raises the first failure; what was acknowledged before it counts as published.
        """
        batch = self.transactor.outbox.head(BATCH)
        if not batch:
            return False
        results = await self._publish_all(batch)
        published = next((i for i, result in enumerate(results) if result is not None), len(batch))
        self.transactor.outbox.acknowledge(published)
        failure = results[published] if published < len(batch) else None
        if failure is not None:
            raise failure
        return True

    async def _wait(self, committed: asyncio.Event) -> None:
        try:
            await asyncio.wait_for(committed.wait(), TIDY_AFTER_S)
        except TimeoutError:
            await self.transactor.tidy()
            await committed.wait()

    async def _publish_all(self, batch: list[Outgoing]) -> list[BaseException | None]:
        """Return what became of each publish; a lost link ends the wait at once instead of at the time-out."""
        if self.connection.lost.is_set():
            raise BusUnavailableError("the link to the bus is down")
        publishing = asyncio.gather(*(self._publish(message) for message in batch), return_exceptions=True)
        lost = asyncio.ensure_future(self.connection.lost.wait())
        both: set[asyncio.Future[Any]] = {publishing, lost}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        lost.cancel()
        if not publishing.done():
            publishing.cancel()
            raise BusUnavailableError("the link to the bus was lost; what it did not acknowledge is sent again")
        return publishing.result()

    async def _publish(self, message: Outgoing) -> None:
        if stream_of(message.subject) is None:
            await self.connection.client.publish(message.subject, message.body)
            return
        await self.js.publish(message.subject, message.body, headers={"Nats-Msg-Id": message.event_id})

    def _complain(self, error: Exception) -> None:
        if isinstance(error, StoreUnavailableError):
            text = f"waiting: {words(error)}"[:300]
        else:
            did = "refuses" if isinstance(error, APIError) else "does not acknowledge"
            text = f"the bus {did}; the outbox keeps everything (is its disk full?): {words(error)}"[:300]
        if text != self.last_error:
            LOG.warning("%s", text)
        self.last_error = text
