"""Pulling from a durable consumer: whatever is there now, in stream order, resuming where the record stands."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass

import orjson
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from libs.common.bus.connection import Connection
from libs.common.errors import BusUnavailableError

LOG = logging.getLogger("sentinel.bus")
ACK_WAIT_S = 30.0
MAX_ACK_PENDING = 256
_EXPIRES_S = 5.0
_ORDINARY = ("404", "408")
"""Status answers of a pull that found nothing, or not enough, in its time; any other says that the server will not deliver."""


@dataclass(frozen=True)
class Durable:
    """The name of a row's consumer and what it filters."""

    stream: str
    name: str
    subject: str


class Puller:
    """One durable consumer's messages. At every (re)connect the consumer is reset to what was acknowledged."""

    def __init__(self, connection: Connection, durable: Durable, batch: int):
        """Pull at most `batch` messages at a time."""
        self.connection = connection
        self.durable = durable
        self.batch = batch
        self.js = connection.client.jetstream(timeout=5)
        self._queue: asyncio.Queue[Msg | None] = asyncio.Queue()
        self._subscription: Subscription | None = None
        self._inbox = ""
        self._asked = 0
        self._epoch = -1
        self._refusal = ""
        connection.on_back.append(lambda: self._queue.put_nowait(None))

    async def next(self) -> list[Msg]:
        """Return one or more messages, oldest first; an empty list when none came for a while.

        Raises BusUnavailableError or a NATS error while the server does not answer, or answers that it will not deliver.
        """
        if self._refusal:
            raise BusUnavailableError(
                self._refusal, hint="is its disk full? nats-server's own lines in the log say why"
            )
        if self._epoch != self.connection.epoch:
            await self._resume()
        if self._asked <= 0:
            await self._ask()
        try:
            first = await asyncio.wait_for(self._queue.get(), _EXPIRES_S + 1)
        except TimeoutError:
            self._asked = 0
            return []
        return self._take(first)

    @property
    def waiting(self) -> int:
        """How many messages have come and not been taken."""
        return self._queue.qsize()

    def forget(self) -> None:
        """Resume from the acknowledgement floor at the next pull."""
        self._epoch = -1
        self._refusal = ""

    async def close(self) -> None:
        """Stop taking messages."""
        if self._subscription:
            await self._subscription.unsubscribe()

    def _take(self, first: Msg | None) -> list[Msg]:
        messages = [first]
        while len(messages) < self.batch and not self._queue.empty():
            messages.append(self._queue.get_nowait())
        found = []
        for message in messages:
            if message is None:
                continue
            if message.headers and "Status" in message.headers and not message.reply:
                self._asked = 0
                self._refusal = _refusal(message.headers)
                continue
            self._asked -= 1
            found.append(message)
        return found

    async def _ask(self) -> None:
        request = {"batch": self.batch, "expires": int(_EXPIRES_S * 1e9)}
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self.durable.stream}.{self.durable.name}"
        await self.connection.client.publish(subject, orjson.dumps(request), reply=self._inbox)
        self._asked = self.batch

    async def _resume(self) -> None:
        epoch = self.connection.epoch
        await self.close()
        self._queue = asyncio.Queue()
        await self.js.add_consumer(self.durable.stream, self._config())
        await self._reset()
        self._inbox = self.connection.client.new_inbox()
        queue = self._queue

        async def received(message: Msg) -> None:
            queue.put_nowait(message)

        self._subscription = await self.connection.client.subscribe(
            self._inbox, cb=received, pending_msgs_limit=-1, pending_bytes_limit=-1
        )
        self._asked, self._epoch = 0, epoch
        self._refusal = ""

    async def _reset(self) -> None:
        subject = f"$JS.API.CONSUMER.RESET.{self.durable.stream}.{self.durable.name}"
        reply = orjson.loads((await self.connection.client.request(subject, b"", timeout=5)).data)
        if "error" in reply:
            raise BusUnavailableError(
                f"{self.durable.name} cannot resume: {reply['error'].get('description')}",
                hint="nats-server 2.14 or later is needed",
            )

    def _config(self) -> ConsumerConfig:
        return ConsumerConfig(
            durable_name=self.durable.name,
            filter_subject=self.durable.subject,
            deliver_policy=DeliverPolicy.ALL,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=ACK_WAIT_S,
            max_ack_pending=MAX_ACK_PENDING,
            max_deliver=-1,
        )


def _refusal(headers: Mapping[str, str]) -> str:
    status = headers["Status"]
    if status in _ORDINARY:
        return ""
    return f"the server does not deliver: {status} {headers.get('Description', 'JetStream is off')}"
