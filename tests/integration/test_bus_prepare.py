"""Rows that prepare whole batches: handled in stream order, prepared before the transaction, faults of our own waited out."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nats.aio.client import Client

from deploy.nats import NatsServer
from libs.common.bus import On, Service, Tx
from libs.common.clock import WallClock
from libs.common.errors import TransientError
from libs.common.events import BarClosed, Event
from libs.common.runtime import Runner
from libs.common.settings import CommonSettings
from tests.integration.test_bus import messages, publish, wait_for
from tests.support.build import bar, signal


class Prepared:
    """Prepares a batch by noting its bars; fails as it is told."""

    def __init__(self) -> None:
        self.busy = 0
        self.bad: set[str] = set()
        self.handled: list[tuple[str, int]] = []

    async def prepare(self, bars: Sequence[BarClosed], state: Any) -> set[str]:
        if self.busy:
            self.busy -= 1
            raise TransientError("busy")
        if self.bad & {bar.event_id for bar in bars}:
            raise ValueError("a bad one")
        return {bar.event_id for bar in bars}

    async def handle(self, closed: BarClosed, tx: Tx, prepared: set[str]) -> Sequence[Event]:
        assert closed.event_id in prepared
        self.handled.append((closed.symbol, closed.open_time.hour))
        return [signal(closed)]

    def runner(self, server: NatsServer, folder: Path) -> Runner:
        service = Service("slow", [On(BarClosed, self.handle, key="symbol", prepare=self.prepare)])
        return Runner(service, CommonSettings(data_dir=folder, nats_url=server.url), WallClock())


async def test_prepared_bars_are_handled_in_stream_order_and_a_busy_sandbox_is_waited_out(
    server: NatsServer, client: Client, tmp_path: Path
) -> None:
    app = Prepared()
    app.busy = 2
    runner = app.runner(server, tmp_path)
    await publish(client, *(bar(n, symbol) for n in range(10) for symbol in ("A", "B")))
    task = asyncio.create_task(runner.run())
    await wait_for(client, "SIGNALS", 20)
    assert app.handled == [(symbol, n) for n in range(10) for symbol in ("A", "B")]
    assert await messages(client, "DEAD") == 0
    runner.stopping.set()
    await task


async def test_bar_whose_preparation_fails_holds_its_key_alone(
    server: NatsServer, client: Client, tmp_path: Path
) -> None:
    app = Prepared()
    app.bad = {bar(1, "BAD").event_id}
    runner = app.runner(server, tmp_path)
    await publish(client, *(bar(n, symbol) for n in range(3) for symbol in ("BAD", "GOOD")))
    task = asyncio.create_task(runner.run())
    await wait_for(client, "SIGNALS", 4)
    assert app.handled == [("BAD", 0), ("GOOD", 0), ("GOOD", 1), ("GOOD", 2)]
    app.bad.clear()
    await wait_for(client, "SIGNALS", 6)
    assert app.handled[4:] == [("BAD", 1), ("BAD", 2)]
    runner.stopping.set()
    await task
