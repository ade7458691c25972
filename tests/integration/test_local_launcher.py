"""The launcher with a real nats-server and real child processes."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import nats
import psutil
import pytest
import pytest_asyncio

from deploy.health import Watch
from deploy.journal import Journal, open_journal
from deploy.local import System, pid_file
from deploy.locks import FileLock, holder
from deploy.nats import NatsServer, find_binary, version_of
from deploy.processes import Child, Program
from libs.common.errors import BadInputError, ConflictError, TimedOutError
from libs.common.messages import MAX_BODY_BYTES

ROOT = Path(__file__).resolve().parents[2]
SLEEPER = "import signal, sys, time\nprint('up', flush=True)\ntime.sleep(600)\n"
DEAF = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('up', flush=True)\ntime.sleep(600)\n"


async def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


@pytest_asyncio.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    opened = open_journal(tmp_path, quiet=True)
    yield opened
    opened.close()


def logged(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "sentinel.log").read_text().splitlines()]


def python(name: str, code: str) -> Program:
    return Program(name, [sys.executable, "-c", code])


async def test_system_started_and_stopped_leaves_no_process_and_starts_again(tmp_path: Path) -> None:
    for _ in range(2):
        system = System(tmp_path, services=(), ports="free")
        await system.start()
        await system.wait_ready()
        await system.drained(10)
        bus = system.pid_of("nats")
        assert bus is not None
        assert holder(pid_file(tmp_path)) == os.getpid()
        await system.stop()
        assert not psutil.pid_exists(bus)
        assert holder(pid_file(tmp_path)) is None


async def test_second_system_on_the_same_directory_is_refused_and_harms_nothing(tmp_path: Path) -> None:
    first = System(tmp_path, services=(), ports="free")
    await first.start()
    try:
        with pytest.raises(ConflictError) as caught:
            await System(tmp_path, services=(), ports="free").start()
        assert caught.value.code == "launcher.running"
        assert str(os.getpid()) in caught.value.detail
        assert first.pid_of("nats") is not None
        assert holder(pid_file(tmp_path)) == os.getpid()
    finally:
        await first.stop()


async def test_unknown_service_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(BadInputError):
        await System(tmp_path, services=("oracle",), ports="free").start()
    assert holder(pid_file(tmp_path)) is None


async def test_killed_bus_comes_back_on_its_port_with_everything_acknowledged(tmp_path: Path) -> None:
    system = System(tmp_path, services=(), ports="free")
    await system.start()
    try:
        url = system.nats_url
        client = await nats.connect(url, max_reconnect_attempts=-1, reconnect_time_wait=0.05, error_cb=_quiet)
        js = client.jetstream()
        for number in range(20):
            await js.publish("bars.test", str(number).encode())
        before = system.pid_of("nats")
        system.kill("nats")
        await until(lambda: system.restarts["nats"] == 1 and system.pid_of("nats") not in (None, before))
        await system.drained(20)
        assert system.nats_url == url
        await until(lambda: client.is_connected)
        assert (await js.stream_info("PRICES")).state.messages == 20
        await client.close()
    finally:
        await system.stop()


async def _quiet(_: Exception) -> None:
    return


async def test_orphaned_bus_ends_when_its_launcher_is_killed(tmp_path: Path) -> None:
    code = f"""
import asyncio
from pathlib import Path
from deploy.local import System
async def main():
    system = System(Path({str(tmp_path)!r}), services=(), ports="free")
    await system.start()
    print(system.pid_of("nats"), flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""
    launcher = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=subprocess.PIPE, cwd=ROOT)
    assert launcher.stdout is not None
    bus = int(await asyncio.wait_for(launcher.stdout.readline(), 20))
    launcher.kill()
    await launcher.wait()
    await until(lambda: not psutil.pid_exists(bus))
    again = System(tmp_path, services=(), ports="free")
    await again.start()
    await again.stop()


