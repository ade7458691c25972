"""Rows with slow work: one key's work holds up no other key, and nothing is worked on twice."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from nats.aio.client import Client

from deploy.nats import NatsServer
from libs.common.bus import On, Service, Tx
from libs.common.clock import WallClock
from libs.common.errors import RefusedError
from libs.common.events import BarClosed, Event
from libs.common.runtime import Runner
from libs.common.settings import CommonSettings
from tests.integration.test_bus import messages, publish, until, wait_for
from tests.support.build import bar, signal


class Slow:
    """Works on a symbol only once its gate is open."""

    def __init__(self) -> None:
        self.gates = {"SLOW": asyncio.Event(), "FAST": asyncio.Event()}
        self.gates["FAST"].set()
        self.worked: list[str] = []

    async def work(self, closed: BarClosed) -> str:
        await self.gates[closed.symbol].wait()
        if closed.open_time == bar(9).open_time:
            raise RefusedError("not the ninth")
        self.worked.append(closed.event_id)
        return closed.symbol

    async def handle(self, closed: BarClosed, tx: Tx, worked: str) -> Sequence[Event]:
        assert worked == closed.symbol
        return [signal(closed)]

    def runner(self, server: NatsServer, folder: Path) -> Runner:
        service = Service("slow", [On(BarClosed, self.handle, key="symbol", work=self.work)])
        return Runner(service, CommonSettings(data_dir=folder, nats_url=server.url), WallClock())


async def test_slow_key_holds_up_no_other_and_nothing_is_worked_on_twice(
    server: NatsServer, client: Client, tmp_path: Path
) -> None:
    app = Slow()
    runner = app.runner(server, tmp_path)
    task = asyncio.create_task(runner.run())
    await publish(client, bar(0, "SLOW"), *(bar(n, "FAST") for n in range(20)), bar(9, "SLOW"), bar(1, "SLOW"))
    await wait_for(client, "SIGNALS", 19)
    await wait_for(client, "DEAD", 1)
    assert await messages(client, "SIGNALS") == 19
    await client.jetstream().publish(bar(0, "FAST").subject_name(), bar(0, "FAST").body())
    app.gates["SLOW"].set()
    await wait_for(client, "SIGNALS", 21)
    await wait_for(client, "DEAD", 2)
    await until(lambda: sum(worker.backlog for worker in runner.workers) == 0)
    assert len(app.worked) == len(set(app.worked)) == 21
    runner.stopping.set()
    await task
