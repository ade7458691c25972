"""`WS /ws` and the web server itself: a real uvicorn on a free port."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from libs.common.errors import RefusedError
from services.gateway.live import QUEUE
from services.gateway.server import listen
from services.gateway.settings import Settings
from tests.api.facts import filled, story
from tests.api.world import World, open_world


@asynccontextmanager
async def served(world: World) -> AsyncIterator[str]:
    """Run the service's own web task; yield host:port once the port file is there."""
    task = asyncio.create_task(world.app.web(world.outlet), name="web")
    try:
        while not world.settings.port_file.exists():
            await asyncio.wait({task}, timeout=0.01)
            if task.done():
                task.result()
        address = f"127.0.0.1:{world.settings.port_file.read_text().strip()}"
        async with httpx.AsyncClient() as client:
            while (await client.get(f"http://{address}/healthz")).status_code != 200:
                await asyncio.sleep(0)
        yield address
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_fill_reaches_the_socket_as_the_documented_trade(world: World) -> None:
    async with served(world) as address, connect(f"ws://{address}/ws") as socket:
        await world.fold(story().fill)
        trade = json.loads(await socket.recv())
    assert trade == {
        "id": 1,
        "timestamp": "2024-01-01T07:00:00Z",
        "asset": "BTC",
        "action": "BUY",
        "price": 100.0,
        "reasoning": "RSI 28 < 30",
        "confidence": 85,
    }


async def test_fills_arrive_once_and_in_order(world: World) -> None:
    fills = [filled(story().filled, n) for n in range(1_200)]
    async with served(world) as address, connect(f"ws://{address}/ws") as socket:
        for start in range(0, len(fills), 100):
            await world.bench.deliver(*fills[start : start + 100])
            await world.bench.deliver(*fills[start : start + 100])
            for _ in range(100):
                await socket.recv()
        await world.fold(filled(story().filled, 5_000))
        last = json.loads(await socket.recv())
    assert last["timestamp"] == "2024-07-27T08:00:00Z"


async def test_stop_with_open_sockets_is_quick_and_takes_the_port_file(world: World) -> None:
    async with served(world) as address, connect(f"ws://{address}/ws") as socket:
        (web,) = (task for task in asyncio.all_tasks() if task.get_name() == "web")
        async with asyncio.timeout(3):
            web.cancel()
            assert await closed(socket) == 1012
            await asyncio.wait({web})
        assert not world.settings.port_file.exists()


async def closed(socket: ClientConnection) -> int:
    with pytest.raises(ConnectionClosed) as end:
        await socket.recv()
    assert end.value.rcvd is not None
    return end.value.rcvd.code


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost.evil.example", "http://127.0.0.1:9"]
)
async def test_socket_of_another_origin_is_refused(world: World, origin: str) -> None:
    async with served(world) as address:
        with pytest.raises(InvalidStatus) as refusal:
            async with connect(f"ws://{address}/ws", additional_headers={"Origin": origin}):
                pass
        assert refusal.value.response.status_code == 403
        async with connect(f"ws://{address}/ws", additional_headers={"Origin": f"http://{address}"}):
            pass


async def test_socket_for_another_host_is_refused(world: World) -> None:
    async with served(world) as address:
        port = address.rpartition(":")[2]
        with pytest.raises(InvalidStatus):
            async with connect(f"ws://rebound.example:{port}/ws", host="127.0.0.1", port=int(port)):
                pass


async def test_socket_that_floods_is_closed_with_1008(world: World) -> None:
    async with served(world) as address, connect(f"ws://{address}/ws") as socket:
        for _ in range(150):
            try:
                await socket.send("{}")
            except ConnectionClosed:
                break
        assert await closed(socket) == 1008


async def test_frame_beyond_the_limit_is_closed_with_1009(world: World) -> None:
    async with served(world) as address, connect(f"ws://{address}/ws") as socket:
        await socket.send("x" * 65_536)
        assert await closed(socket) == 1009


@pytest.mark.parametrize("frame", ["{", "[]", "null", "x", b"\x00\xff", "[" * 9_000])
async def test_what_a_client_says_changes_nothing(world: World, frame: str | bytes) -> None:
    async with served(world) as address, connect(f"ws://{address}/ws") as socket:
        await socket.send(frame)
        await world.fold(story().fill)
        assert json.loads(await socket.recv())["asset"] == "BTC"


async def test_reader_too_far_behind_is_closed_with_1013(world: World) -> None:
    async with served(world) as address, connect(f"ws://{address}/ws") as socket:
        for number in range(QUEUE + 1):
            world.app.live.publish({"id": number})
        assert await closed(socket) == 1013


async def test_socket_beyond_the_limit_is_closed_with_1013(tmp_path: Path) -> None:
    async with open_world(tmp_path, max_sockets=1) as world, served(world) as address:
        url = f"ws://{address}/ws"
        async with connect(url), connect(url) as second:
            assert await closed(second) == 1013


def test_port_in_use_is_refused_with_a_hint(tmp_path: Path) -> None:
    with listen(Settings(data_dir=tmp_path, port=0)) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(RefusedError) as refusal:
            listen(Settings(data_dir=tmp_path, port=port))
    assert "SENTINEL_PORT" in (refusal.value.hint or "")
