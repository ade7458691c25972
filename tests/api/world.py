"""The gateway's real application over its real read model; only the bus is a function here."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from libs.common.bus.table import Tx
from libs.common.clock import WallClock
from libs.common.commands import Command
from libs.common.db import Database
from libs.common.events import CommandDone, CommandRefused, Event, ServiceBeat
from libs.common.messages import Message
from libs.market.catalog import Catalog
from services.gateway.api import build_api
from services.gateway.app import App
from services.gateway.gateway import Gateway
from services.gateway.live import Live
from services.gateway.pulse import Pulse
from services.gateway.settings import Settings
from services.gateway.status_page import load_page
from tests.support.bench import Bench

BASE = "http://127.0.0.1:3000"


def done(command: Command, *ids: str, **result: Any) -> CommandDone:
    fields: dict[str, Any] = {"service": command.service(), "command_id": command.event_id}
    return CommandDone.after(command, key="answer", **fields, result_ids=ids, result=result)


def refused(command: Command, code: str, **words: Any) -> CommandRefused:
    fields: dict[str, Any] = {"service": command.service(), "command_id": command.event_id, "detail": "no", **words}
    return CommandRefused.after(command, key="answer", code=code, **fields)


@dataclass
class FakeOutlet:
    """An Outlet whose bus is the function `answer`; its transactions are the service's own."""

    bench: Bench
    answer: Callable[[Command], Event] = done
    asked: list[Command] = field(default_factory=list)
    pulses: list[ServiceBeat] = field(default_factory=list)
    heard: list[Event] = field(default_factory=list)

    @property
    def state(self) -> Any:
        return self.bench.state

    async def commit(self, act: Callable[[Tx], Awaitable[None]]) -> None:
        await self.bench.transactor.commit(act)

    async def send(self, message: Message) -> None:
        raise NotImplementedError

    async def tell(self, event: Event) -> None:
        raise NotImplementedError

    async def ask(self, command: Command, timeout_s: float) -> Event:
        self.asked.append(command)
        return self.answer(command)

    async def lag(self, stream: str) -> int:
        return 0

    async def hear(self, kind: type[Event]) -> AsyncIterator[Event]:
        for event in self.heard:
            yield event

    async def beats(self) -> AsyncIterator[ServiceBeat]:
        for beat in self.pulses:
            yield beat


@dataclass
class World:
    """A gateway with a client in front of it."""

    settings: Settings
    bench: Bench
    outlet: FakeOutlet
    gateway: Gateway
    client: httpx.AsyncClient
    app: App

    async def fold(self, *messages: Message) -> None:
        """Hand facts of any kinds to the real handlers, one delivery each."""
        for message in messages:
            await self.bench.deliver(message)
            assert not self.bench.failed

    async def get(self, path: str, **query: Any) -> Any:
        """Return the JSON of a GET that must succeed."""
        reply = await self.client.get(path, params=query)
        assert reply.status_code == 200, reply.text
        return reply.json()


@asynccontextmanager
async def open_world(folder: Path, **changes: Any) -> AsyncIterator[World]:
    settings = Settings(data_dir=folder, port=0, **changes)
    clock = WallClock()
    app = App(settings, clock, Live(clock, settings.max_sockets))
    async with Bench.open(app.service(), folder / "sql") as bench:
        database = await Database.open(settings.database_for("gateway"))
        outlet = FakeOutlet(bench)
        gateway = Gateway(settings, database, outlet, Catalog(settings.catalog_dir), Pulse(clock), app.live, clock)
        transport = httpx.ASGITransport(build_api(gateway, load_page()))
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            yield World(settings, bench, outlet, gateway, client, app)
        await database.close()


@contextmanager
def nothing_asked(world: World) -> Iterator[None]:
    """Fail when the block lets a command through."""
    before = len(world.outlet.asked)
    yield
    assert len(world.outlet.asked) == before
