"""The one place a connection to the bus is made: FastStream's broker with the options that survive a bad link."""

import asyncio
import logging
from collections.abc import Callable

from faststream.nats import NatsBroker
from nats.aio.client import Client

from libs.common.bus.sturdy import make_sturdy

LOG = logging.getLogger("sentinel.bus")


class Connection:
    """A broker, its NATS client, and a count of how often the link came back.

    epoch: grows at every reconnect, so a row can tell that the server may have forgotten its pull requests.
    lost: set while the link is down. on_back: called at every reconnect.
    """

    def __init__(self) -> None:
        """Use `connect` instead."""
        self.epoch = 0
        self.lost = asyncio.Event()
        self.on_back: list[Callable[[], None]] = []
        self._complaints: set[str] = set()
        self._closing = False
        self.broker: NatsBroker
        self.client: Client

    async def open(self, url: str, name: str) -> None:
        """Make the link."""
        self.broker = NatsBroker(
            url,
            name=name,
            allow_reconnect=True,
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.2,  # type: ignore[arg-type]  # the client sleeps this long, fractions are fine
            ping_interval=5,
            max_outstanding_pings=2,
            connect_timeout=2,
            drain_timeout=5,
            error_cb=self._failed,
            disconnected_cb=self._gone,
            reconnected_cb=self._back,
            logger=None,
        )
        self.client = make_sturdy(await self.broker.connect())

    async def _failed(self, error: Exception) -> None:
        text = f"{type(error).__name__}: {error}"[:200]
        if text not in self._complaints:
            self._complaints.add(text)
            LOG.warning("bus link: %s", text)

    async def _gone(self) -> None:
        self.lost.set()
        if not self._closing:
            LOG.warning("the bus is gone; reconnecting for ever, nothing is lost meanwhile")

    async def _back(self) -> None:
        self._complaints.clear()
        self.epoch += 1
        self.lost.clear()
        for call in self.on_back:
            call()
        LOG.info("the bus is back")

    async def settle(self) -> None:
        """Return once the server has seen everything sent so far; one flush overtakes queued subscriptions, two do not."""
        await self.client.flush()
        await self.client.flush()

    async def close(self) -> None:
        """Close the link; what was published before is sent first.

        Not the broker's own stop: that drains every subscription and waits for seconds where nothing is left to handle.
        """
        self._closing = True
        if self.client.is_connected:
            await self.client.flush(2)
        await self.client.close()


async def connect(url: str, name: str) -> Connection:
    """Connect to the bus and keep reconnecting for ever; waits when the server is not there yet."""
    connection = Connection()
    await connection.open(url, name)
    return connection
