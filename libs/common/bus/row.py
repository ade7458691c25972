"""One row at work: pull, read, handle in a transaction, acknowledge; retry a failing key while the others go on.

A fault of our own database, bus or disk stops the pulling and never counts against a message.
"""

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from libs.common.bus import records
from libs.common.bus.dead import RETRY_HEADER, Burial
from libs.common.bus.pull import ACK_WAIT_S, MAX_ACK_PENDING, Durable, Puller
from libs.common.bus.reading import Origin, command_stub, read
from libs.common.bus.refusal import refused, words
from libs.common.bus.slow import SlowWork
from libs.common.bus.table import On
from libs.common.bus.transact import Delivery, Failed, KeyHeldError, Transactor, is_infrastructure
from libs.common.errors import (
    BadMessageError,
    PermanentError,
    SentinelError,
    StoreUnavailableError,
    TransientError,
)
from libs.common.messages import Message

LOG = logging.getLogger("sentinel.bus")
RETRY_DELAYS_S = (0.2, 1.0, 5.0, 30.0)
MONEY_RETRY_S = 30.0
WORK_BATCH = 8
"""How many deliveries of a row with slow work are in hand at once."""

WORK_DRAIN_S = 5.0
_PAUSES_S = (0.1, 0.5, 2.0, 5.0)


@dataclass
class Held:
    """The deliveries of one key that are handled one by one: behind a failing one, or because their work is slow."""

    queue: deque[Delivery] = field(default_factory=deque)
    task: asyncio.Task[None] | None = None


