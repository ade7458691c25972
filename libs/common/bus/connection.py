"""The one place a connection to the bus is made: FastStream's broker with the options that survive a bad link."""

import logging
from collections.abc import Callable

from faststream.nats import NatsBroker
from nats.aio.client import Client

LOG = logging.getLogger("sentinel.bus")


class Connection:
    """A broker, its NATS client, and a count of how often the link came back.

    `epoch` grows at every reconnect, so a row can tell that the server may have forgotten its pull requests.
    """

    def __init__(self, broker: NatsBroker, client: Client):
        """Use `connect` instead."""
        self.broker = broker
        self.client = client
        self.epoch = 0

    async def settle(self) -> None:
        """Return once the server has seen everything sent so far; one flush overtakes queued subscriptions, two do not."""
        await self.client.flush()
        await self.client.flush()

    async def close(self) -> None:
        """Close the link; pending publishes are sent first."""
        await self.broker.stop()


async def connect(url: str, name: str, on_error: Callable[[str], None] | None = None) -> Connection:
    """Connect to the bus and keep reconnecting for ever; waits when the server is not there yet."""
    holder: list[Connection] = []
    seen: set[str] = set()

    async def error_cb(error: Exception) -> None:
        text = f"{type(error).__name__}: {error}"[:200]
        if on_error:
            on_error(text)
        if text not in seen:
            seen.add(text)
            LOG.warning("bus link: %s", text)

    async def disconnected_cb() -> None:
        LOG.warning("the bus is gone; reconnecting for ever, nothing is lost meanwhile")

    async def reconnected_cb() -> None:
        seen.clear()
        for connection in holder:
            connection.epoch += 1
        LOG.info("the bus is back")

    broker = NatsBroker(
        url,
        name=name,
        allow_reconnect=True,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.2,  # type: ignore[arg-type]  # the client sleeps this long, fractions are fine
        ping_interval=5,
        max_outstanding_pings=2,
        connect_timeout=2,
        drain_timeout=5,
        error_cb=error_cb,
        disconnected_cb=disconnected_cb,
        reconnected_cb=reconnected_cb,
        logger=None,
    )
    client = await broker.connect()
    connection = Connection(broker, client)
    holder.append(connection)
    return connection
