"""How a service's own tasks reach the bus: the Outlet of `table.py` over a real connection."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.errors import NotFoundError as NoMessageError

from libs.common.bus.connection import Connection
from libs.common.bus.table import Tx
from libs.common.bus.transact import Transactor
from libs.common.commands import Command
from libs.common.errors import BadMessageError, BusUnavailableError, TimedOutError
from libs.common.events import CommandDone, CommandRefused, Event, ServiceBeat
from libs.common.messages import Message

LOG = logging.getLogger("sentinel.bus")
_PUBLISH_TIMEOUT_S = 2.0
_KEPT = 256

E = TypeVar("E", bound=Event)


class BusOutlet:
    """Transactions, commands and questions of one service's tasks."""

    def __init__(self, transactor: Transactor | None, connection: Connection):
        """`transactor` is None for a client that owns no database (the command line)."""
        self._transactor = transactor
        self.connection = connection
        self.js = connection.client.jetstream(timeout=_PUBLISH_TIMEOUT_S)

    @property
    def state(self) -> Any:
        """The service's state as of the last commit."""
        return self._transactor.state if self._transactor else None

    async def commit(self, act: Callable[[Tx], Awaitable[None]]) -> None:
        """Run `act` in a transaction; what it emits is published after the commit."""
        if self._transactor is None:
            raise BusUnavailableError("a client without a database has no transactions")
        await self._transactor.commit(act)

    async def send(self, message: Message) -> None:
        """Publish a command and return once the stream has it; raises BusUnavailableError, and nothing was sent then."""
        if not self.connection.client.is_connected:
            raise BusUnavailableError("the bus is not connected", hint="is nats-server running? `sentinel status`")
        try:
            await self.js.publish(message.subject_name(), message.body(), headers={"Nats-Msg-Id": message.event_id})
        except (NatsError, TimeoutError, OSError) as error:
            raise BusUnavailableError(f"the bus did not acknowledge: {error}") from error

    async def tell(self, event: Event) -> None:
        """Publish an unstored event; dropped while the bus is away or does not take it."""
        if self.connection.client.is_connected:
            try:
                await self.connection.client.publish(event.subject_name(), event.body())
            except (NatsError, OSError) as error:
                LOG.debug("an unstored event was lost: %s", error)

    async def ask(self, command: Command, timeout_s: float) -> Event:
        """Send a command and return its answer, an old one if it was answered before.

        Raises TimedOutError when none came in time; the work goes on. Raises BusUnavailableError.
        """
        subject = f"answers.{command.service()}.{command.event_id}"
        answers: asyncio.Queue[Msg] = asyncio.Queue()

        async def received(message: Msg) -> None:
            answers.put_nowait(message)

        if not self.connection.client.is_connected:
            raise BusUnavailableError("the bus is not connected", hint="is nats-server running? `sentinel status`")
        subscription = await self.connection.client.subscribe(subject, cb=received)
        try:
            await self.connection.settle()
            await self.send(command)
            earlier = await self._answered(subject)
            if earlier is not None:
                return earlier
            message = await asyncio.wait_for(answers.get(), timeout_s)
        except TimeoutError:
            raise TimedOutError(
                f"{command.service()} did not answer within {timeout_s:g} s", hint="the work goes on; ask again later"
            ) from None
        finally:
            await subscription.unsubscribe()
        return _answer(message.data, subject)

    async def lag(self, stream: str) -> int:
        """Return the largest number of messages a row of any service has yet to handle from `stream`.

        What still waits in this service's own outbox counts as well.
        """
        try:
            infos = await self.js.consumers_info(stream)
        except (NatsError, TimeoutError) as error:
            raise BusUnavailableError(f"the bus does not tell its lag: {error}") from error
        unsent = len(self._transactor.outbox) if self._transactor else 0
        return unsent + max(((info.num_pending or 0) + (info.num_ack_pending or 0) for info in infos), default=0)

    def beats(self) -> AsyncIterator[ServiceBeat]:
        """Yield the pulse of every service as it comes; a slow reader misses some."""
        return self.hear(ServiceBeat)

    async def hear(self, kind: type[E]) -> AsyncIterator[E]:
        """Yield every fact of a class as it comes, stored or not; a slow reader misses some."""
        queue: asyncio.Queue[Msg] = asyncio.Queue(_KEPT)

        async def received(message: Msg) -> None:
            if not queue.full():
                queue.put_nowait(message)

        subscription = await self.connection.client.subscribe(kind.wildcard(), cb=received)
        try:
            while True:
                message = await queue.get()
                try:
                    yield kind.parse(message.data, message.subject)
                except BadMessageError:
                    continue
        finally:
            await subscription.unsubscribe()

    async def _answered(self, subject: str) -> Event | None:
        try:
            found = await self.js.get_last_msg("COMMANDS", subject)
        except NoMessageError:
            return None
        except (NatsError, TimeoutError) as error:
            raise BusUnavailableError(f"the bus did not answer: {error}") from error
        return _answer(found.data or b"", subject)


def _answer(body: bytes, subject: str) -> CommandDone | CommandRefused:
    try:
        return CommandRefused.parse(body, subject)
    except BadMessageError:
        return CommandDone.parse(body, subject)
