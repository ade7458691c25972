"""A service's table: which messages it takes, what handles them, and what a handler may touch.

Returning events from a handler is publishing them; a handler never acks, retries, commits or sees a subject.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from sqlalchemy import Executable
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.commands import Command
from libs.common.db import Migration
from libs.common.errors import PermanentError
from libs.common.events import Event, ServiceBeat
from libs.common.messages import Message

E = TypeVar("E", bound=Event)

Handler = Callable[..., Awaitable[Sequence[Event]]]
"""`async (message, tx) -> events`, or `async (message, tx, worked) -> events` in a row that names `work` or `prepare`."""

Work = Callable[[Any], Awaitable[Any]]
"""Slow, repeatable work on a message, done outside any transaction; its result is handed to the handler."""


Prepare = Callable[[Sequence[Any], Any], Awaitable[Any]]
"""`async (messages, state)`: slow, repeatable work on a batch; its result is handed to the handler of each message."""


class Tx:
    """The open transaction a handler works in.

    connection: runs the service's SQL. state: the service's in-memory state, staged; assign a new value to change it.
    It becomes the service's state when the transaction commits and is dropped when it rolls back, so a state must be
    an immutable value, or have `fork()` and be changed through `draft()` only.
    """

    def __init__(self, connection: AsyncConnection, state: Any = None):
        """Open on a connection with the state as of the last commit."""
        self.connection = connection
        self.state = state
        self.emitted: list[Event] = []
        self.deferred: list[tuple[Executable, list[dict[str, Any]]]] = []
        self._drafted = False
        self.answer: dict[str, Any] = {}
        self.result_ids: tuple[str, ...] | None = None

    def draft(self) -> Any:
        """Return the state, copied once for this transaction by its own `fork()`, free to be changed in place."""
        if not self._drafted:
            self.state = self.state.fork()
            self._drafted = True
        return self.state

    def later(self, statement: Executable, **parameters: Any) -> None:
        """Run `statement` just before the commit, in order; neighbours of the same statement run as one."""
        if not self.deferred or self.deferred[-1][0] is not statement:
            self.deferred.append((statement, []))
        self.deferred[-1][1].append(parameters)

    async def flush(self) -> None:
        """Run what was put off."""
        for statement, rows in self.deferred:
            await self.connection.execute(statement, rows)
        self.deferred.clear()

    def emit(self, *events: Event) -> None:
        """Publish events with this transaction, in order."""
        self.emitted.extend(events)

    def reply(self, *result_ids: str, **result: Any) -> None:
        """Set what the CommandDone of the command being handled says."""
        self.result_ids = result_ids
        self.answer = result


@dataclass(frozen=True)
class On:
    """One row: a message class, its handler, and how it may run.

    key: a field of the message; a failing message holds back later ones with the same value, others go on. None holds
    back the whole row. work: see Work; the messages of different keys may overtake each other. prepare: see Prepare; for rows
    whose messages must be handled in stream order. refusal: the facts that tell others of a refused command
    or a buried message. remember: keep the ids seen; False where the handler itself knows (a natural key).
    """

    message: type[Message]
    handle: Handler
    key: str | None = None
    work: Work | None = None
    prepare: Prepare | None = None
    remember: bool = True
    refusal: Callable[[Any, PermanentError], Sequence[Event]] | None = None

    @property
    def is_slow(self) -> bool:
        """Tell whether the handler takes a third argument, the result of slow work done before its transaction."""
        return self.work is not None or self.prepare is not None

    @property
    def is_command(self) -> bool:
        """Tell whether the row takes an order rather than a fact."""
        return issubclass(self.message, Command)

    def key_of(self, message: Message) -> str:
        """Return the value that later messages of the same key wait for."""
        return str(getattr(message, self.key)) if self.key else ""


class Outlet(Protocol):
    """How a service's own tasks (a feed, a timer, a web request) reach the bus and their state: by transactions too."""

    @property
    def state(self) -> Any:
        """The service's state as of the last commit."""
        ...

    async def commit(self, act: Callable[[Tx], Awaitable[None]]) -> None:
        """Run `act` in a transaction of its own; what it emits is published after the commit.

        Raises StoreUnavailableError when the database stays locked or full; nothing is published then.
        """
        ...

    async def send(self, message: Message) -> None:
        """Publish a command, acknowledged by the stream; raises BusUnavailableError."""
        ...

    async def tell(self, event: Event) -> None:
        """Publish an unstored event (progress, ticks); a lost one is no loss."""
        ...

    async def ask(self, command: Command, timeout_s: float) -> Event:
        """Send a command and return its CommandDone or CommandRefused; raises TimedOutError while the work goes on."""
        ...

    async def lag(self, stream: str) -> int:
        """Return the largest number of messages any row of any service still has to handle from `stream`."""
        ...

    def beats(self) -> AsyncIterator[ServiceBeat]:
        """Yield the pulse of every service as it comes."""
        ...

    def hear(self, kind: type[E]) -> AsyncIterator[E]:
        """Yield every fact of a class as it comes, stored or not; a slow reader misses some."""
        ...


Task = Callable[[Outlet], Coroutine[Any, Any, None]]
"""A service's own long-running task, cancelled at shutdown; run again from its start after a fault of database or bus."""


@dataclass(frozen=True)
class Service:
    """Everything the runtime needs to run one service.

    migrations: the service's numbered schema steps. load: reads the in-memory state from SQL at start.
    tasks: run beside the rows. details: what the pulse tells beside the usual; called every 2 s, so it must be quick. close: called once
    the rows have ended.
    """

    name: str
    table: Sequence[On]
    migrations: Sequence[Migration] = ()
    load: Callable[[AsyncConnection], Awaitable[Any]] | None = None
    tasks: Sequence[Task] = field(default=())
    details: Callable[[], Mapping[str, object]] | None = None
    close: Callable[[], None] | None = None
