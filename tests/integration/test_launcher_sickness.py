"""The launcher on a sick machine: it waits for room, waits for a slow bus, and starts a bus again that has stopped storing."""

import asyncio
from pathlib import Path

import nats
import psutil
import pytest

from deploy.local import System, pid_file
from deploy.locks import holder
from libs.common.bus import Outlet, Service
from libs.common.clock import WallClock
from libs.common.errors import StoreUnavailableError
from libs.common.runtime import Runner
from libs.common.settings import CommonSettings
from tests.support.sickness import Gate, full, logged, make_all_streams_fail, says, small_disk, until


async def test_start_without_room_waits_says_why_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.room.NEEDED_BYTES", 1 << 62)
    system = System(tmp_path, services=(), ports="free")
    starting = asyncio.create_task(system.start())
    await until(lambda: "the disk is full" in system.last_words.get("launcher", ""))
    assert str(tmp_path) in system.last_words["launcher"]
    assert not starting.done()
    monkeypatch.setattr("deploy.room.NEEDED_BYTES", 0)
    await starting
    await system.stop()
    assert says(tmp_path, "there is room again") == {"launcher"}


async def test_start_that_waits_for_room_can_be_called_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.room.NEEDED_BYTES", 1 << 62)
    system = System(tmp_path, services=(), ports="free")
    starting = asyncio.create_task(system.start())
    await until(lambda: system.last_words)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert holder(pid_file(tmp_path)) is None


async def test_bus_that_takes_long_to_start_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.nats.IMPATIENT_AFTER_S", 0.1)
    gate = Gate(tmp_path, monkeypatch)
    system = System(tmp_path / "data", services=(), ports="free")
    with gate.closed():
        starting = asyncio.create_task(system.start())
        await until(lambda: "not ready yet; still waiting" in system.last_words.get("launcher", ""))
        assert not starting.done()
    await starting
    await system.stop()


async def test_bus_that_cannot_store_is_started_again_once_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 32) as disk:
        system = System(disk / "data", services=(), ports="free")
        await system.start()
        client = await nats.connect(
            system.nats_url, max_reconnect_attempts=-1, reconnect_time_wait=0.05, error_cb=_quiet
        )
        try:
            js = client.jetstream(timeout=2)
            for number in range(20):
                await js.publish("orders.test", str(number).encode())
            before = system.pid_of("nats")
            assert before is not None
            async with full(disk):
                await make_all_streams_fail(js)
                await until(lambda: "the disk is full" in system.last_words.get("launcher", ""))
                assert psutil.pid_exists(before)
            await until(lambda: system.pid_of("nats") not in (None, before))
            await until(lambda: client.is_connected)
            assert (await js.publish("orders.test", b"20")).seq > 20
            first = [(await js.get_msg("MONEY", seq)).data for seq in range(1, 21)]
            assert first == [str(number).encode() for number in range(20)]
        finally:
            await client.close()
            await system.stop()
        assert logged(disk / "data")


async def _quiet(_: Exception) -> None:
    return


async def test_task_ended_by_a_sick_database_begins_again_and_a_bug_ends_the_service(tmp_path: Path) -> None:
    system = System(tmp_path, services=(), ports="free")
    await system.start()
    ends = [ExceptionGroup("web", [StoreUnavailableError("locked")]), KeyError("a bug")]
    try:

        async def task(_: Outlet) -> None:
            raise ends.pop(0)

        settings = CommonSettings(data_dir=tmp_path, nats_url=system.nats_url)
        with pytest.raises(ExceptionGroup) as caught:
            await Runner(Service("tasked", [], tasks=(task,)), settings, WallClock()).run()
        assert caught.group_contains(KeyError)
        assert ends == []
    finally:
        await system.stop()
