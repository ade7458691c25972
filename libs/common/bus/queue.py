"""A work queue as a worker sees it: one message at a time, heartbeats while it is worked on, what came of it stored before it is acknowledged.

For processes without a database: a message may be worked on twice, so its work must be repeatable and its outcome the same. A worker that
dies gives its message back after `ACK_WAIT_S`.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Generic, TypeVar

from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from libs.common.bus.connection import Connection
from libs.common.bus.dead import Burial
from libs.common.bus.pull import Durable
from libs.common.bus.refusal import words
from libs.common.errors import BadMessageError, TransientError
from libs.common.events import Event
from libs.common.logs import handling

LOG = logging.getLogger("sentinel.bus")
ACK_WAIT_S = 6.0
MAX_ACK_PENDING = 1_000
_FETCH_S = 5.0
_PAUSE_S = 0.5
_AGAIN_S = 2.0

E = TypeVar("E", bound=Event)

Act = Callable[[E, int], Awaitable[Event | None]]
"""`async (message, delivery) -> what came of it`; delivery: how often it was given out, from 1. None: nobody wants it any more."""


class WorkQueue(Generic[E]):
    """The messages of one class on a work queue; any number of processes may share it."""

    def __init__(self, connection: Connection, durable: Durable, kind: type[E]):
        """Take messages of `kind` through the consumer `durable`, which all workers share."""
        self._connection = connection
        self._durable = durable
        self._kind = kind
        self._said = ""

    async def serve(self, act: Act[E], slots: int) -> None:
        """Work on up to `slots` messages at a time until cancelled; those in hand are then given back at once."""
        async with asyncio.TaskGroup() as group:
            for _ in range(slots):
                group.create_task(self._slot(act))

    async def _slot(self, act: Act[E]) -> None:
        while True:
            try:
                await self._connected(act)
            except (NatsError, TimeoutError, OSError) as error:
                self._complain(error)
                await asyncio.sleep(_PAUSE_S)

    async def _connected(self, act: Act[E]) -> None:
        js = self._connection.client.jetstream(timeout=5)
        durable = self._durable
        await js.add_consumer(durable.stream, _config(durable))
        subscription = await js.pull_subscribe_bind(durable.name, durable.stream)
        try:
            while True:
                try:
                    (message,) = await subscription.fetch(1, timeout=_FETCH_S)
                except TimeoutError:
                    continue
                self._said = ""
                await self._one(js, message, act)
        finally:
            with suppress(NatsError, OSError):
                await subscription.unsubscribe()

    async def _one(self, js: JetStreamContext, message: Msg, act: Act[E]) -> None:
        try:
            found = self._kind.parse(message.data, message.subject)
        except BadMessageError as error:
            await self._bury(js, message, error)
            return
        handling(found)
        try:
            async with _heartbeats(message):
                outcome = await act(found, message.metadata.num_delivered)
            if outcome is not None:
                headers = {"Nats-Msg-Id": outcome.event_id}
                await js.publish(outcome.subject_name(), outcome.body(), headers=headers)
            await message.ack()
        except asyncio.CancelledError:
            with suppress(NatsError, OSError):
                await message.nak()
            raise
        except TransientError as error:
            self._complain(error)
            await message.nak(delay=_AGAIN_S)
        finally:
            handling(None)

    async def _bury(self, js: JetStreamContext, message: Msg, error: BadMessageError) -> None:
        meta = message.metadata
        grave = Burial(
            self._durable.name, message.subject, meta.stream, meta.sequence.stream, message.data, error, deliveries=1
        )
        event_id, subject, body = grave.outgoing()
        await js.publish(subject, body, headers={"Nats-Msg-Id": event_id})
        await message.ack()
        LOG.error("buried a message of %s: %s", message.subject[:200], str(error)[:300])

    def _complain(self, error: Exception) -> None:
        text = f"the work queue waits: {words(error)}"[:300]
        if text != self._said:
            LOG.warning("%s", text)
        self._said = text


@asynccontextmanager
async def _heartbeats(message: Msg) -> AsyncIterator[None]:
    async def beat() -> None:
        while True:
            await asyncio.sleep(ACK_WAIT_S / 3)
            with suppress(NatsError, OSError):
                await message.in_progress()

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()


def _config(durable: Durable) -> ConsumerConfig:
    return ConsumerConfig(
        durable_name=durable.name,
        filter_subject=durable.subject,
        deliver_policy=DeliverPolicy.ALL,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ACK_WAIT_S,
        max_ack_pending=MAX_ACK_PENDING,
        max_deliver=-1,
    )
