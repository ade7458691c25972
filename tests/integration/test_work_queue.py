"""A work queue on a real server: pieces are shared, given back by workers that end, and buried when nobody can read them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from nats.aio.client import Client
from nats.js.api import StreamConfig

from deploy.nats import NatsServer
from libs.common.bus import queue
from libs.common.bus.connection import connect
from libs.common.bus.queue import WorkQueue
from libs.common.errors import StoreUnavailableError
from libs.common.events import Event, ShardDone, ShardReady
from libs.common.studies import RunScreen
from services.backtest.jobs.worker import QUEUE
from tests.support.build import START

KEY = "ab" * 32
Act = Callable[[ShardReady, int], Awaitable[Event | None]]


def ready(number: int) -> ShardReady:
    command = RunScreen.first(key="x", at=START)
    words = {"job_id": command.event_id, "number": number, "mode": "screen", "task_key": KEY, "part": {"symbols": []}}
    return ShardReady.after(command, key=str(number), **words)


def done(piece: ShardReady) -> ShardDone:
    return ShardDone.after(piece, job_id=piece.job_id, number=piece.number, result_key=KEY)


async def put(client: Client, *pieces: ShardReady) -> None:
    for piece in pieces:
        await client.jetstream().publish(piece.subject_name(), piece.body())


async def left(client: Client, stream: str) -> int:
    return int((await client.jetstream().stream_info(stream)).state.messages)


async def until(client: Client, stream: str, count: int) -> None:
    async with asyncio.timeout(20):
        while await left(client, stream) != count:
            await asyncio.sleep(0.02)


@asynccontextmanager
async def working(server: NatsServer, act: Act, slots: int = 1) -> AsyncIterator[asyncio.Task[None]]:
    connection = await connect(server.url, "worker")
    task = asyncio.create_task(WorkQueue(connection, QUEUE, ShardReady).serve(act, slots))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})
        await connection.close()


async def test_workers_share_the_pieces_and_each_is_answered_once(server: NatsServer, client: Client) -> None:
    did: dict[str, list[int]] = {"one": [], "two": []}

    def act_of(name: str) -> Act:
        async def act(piece: ShardReady, delivery: int) -> Event:
            did[name].append(piece.number)
            await asyncio.sleep(0.05)
            return done(piece)

        return act

    async with working(server, act_of("one")), working(server, act_of("two")):
        await put(client, *map(ready, range(12)))
        await until(client, "SHARDS", 12)
        await until(client, "JOBS", 0)
    assert sorted(did["one"] + did["two"]) == list(range(12))
    assert min(len(did["one"]), len(did["two"])) >= 4


async def test_worker_that_is_stopped_gives_its_piece_back_at_once(server: NatsServer, client: Client) -> None:
    began, deliveries = asyncio.Event(), list[int]()

    async def never(piece: ShardReady, delivery: int) -> Event:
        began.set()
        await asyncio.sleep(60)
        return done(piece)

    async def prompt(piece: ShardReady, delivery: int) -> Event:
        deliveries.append(delivery)
        return done(piece)

    async with working(server, never):
        await put(client, ready(0))
        await began.wait()
    async with asyncio.timeout(queue.ACK_WAIT_S / 2), working(server, prompt):
        await until(client, "SHARDS", 1)
    assert deliveries == [2]


async def test_slow_piece_is_not_given_to_another_while_it_is_worked_on(
    server: NatsServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "ACK_WAIT_S", 0.6)
    deliveries: list[int] = []

    async def slow(piece: ShardReady, delivery: int) -> Event:
        deliveries.append(delivery)
        await asyncio.sleep(2.0)
        return done(piece)

    async with working(server, slow, slots=2):
        await put(client, ready(0))
        await until(client, "SHARDS", 1)
        await until(client, "JOBS", 0)
    assert deliveries == [1]


async def test_passing_trouble_is_tried_again_and_a_piece_nobody_wants_is_dropped(
    server: NatsServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "_AGAIN_S", 0.05)
    deliveries: list[int] = []

    async def act(piece: ShardReady, delivery: int) -> Event | None:
        deliveries.append(delivery)
        if delivery < 3:
            raise StoreUnavailableError("the disk is full")
        return None

    async with working(server, act):
        await put(client, ready(0))
        await until(client, "JOBS", 0)
    assert deliveries == [1, 2, 3]
    assert await left(client, "SHARDS") == 0


async def test_piece_that_cannot_be_read_is_buried_and_the_next_is_done(server: NatsServer, client: Client) -> None:
    async def act(piece: ShardReady, delivery: int) -> Event:
        return done(piece)

    async with working(server, act):
        await client.jetstream().publish("jobs.x.0", b"{}")
        await put(client, ready(1))
        await until(client, "SHARDS", 1)
        await until(client, "DEAD", 1)
        await until(client, "JOBS", 0)


async def test_worker_waits_out_a_bus_that_forgot_its_consumer(server: NatsServer, client: Client) -> None:
    async def act(piece: ShardReady, delivery: int) -> Event:
        return done(piece)

    async with working(server, act):
        await put(client, ready(0))
        await until(client, "SHARDS", 1)
        js = client.jetstream()
        config: StreamConfig = (await js.stream_info("JOBS")).config
        await js.delete_stream("JOBS")
        await js.add_stream(config)
        await put(client, ready(1))
        await until(client, "SHARDS", 2)
