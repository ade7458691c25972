"""A real nats-server for every test that asks, on a free port, with all streams."""

from collections.abc import AsyncIterator
from pathlib import Path

import nats
import pytest_asyncio
from nats.aio.client import Client

from deploy.journal import open_journal
from deploy.nats import NatsServer
from libs.common import streams


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[NatsServer]:
    journal = open_journal(tmp_path / "bus-data", quiet=True)
    running = NatsServer(tmp_path / "bus-data", journal, None)
    await running.start()
    try:
        client = await nats.connect(running.url)
        await streams.ensure(client.jetstream())
        await client.close()
        yield running
    finally:
        await running.stop(2.0)
        journal.close()


@pytest_asyncio.fixture
async def client(server: NatsServer) -> AsyncIterator[Client]:
    connected = await nats.connect(server.url)
    try:
        yield connected
    finally:
        await connected.close()
