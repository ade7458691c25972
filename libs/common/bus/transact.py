"""Inbox, handler and outbox in one transaction: the reason why an effect happens once.

Knows no NATS: it takes deliveries and says what became of each, so tests can drive it without a server.
"""

import asyncio
import errno
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.exc import DBAPIError

from libs.common.bus import records
from libs.common.bus.outbox import Outbox
from libs.common.bus.refusal import final, refused
from libs.common.bus.table import On, Service, Tx
from libs.common.clock import Clock
from libs.common.db import Database, classified
from libs.common.errors import BusUnavailableError, PermanentError, StoreUnavailableError
from libs.common.events import CommandDone
from libs.common.logs import handling
from libs.common.messages import Message

LOG = logging.getLogger("sentinel.bus")
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS}


@dataclass
class Delivery:
    """One message in a service's hands. `raw` is whatever the caller needs to acknowledge it."""

    message: Message
    body: bytes
    subject: str
    stream: str
    seq: int
    raw: Any = None
    failures: int = 0
    worked: Any = field(default=None, repr=False)


@dataclass(frozen=True)
class Failed:
    """A delivery whose handler raised; nothing of it was kept."""

    delivery: Delivery
    error: Exception


class HandlerFailedError(Exception):
    """Carries a failing delivery out of the transaction that it spoils."""

    def __init__(self, position: int, cause: Exception):
        """Name the delivery by its position in the batch."""
        super().__init__(str(cause))
        self.position = position
        self.cause = cause


class SpoiledError(Exception):
    """The transaction of a batch failed where no single delivery could be blamed: at its deferred statements, or at the commit."""


