"""What routes are given: reads of the read model, commands out, and nothing else of the process."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.bus.table import Outlet, Tx
from libs.common.clock import Clock
from libs.common.commands import Command
from libs.common.db import Database
from libs.common.errors import BadStrategyError, PermanentError
from libs.common.events import CommandDone, CommandRefused
from libs.common.messages import MAX_BODY_BYTES
from libs.common.values import derive_id
from libs.market.catalog import Catalog
from services.gateway.bodies import make_command
from services.gateway.edge import new_id
from services.gateway.live import Live
from services.gateway.problems import RequestError
from services.gateway.progress import Progress
from services.gateway.pulse import Pulse
from services.gateway.settings import Settings
from services.gateway.tables import REQUESTS

T = TypeVar("T")

SEE_OWN_WRITE_S = 2.0
"""How long a creating request waits for the read model to show what it made."""

_POLL_S = 0.05


@dataclass(frozen=True)
class Answer:
    """What became of a command: ids of what it made, its own words, and whether it had been answered before."""

    command_id: str
    ids: tuple[str, ...]
    result: dict[str, Any]
    replayed: bool

    def body(self) -> dict[str, Any]:
        """Return the JSON body of a route that only acts."""
        return {"command_id": self.command_id, "ids": list(self.ids), "result": self.result}

    def headers(self) -> dict[str, str]:
        """Return the headers that say it is an old answer."""
        return {"Idempotency-Replayed": "true"} if self.replayed else {}


@dataclass(frozen=True)
class Gateway:
    """The gateway's reach: settings, the read model, the bar catalog, the pulse, the bus, the progress of jobs."""

    settings: Settings
    database: Database
    outlet: Outlet
    catalog: Catalog
    pulse: Pulse
    live: Live
    clock: Clock
    progress: Progress = field(default_factory=Progress)

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Open a read transaction on the read model."""
        return self.database.read()

    async def act(self, kind: type[Command], fields: dict[str, Any], key: str | None = None) -> Answer:
        """Send the command `fields` ask for and return its answer.

        key: the request's Idempotency-Key; the same key and fields have one effect and one answer. Raises
        InvalidFieldsError, RequestError for one too large for the bus, PermanentError with the service's own code when it refuses,
        TimedOutError, BusUnavailableError.
        """
        command_id = derive_id(key, kind.__name__, "gateway") if key else new_id()
        command = make_command(kind, fields, command_id, self.clock.now())
        if len(command.body()) > MAX_BODY_BYTES:
            raise RequestError(
                f"a command may have {MAX_BODY_BYTES} bytes, this one is larger", code="request.too_large"
            )
        replayed = bool(key) and not await self._claim(command, fields)
        answer = await self.outlet.ask(command, self.settings.ask_timeout_s)
        if isinstance(answer, CommandRefused):
            raise _refusal(answer)
        if not isinstance(answer, CommandDone):
            raise TypeError(f"{type(answer).__name__} is not an answer")
        return Answer(command_id, answer.result_ids, answer.result, replayed)

    async def _claim(self, command: Command, fields: dict[str, Any]) -> bool:
        digest = hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
        known: list[str] = []

        async def claim(tx: Tx) -> None:
            known.clear()
            query = select(REQUESTS.c.digest).where(REQUESTS.c.command_id == command.event_id)
            known.extend((await tx.connection.scalars(query)).all())
            if not known:
                values = {"command_id": command.event_id, "digest": digest, "at": command.at}
                await tx.connection.execute(insert(REQUESTS).values(**values))

        await self.outlet.commit(claim)
        if known and known != [digest]:
            raise RequestError(
                "this Idempotency-Key was used for another request",
                code="idempotency.other_body",
                hint="take a new key",
            )
        return not known

    async def seen(
        self, look: Callable[[AsyncConnection], Awaitable[T | None]], within_s: float = SEE_OWN_WRITE_S
    ) -> T | None:
        """Return what `look` finds in the read model, waiting `within_s` for facts on their way; None after that."""
        give_up = self.clock.monotonic() + within_s
        while True:
            async with self.read() as connection:
                found = await look(connection)
            if found is not None or self.clock.monotonic() >= give_up:
                return found
            await asyncio.sleep(_POLL_S)


def _refusal(answer: CommandRefused) -> PermanentError:
    if answer.diagnostics:
        words = {"code": answer.code, "pointer": answer.pointer, "hint": answer.hint}
        return BadStrategyError(answer.detail, diagnostics=answer.diagnostics, **words)
    return PermanentError(answer.detail, code=answer.code, pointer=answer.pointer, hint=answer.hint)