class RowWorker:
    """Runs one row until cancelled; `stop` lets the batch in hand finish first."""

    def __init__(self, row: On, durable: Durable, transactor: Transactor, puller: Puller):
        """Handle what `puller` brings with `row.handle`."""
        self.row = row
        self.durable = durable
        self.transactor = transactor
        self.puller = puller
        self.last_error: str | None = None
        self.stopping = asyncio.Event()
        self._held: dict[str, Held] = defaultdict(Held)
        self._in_hand: list[Delivery] = []
        self._slots = asyncio.Semaphore(WORK_BATCH)
        self._slow = SlowWork(row, durable.name, transactor)

    @property
    def backlog(self) -> int:
        """How many messages have been pulled and not yet handled."""
        return self.puller.waiting + len(self._in_hand) + sum(len(held.queue) for held in self._held.values())

    async def run(self) -> None:
        """Pull and handle until `stopping` is set."""
        async with asyncio.TaskGroup() as group:
            pulse = group.create_task(self._heartbeats())
            while not self.stopping.is_set():
                messages = await self._pull()
                if messages:
                    await self._take(messages, group)
            pulse.cancel()
            tasks = [held.task for held in self._held.values() if held.task]
            if self.row.work and tasks:
                await asyncio.wait(tasks, timeout=WORK_DRAIN_S)
            for task in tasks:
                task.cancel()
        await self.puller.close()

    async def _pull(self) -> list[Msg]:
        pull = asyncio.ensure_future(self.puller.next())
        stop = asyncio.ensure_future(self.stopping.wait())
        await asyncio.wait({pull, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if not pull.done():
            pull.cancel()
            return []
        try:
            found = pull.result()
        except (NatsError, TimeoutError, OSError, SentinelError) as error:
            self._complain("the bus does not deliver", error)
            self.puller.forget()
            await asyncio.sleep(_PAUSES_S[1])
            return []
        self._all_is_well()
        return found

    async def _take(self, messages: Sequence[Msg], group: asyncio.TaskGroup) -> None:
        batch: list[Delivery] = []
        for message in messages:
            delivery = await self._read(message)
            if delivery is None:
                continue
            held = self._held.get(self.row.key_of(delivery.message))
            if held is not None:
                held.queue.append(delivery)
            elif self.row.work:
                self._hold(Failed(delivery, KeyHeldError()), group)
            else:
                batch.append(delivery)
        self._in_hand = batch
        for failure in await self._through(batch):
            self._hold(failure, group)
        self._in_hand = []
        self._all_is_well()

    async def _through(self, batch: list[Delivery]) -> list[Failed]:
        """Work and handle a batch, waiting out faults of our own; acknowledge what was handled."""
        if not batch:
            return []
        attempt = 0
        while True:
            try:
                failed = await self._slow.do(batch)
                bad = {id(f.delivery) for f in failed}
                ready = [d for d in batch if id(d) not in bad]
                failed += await self.transactor.handle(self.row, self.durable.name, ready) if ready else []
                break
            except TransientError as error:
                self._complain("waiting", error)
                await asyncio.sleep(_PAUSES_S[min(attempt, len(_PAUSES_S) - 1)])
                attempt += 1
        unhandled = {id(f.delivery) for f in failed}
        for delivery in batch:
            if id(delivery) not in unhandled:
                await self._ack(delivery)
        return failed

    def _hold(self, failure: Failed, group: asyncio.TaskGroup) -> None:
        held = self._held[self.row.key_of(failure.delivery.message)]
        held.queue.append(failure.delivery)
        if not isinstance(failure.error, KeyHeldError):
            failure.delivery.failures += 1
            self._complain("a handler failed", failure.error)
        if held.task is None:
            held.task = group.create_task(self._retry(self.row.key_of(failure.delivery.message), held, failure.error))

    async def _retry(self, key: str, held: Held, error: Exception) -> None:
        """Try the first of a key again and again, or bury it; then let the others of the key through."""
        while held.queue:
            first = held.queue[0]
            if self._is_final(first, error):
                await self._bury_delivery(first, error)
                held.queue.popleft()
                error = KeyHeldError()
                continue
            await asyncio.sleep(self._delay(first))
            async with self._slots:
                failures = await self._through([first])
            if not failures:
                held.queue.popleft()
                error = KeyHeldError()
                continue
            error = failures[0].error
            first.failures += 1
            self._complain("a handler failed again", error)
        del self._held[key]

    def _is_final(self, delivery: Delivery, error: Exception) -> bool:
        if isinstance(error, KeyHeldError):
            return False
        if isinstance(error, PermanentError):
            return True
        until = getattr(delivery.message, "valid_until", None)
        if until is not None and until > self.transactor.clock.now():
            return False
        return delivery.failures > len(RETRY_DELAYS_S)

    def _delay(self, delivery: Delivery) -> float:
        if delivery.failures == 0:
            return 0.0
        return RETRY_DELAYS_S[delivery.failures - 1] if delivery.failures <= len(RETRY_DELAYS_S) else MONEY_RETRY_S

    async def _read(self, message: Msg) -> Delivery | None:
        meta = message.metadata
        origin = Origin(meta.stream, meta.sequence.stream, meta.timestamp)
        if (message.headers or {}).get(RETRY_HEADER) not in (None, "", self.durable.name):
            await self._acknowledge(message)
            return None
        try:
            found = read(self.row, message.data, message.subject, origin)
        except BadMessageError as error:
            command = command_stub(self.row, message.data, origin) if self.row.is_command else None
            grave = Burial(
                self.durable.name, message.subject, origin.stream, origin.seq, message.data, error, deliveries=1
            )
            await self._bury(grave, command)
            await self._acknowledge(message)
            return None
        return Delivery(found, message.data, message.subject, origin.stream, origin.seq, raw=message)

    async def _bury_delivery(self, delivery: Delivery, error: Exception) -> None:
        grave = Burial(
            self.durable.name,
            delivery.subject,
            delivery.stream,
            delivery.seq,
            delivery.body,
            error,
            delivery.failures,
        )
        facts = self.transactor.told_of(self.row, delivery.message, error)
        await self._bury(grave, delivery.message if self.row.is_command else None, facts)
        await self._ack(delivery)

    async def _bury(self, grave: Burial, command: Message | None, facts: Sequence[records.Triple] = ()) -> None:
        """Publish the grave, the facts others wait for, and the answer to the command if it was one whose id could be read."""
        outgoing = [grave.outgoing(), *facts]
        if command is not None:
            outgoing.append(records.triple(refused(command, self.transactor.service.name, grave.error)))
        LOG.error(
            "buried a message of %s: %s",
            grave.subject[:200],
            str(grave.error)[:300],
            extra={"row": self.durable.name},
        )
        attempt = 0
        while True:
            try:
                await self.transactor.record(self.durable.name, grave.event_id, grave.body, outgoing)
                return
            except StoreUnavailableError as sick:
                self._complain("waiting", sick)
                await asyncio.sleep(_PAUSES_S[min(attempt, len(_PAUSES_S) - 1)])
                attempt += 1

    async def _ack(self, delivery: Delivery) -> None:
        await self._acknowledge(delivery.raw)

    async def _acknowledge(self, message: Msg) -> None:
        try:
            await message.ack()
        except (NatsError, OSError) as error:
            LOG.debug("an acknowledgement was lost and the message will come again: %s", error)

    async def _heartbeats(self) -> None:
        """Tell the server that what is in hand or held is being worked on, so it does not come again."""
        while True:
            await asyncio.sleep(ACK_WAIT_S / 3)
            held = [d for h in self._held.values() for d in h.queue]
            for delivery in [*self._in_hand, *held][:MAX_ACK_PENDING]:
                try:
                    await delivery.raw.in_progress()
                except (NatsError, OSError) as error:
                    LOG.debug("a heartbeat was lost: %s", error)
                    break

    def _all_is_well(self) -> None:
        if not self._held:
            self.last_error = None

    def _complain(self, what: str, error: Exception) -> None:
        text = f"{what}: {words(error)}"[:300]
        if text != self.last_error:
            fault = None if is_infrastructure(error) else error
            LOG.warning("%s", text, extra={"row": self.durable.name}, exc_info=fault)
        self.last_error = text
