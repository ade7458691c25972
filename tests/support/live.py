"""The whole system as processes, with the commands and the reading of streams that end-to-end tests share."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from deploy.local import SERVICES, System
from libs.client.rerun import PARITY_ENV
from libs.common.bus.connection import Connection, connect
from libs.common.bus.outlet import BusOutlet
from libs.common.commands import Command
from libs.common.events import CommandDone, CommandRefused
from libs.common.messages import Message
from libs.common.streams import stored_in
from tests.support.build import START

M = TypeVar("M", bound=Message)

PARITY = {"SENTINEL_FEED": "files", "SENTINEL_SIMULATION_SPEED": "0"} | PARITY_ENV
"""The settings under which paper trading is the backtest replayed: no limit of the live loop applies."""


class Live:
    """A running system and a link to its bus."""

    def __init__(self, system: System, link: Connection):
        self.system = system
        self.link = link
        self.outlet = BusOutlet(None, link)
        self._asked = 0

    async def start_again(self) -> None:
        """Start the system after it was stopped or killed, and link up once it is ready."""
        await self.system.start()
        await self.system.wait_ready()
        self.link = await connect(self.system.nats_url, "test")
        self.outlet = BusOutlet(None, self.link)

    async def kill_all(self) -> None:
        """End every process at once with SIGKILL, the bus too."""
        await self.link.close()
        self.system.hurry()
        await self.system.stop()

    async def ask(self, command: type[Command], timeout_s: float = 60, **fields: Any) -> CommandDone:
        """Send a command with an id that only depends on what was asked before; a refusal is an AssertionError."""
        answer = await self.try_ask(command, timeout_s, **fields)
        assert isinstance(answer, CommandDone), answer
        return answer

    async def try_ask(
        self, command: type[Command], timeout_s: float = 60, **fields: Any
    ) -> CommandDone | CommandRefused:
        self._asked += 1
        message = command.first(key=f"{self._asked}", at=START, asked_by="test", **fields)
        answer = await self.outlet.ask(message, timeout_s)
        assert isinstance(answer, CommandDone | CommandRefused)
        return answer

    async def read(self, kind: type[M]) -> list[M]:
        """Return every message of a class that its stream holds, in order."""
        return [kind.parse(body, subject) for subject, body in await self.raw(kind.wildcard())]

    async def raw(self, wildcard: str) -> list[tuple[str, bytes]]:
        """Return (subject, body) of everything a stream holds on a subject filter, in order."""
        js = self.link.client.jetstream(timeout=5)
        stream = stored_in(wildcard)
        config = ConsumerConfig(
            filter_subject=wildcard,
            deliver_policy=DeliverPolicy.ALL,
            ack_policy=AckPolicy.NONE,
            inactive_threshold=30,
        )
        info = await js.add_consumer(stream, config)
        subscription = await js.pull_subscribe_bind(info.name, stream)
        found: list[tuple[str, bytes]] = []
        left = info.num_pending or 0
        while left > 0:
            batch = await subscription.fetch(min(left, 500), timeout=5)
            found += [(message.subject, message.data) for message in batch]
            left -= len(batch)
        await subscription.unsubscribe()
        await js.delete_consumer(stream, info.name)
        return found

    async def wait_for(self, kind: type[M], count: int = 1, timeout_s: float = 60, **match: Any) -> list[M]:
        """Return the messages of a class whose fields match, once there are enough."""
        async with asyncio.timeout(timeout_s):
            while True:
                try:
                    found = [m for m in await self.read(kind) if all(getattr(m, k) == v for k, v in match.items())]
                except NotFoundError:
                    found = []
                if len(found) >= count:
                    return found
                await asyncio.sleep(0.1)


@asynccontextmanager
async def live(
    folder: Path, env: Mapping[str, str] | None = None, services: tuple[str, ...] = SERVICES, workers: int = 0
) -> AsyncIterator[Live]:
    """Run the system on `folder`; everything is stopped at the end, whatever happens."""
    system = System(folder, env=env, ports="free", services=services, workers=workers)
    await system.start()
    try:
        await system.wait_ready()
        running = Live(system, await connect(system.nats_url, "test"))
        try:
            yield running
        finally:
            await running.link.close()
    finally:
        await system.stop()