class Transactor:
    """The transactions of one service: one at a time, with its state staged."""

    def __init__(self, service: Service, database: Database, clock: Clock):
        """Serve `service` on `database`; call `load` before the first delivery."""
        self.service = service
        self.database = database
        self.clock = clock
        self.state: Any = None
        self.outbox = Outbox()
        self._lock = asyncio.Lock()

    async def load(self) -> None:
        """Read the service's state and its outbox from SQL."""
        async with self.database.read() as connection:
            await self.outbox.load(connection)
            if self.service.load:
                self.state = await self.service.load(connection)

    async def tidy(self) -> None:
        """Drop published messages from the outbox table; an idle service has no other transaction to do it in."""
        if self.outbox.has_leftovers:
            async with self._lock:
                async with self.database.begin() as connection:
                    staged = await self.outbox.stage(connection, ())
                self.outbox.keep(staged)

    async def commit(self, act: Callable[[Tx], Awaitable[None]]) -> None:
        """Run a service's own act in a transaction; raises what it raises, StoreUnavailableError for a sick database."""
        async with self._lock:
            async with self.database.begin() as connection:
                tx = Tx(connection, self.state)
                await act(tx)
                await tx.flush()
                staged = await self.outbox.stage(connection, map(records.triple, tx.emitted))
            self._publish(tx, staged)

    async def knows(self, name: str, event_id: str) -> bool:
        """Tell whether a row has already handled a message."""
        async with self.database.read() as connection:
            return bool(await records.seen(connection, name, [event_id]))

    async def handle(self, row: On, name: str, batch: Sequence[Delivery]) -> list[Failed]:
        """Handle a batch in order and return the deliveries that failed; all others are committed.

        What comes before a failing one is committed first, so a message is handled at most twice; only where the failure shows
        at the end of the transaction is the batch halved until it is found. A command that is refused counts as handled: its
        answer is its effect. Raises StoreUnavailableError when nothing could be kept.
        """
        failed: list[Failed] = []
        held: set[str] = set()
        rest = list(batch)
        while rest:
            try:
                await self._once(row, name, rest)
                break
            except HandlerFailedError as failure:
                before, culprit = rest[: failure.position], rest[failure.position]
                if before:
                    failed += await self.handle(row, name, before)
                    held |= {row.key_of(f.delivery.message) for f in failed}
                if row.is_command and isinstance(failure.cause, PermanentError):
                    await self.refuse(row, name, culprit, failure.cause)
                else:
                    failed.append(Failed(culprit, failure.cause))
                    held |= {row.key_of(culprit.message)}
                rest = rest[failure.position + 1 :]
            except SpoiledError:
                half = len(rest) // 2
                found = await self.handle(row, name, rest[:half])
                failed += found
                held |= {row.key_of(f.delivery.message) for f in found}
                rest = rest[half:]
            failed += [Failed(d, KeyHeldError()) for d in rest if row.key_of(d.message) in held]
            rest = [d for d in rest if row.key_of(d.message) not in held]
        return failed

    async def refuse(self, row: On, name: str, delivery: Delivery, error: PermanentError) -> None:
        """Answer a command with the reason why it was not carried out."""
        answer = refused(delivery.message, self.service.name, error)
        outgoing = [*self.told_of(row, delivery.message, error), records.triple(answer)]
        await self.record(name, delivery.message.event_id, delivery.body, outgoing)

    def told_of(self, row: On, message: Message, error: Exception) -> list[records.Triple]:
        """Return the facts of a refusal or burial, neither of which depends on whether they can be told."""
        if row.refusal is None:
            return []
        try:
            found = [records.triple(event) for event in row.refusal(message, final(error))]
            records.check_size(found)
        except Exception:
            LOG.exception("the facts of a refusal cannot be told", extra={"event_id": message.event_id})
            return []
        return found

    async def record(self, name: str, event_id: str, body: bytes, outgoing: Sequence[records.Triple]) -> None:
        """Note a message as handled and publish `outgoing`, once."""
        async with self._lock:
            staged: list[records.Outgoing] = []
            async with self.database.begin() as connection:
                if not await records.seen(connection, name, [event_id]):
                    await records.remember(connection, name, {event_id: records.digest(body)}, self._now())
                    staged = await self.outbox.stage(connection, outgoing)
            if staged:
                self.outbox.keep(staged)

    async def _once(self, row: On, name: str, batch: Sequence[Delivery]) -> None:
        async with self._lock:
            try:
                async with self.database.begin() as connection:
                    tx = Tx(connection, self.state)
                    staged = await self._all(row, name, batch, tx)
            except HandlerFailedError:
                raise
            except Exception as error:
                if is_infrastructure(error):
                    raise as_infrastructure(error) from error
                if len(batch) == 1:
                    raise HandlerFailedError(0, error) from error
                raise SpoiledError from error
            self._publish(tx, staged)

    async def _all(self, row: On, name: str, batch: Sequence[Delivery], tx: Tx) -> list[records.Outgoing]:
        known = await self._known(tx.connection, row, name, batch)
        fresh: dict[str, str] = {}
        for position, delivery in enumerate(batch):
            if self._is_repeat(delivery, known):
                continue
            await self._one(row, delivery, tx, position)
            if row.remember or row.is_command:
                known[delivery.message.event_id] = fresh[delivery.message.event_id] = records.digest(delivery.body)
        await tx.flush()
        await records.remember(tx.connection, name, fresh, self._now())
        return await self.outbox.stage(tx.connection, map(records.triple, tx.emitted))

    async def _known(self, connection: Any, row: On, name: str, batch: Sequence[Delivery]) -> dict[str, str]:
        if not (row.remember or row.is_command):
            return {}
        return await records.seen(connection, name, [d.message.event_id for d in batch])

    def _is_repeat(self, delivery: Delivery, known: dict[str, str]) -> bool:
        first = known.get(delivery.message.event_id)
        if first is not None and first != records.digest(delivery.body):
            LOG.error("the id %s came again with another body; the first one counts", delivery.message.event_id)
        return first is not None

    async def _one(self, row: On, delivery: Delivery, tx: Tx, position: int) -> None:
        handling(delivery.message)
        tx.answer, tx.result_ids = {}, None
        try:
            extra = (delivery.worked,) if row.is_slow else ()
            tx.emit(*await row.handle(delivery.message, tx, *extra))
        except Exception as error:
            raised = classified(error) if isinstance(error, DBAPIError) else error
            if is_infrastructure(raised):
                raise as_infrastructure(raised) from error
            raise HandlerFailedError(position, raised) from error
        finally:
            handling(None)
        if row.is_command:
            tx.emit(self._done(delivery.message, tx))

    def _done(self, command: Message, tx: Tx) -> CommandDone:
        return CommandDone.after(
            command,
            key="answer",
            service=self.service.name,
            command_id=command.event_id,
            result_ids=tx.result_ids or (),
            result=tx.answer,
        )

    def _publish(self, tx: Tx, staged: Sequence[records.Outgoing]) -> None:
        self.state = tx.state
        self.outbox.keep(staged)

    def _now(self) -> datetime:
        return self.clock.now()


class KeyHeldError(Exception):
    """Not handled yet: an earlier message of its key is failing."""


def is_infrastructure(error: Exception) -> bool:
    """Tell whether the fault is our own database's, bus's or disk's, and so says nothing about the message."""
    own = isinstance(error, StoreUnavailableError | BusUnavailableError)
    return own or (isinstance(error, OSError) and error.errno in _DISK)


def as_infrastructure(error: Exception) -> Exception:
    """Return the fault as an error of our own tree."""
    if isinstance(error, OSError):
        return StoreUnavailableError(f"the disk refuses: {error}", hint="free disk space")
    return error


def is_sickness(error: Exception) -> bool:
    """Tell whether everything that was raised, by several tasks perhaps, is our own database's, bus's or disk's fault."""
    if isinstance(error, ExceptionGroup):
        return all(is_sickness(each) for each in error.exceptions)
    return is_infrastructure(error)