async def test_bus_holds_its_store_lock_without_its_launcher(tmp_path: Path, journal: Journal) -> None:
    server = NatsServer(tmp_path, journal, None)
    await server.start()
    try:
        assert server._lock is not None
        server._lock.release()
        server._lock = None
        assert FileLock.take(tmp_path / "bus" / "lock") is None
    finally:
        await server.stop()
    freed = FileLock.take(tmp_path / "bus" / "lock")
    assert freed is not None
    freed.release()


async def test_bus_takes_an_oversized_body_so_that_the_adapter_can_bury_it(tmp_path: Path, journal: Journal) -> None:
    server = NatsServer(tmp_path, journal, None)
    await server.start()
    try:
        client = await nats.connect(server.url)
        assert client.max_payload > MAX_BODY_BYTES
        await client.close()
    finally:
        await server.stop()


async def test_services_left_over_from_a_killed_launcher_keep_a_new_one_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.local.LEFTOVERS_WITHIN_S", 0.1)
    held = FileLock.take(tmp_path / "services.lock")
    assert held is not None
    leftover = await asyncio.create_subprocess_exec(sys.executable, "-c", SLEEPER, pass_fds=(held.descriptor,))
    held.release()
    with pytest.raises(ConflictError, match="in use by another process"):
        await System(tmp_path, services=(), ports="free").start()
    leftover.kill()
    await leftover.wait()
    system = System(tmp_path, services=(), ports="free")
    await system.start()
    await system.stop()


async def test_hurried_system_ends_at_once_and_restarts_nothing(tmp_path: Path) -> None:
    system = System(tmp_path, services=(), ports="free")
    await system.start()
    bus = system.pid_of("nats")
    assert bus is not None
    keeping = next(task for task in asyncio.all_tasks() if task.get_name() == "keep nats")
    system.hurry()
    await asyncio.wait_for(keeping, 10)
    assert system.restarts == {"nats": 0}
    await system.stop()
    assert not psutil.pid_exists(bus)


async def test_child_that_ends_is_started_again_until_it_is_stopped(journal: Journal) -> None:
    child = Child(python("short", "raise SystemExit(3)"), journal)
    await child.start()
    await until(lambda: child.restarts >= 2)
    await child.stop()
    assert child.pid is None
    settled = child.restarts
    await asyncio.sleep(0.5)
    assert child.restarts == settled


async def test_child_that_ignores_sigterm_is_killed_with_its_group(tmp_path: Path, journal: Journal) -> None:
    code = f"import subprocess, sys\nprint(subprocess.Popen([sys.executable, '-c', {DEAF!r}]).pid, flush=True)\n{DEAF}"
    child = Child(python("deaf", code), journal)
    await child.start()
    await until(lambda: sum(line["msg"] == "up" for line in logged(tmp_path)) == 2)
    grandchild = int(str(logged(tmp_path)[0]["msg"]))
    await child.stop(grace_s=0.2)
    await until(
        lambda: not psutil.pid_exists(grandchild) or psutil.Process(grandchild).status() == psutil.STATUS_ZOMBIE
    )
    assert "was killed" in journal.last["launcher"]


async def test_child_signalled_from_outside_is_started_again(tmp_path: Path, journal: Journal) -> None:
    child = Child(python("sleeper", SLEEPER), journal)
    await child.start()
    await until(lambda: any(line["msg"] == "up" for line in logged(tmp_path)))
    before = child.pid
    child.kill(signal.SIGKILL)
    await until(lambda: child.restarts == 1 and child.pid not in (None, before))
    await child.stop()
    assert any("SIGKILL" in str(line["msg"]) for line in logged(tmp_path))


async def test_unready_service_is_named_when_waiting_ends(tmp_path: Path, journal: Journal) -> None:
    server = NatsServer(tmp_path, journal, None)
    await server.start()
    watch = await Watch.open(server.url, lambda text: None)
    try:
        with pytest.raises(TimedOutError, match="ghost"):
            await watch.until_ready(lambda: {"ghost": 1}, 0.1)
    finally:
        await watch.close()
        await server.stop()


def test_bundled_server_is_new_enough() -> None:
    assert version_of(find_binary({})) >= (2, 14)
