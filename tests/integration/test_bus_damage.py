"""Damage below the body: headers and subjects no client should send, a consumer that is taken away, and retries meant for one row."""

import asyncio
from pathlib import Path

import pytest
from nats.aio.client import Client

from deploy.nats import NatsServer
from libs.common.bus import On, Service
from libs.common.bus.dead import RETRY_HEADER, list_dead
from libs.common.clock import WallClock
from libs.common.events import BarClosed
from libs.common.runtime import Runner
from libs.common.settings import CommonSettings
from tests.integration.test_bus import Echo, publish, running, until, wait_for
from tests.support.build import bar

RAW = {
    "header block without a line": b"HPUB prices.BTCUSDT 4 6\r\nabcd{}\r\n",
    "header line without an end": b"HPUB prices.BTCUSDT 8 10\r\nNATS/1.0{}\r\n",
    "status of a server": b"HPUB prices.BTCUSDT 16 18\r\nNATS/1.0 503\r\n\r\n{}\r\n",
    "header that is not UTF-8": b"HPUB prices.BTCUSDT 18 20\r\nNATS/1.0\r\n\xff: \xfe\r\n\r\n{}\r\n",
    "subject that is not UTF-8": b"PUB prices.\xff\xfe 2\r\n{}\r\n",
    "subject that is a wildcard": b"PUB prices.* 2\r\n{}\r\n",
    "subject at the limit": b"PUB prices." + b"A" * 4_040 + b" 2\r\n{}\r\n",
}


async def write_raw(server: NatsServer, command: bytes) -> None:
    """Speak the server's protocol by hand, as a client library would not."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b'CONNECT {"verbose":false,"pedantic":false,"headers":true}\r\n' + command + b"PING\r\n")
    await asyncio.wait_for(reader.readuntil(b"PONG\r\n"), 5)
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("command", RAW.values(), ids=RAW.keys())
async def test_damaged_message_is_buried_and_the_next_one_handled(
    server: NatsServer, client: Client, tmp_path: Path, command: bytes
) -> None:
    app = Echo()
    async with running(app, server, tmp_path):
        await write_raw(server, command)
        await publish(client, bar(7))
        await until(lambda: app.handled == [bar(7)], 5)
        await wait_for(client, "DEAD", 1, 5)
        (grave,) = await list_dead(client)
    assert (grave.row, grave.body) == ("echo-BarClosed", b"{}")
    assert grave.subject.startswith("prices.")


async def test_row_whose_consumer_is_taken_away_makes_it_again_and_goes_on(
    server: NatsServer, client: Client, tmp_path: Path
) -> None:
    app = Echo()
    async with running(app, server, tmp_path) as runner:
        await publish(client, bar(1))
        await until(lambda: app.handled == [bar(1)])
        await client.jetstream().delete_consumer("PRICES", "echo-BarClosed")
        await until(lambda: runner.workers[0].last_error, 10)
        assert "the bus does not deliver" in (runner.workers[0].last_error or "")
        await publish(client, bar(2))
        await until(lambda: app.handled == [bar(1), bar(2)], 10)
        await until(lambda: runner.workers[0].last_error is None, 10)


async def test_message_sent_again_is_handled_by_the_row_it_is_meant_for_alone(
    server: NatsServer, client: Client, tmp_path: Path
) -> None:
    first, second = Echo(), Echo()
    service = Service("other", [On(BarClosed, second.on_bar)])
    runner = Runner(service, CommonSettings(data_dir=tmp_path, nats_url=server.url), WallClock())
    async with running(first, server, tmp_path):
        task = asyncio.create_task(runner.run())
        await client.jetstream().publish("prices.BTCUSDT", bar(1).body(), headers={RETRY_HEADER: "other-BarClosed"})
        await publish(client, bar(2))
        await until(lambda: second.handled == [bar(1), bar(2)] and first.handled == [bar(2)])
        runner.stopping.set()
        await task
