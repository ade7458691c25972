"""A sick machine under a replay: the system waits, says why, and ends where it would have ended anyway. Nothing is buried for it."""

import asyncio
import shutil
import signal
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.local import SERVICES
from libs.common.commands import WatchSymbols
from libs.common.events import FeedChanged, OrderFilled, SignalRaised
from tests.support.build import hour
from tests.support.live import PARITY, Live, live
from tests.support.parity import WATCHED, Replayed, certify, hours, imbalances, prepare, write_walks
from tests.support.sickness import Gate, full, locked, logged, make_all_streams_fail, says, small_disk, until

SYMBOLS = ("AUSDT", "BUSDT", "CUSDT", "DUSDT")
BARS = 240

PROFILE = PARITY | {"SENTINEL_JIT": "0"}
Sickness = Callable[[Live, Path], Awaitable[None]]


async def run(folder: Path, data: Path, sicknesses: Sequence[Sickness | None], bars: int = BARS) -> Replayed:
    """Replay in as many parts as there are sicknesses, with one in the middle of each, and return what came of it all."""
    write_walks(folder / "walks.csv.gz", SYMBOLS, bars)
    window, part = hours(SYMBOLS, bars), bars // len(sicknesses)
    async with live(data, PROFILE) as system:
        lines = await prepare(system, folder / "walks.csv.gz", window, data)
        for number, sickness in enumerate(sicknesses):
            span = {"start": hour(number * part), "end": hour((number + 1) * part)}
            before = await signals(system)
            await system.ask(WatchSymbols, symbols=list(SYMBOLS), timeframe="1h", **span)
            if sickness:
                async with asyncio.timeout(30):
                    while await signals(system) == before:
                        await asyncio.sleep(0.01)
                await sickness(system, data)
            await system.wait_for(FeedChanged, number + 1, state="finished", timeout_s=1_200)
            await system.system.drained(1_200)
        assert await system.raw("dead.>") == []
        assert says(data, "a handler failed") == set()
        replayed = Replayed(
            lines,
            await system.read(SignalRaised),
            await system.read(OrderFilled),
            {wildcard: await system.raw(wildcard) for wildcard in WATCHED},
        )
    assert await imbalances(data) == []
    certificates = certify(replayed, window, data)
    assert {symbol: c.differences for symbol, c in certificates.items() if c.differences} == {}
    return replayed


async def signals(system: Live) -> int:
    return int((await system.link.client.jetstream().stream_info("SIGNALS")).state.messages)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def calm(tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    folder = tmp_path_factory.mktemp("calm")
    return await run(folder, folder / "data", (None,))


def assert_same(replayed: Replayed, calm: Replayed) -> None:
    for wildcard in WATCHED:
        assert replayed.digest(wildcard) == calm.digest(wildcard), wildcard


def complaints(system: Live) -> dict[str, str]:
    """What the services say on their pulse is wrong with them."""
    return {name: beat.last_error for name, beat in system.system.watch.beats.items() if beat.last_error}


def said(system: Live) -> str:
    """The launcher's last warning; the log itself may be on the full disk."""
    return system.system.last_words.get("launcher", "")


LOCKED = "the database does not answer: database is locked"


def lock_databases(seconds: float) -> Sickness:
    """Longer than the 5 s a transaction waits; then everything is killed and starts again under the same lock."""

    async def sickness(system: Live, data: Path) -> None:
        async with asyncio.TaskGroup() as group:
            with locked(data):
                await until(lambda: any("row" in line and LOCKED in line["msg"] for line in logged(data)))
                await until(lambda: any(LOCKED in text for text in complaints(system).values()))
                await asyncio.sleep(seconds)
                await system.kill_all()
                so_far = len(logged(data))
                starting = group.create_task(system.start_again())
                await until(lambda: says(data, f"waiting for the database: {LOCKED}", so_far) == set(SERVICES))
                assert not starting.done()
        assert set(system.system.restarts.values()) == {0}
        assert complaints(system) == {}

    return sickness


UNANSWERED = ("the bus does not acknowledge", "the bus does not deliver", "publishing waits: the bus does not tell")


def hang(seconds: float) -> Sickness:
    """Stop the bus where it stands: it neither answers nor ends."""

    async def sickness(system: Live, data: Path) -> None:
        system.system.kill("nats", signal.SIGSTOP)
        try:
            await until(lambda: any(says(data, text) for text in UNANSWERED))
            await asyncio.sleep(seconds)
        finally:
            system.system.kill("nats", signal.SIGCONT)

    return sickness


def lose(gate: Gate, seconds: float) -> Sickness:
    """Kill the bus and keep it down; kill every service too; then start everything again with the bus still down."""

    async def sickness(system: Live, data: Path) -> None:
        async with asyncio.TaskGroup() as group:
            with gate.closed():
                system.system.kill("nats")
                await until(lambda: says(data, "the bus is gone; reconnecting for ever") == set(SERVICES))
                for name in SERVICES:
                    system.system.kill(name)
                await until(lambda: says(data, "waiting for the bus: nothing answers at") == set(SERVICES))
                await asyncio.sleep(seconds)
                await system.kill_all()
                starting = group.create_task(system.start_again())
                await until(lambda: says(data, "nats-server runs but is not ready yet; still waiting"))
                assert not starting.done()
        assert set(system.system.restarts.values()) == {0}

    return sickness


def fill_disk(disk: Path, seconds: float) -> Sickness:
    """Leave no byte free until the bus cannot write any more; heal; fill again and start everything again."""

    async def sickness(system: Live, data: Path) -> None:
        bus = system.system.pid_of("nats")
        async with full(disk):
            await make_all_streams_fail(system.link.client.jetstream())
            await until(lambda: "the disk is full" in said(system))
            await until(lambda: any("disk is full" in text for text in complaints(system).values()))
            await asyncio.sleep(seconds)
        await until(lambda: system.system.pid_of("nats") not in (None, bus))
        async with asyncio.TaskGroup() as group, full(disk):
            await system.kill_all()
            starting = group.create_task(system.start_again())
            await until(lambda: "the disk is full" in said(system))
            assert not starting.done()
        assert set(system.system.restarts.values()) == {0}

    return sickness


def one_by_one(*sicknesses: Sickness) -> Sickness:
    async def sickness(system: Live, data: Path) -> None:
        for each in sicknesses:
            await each(system, data)

    return sickness


@pytest.mark.timeout(300)
async def test_locked_databases_and_a_lost_bus_change_nothing(
    tmp_path: Path, calm: Replayed, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(tmp_path, monkeypatch)
    assert_same(await run(tmp_path, tmp_path / "data", (lock_databases(0), one_by_one(hang(0), lose(gate, 0)))), calm)


@pytest.mark.timeout(300)
async def test_full_disk_changes_nothing(tmp_path: Path, calm: Replayed) -> None:
    with small_disk(tmp_path / "disk", 128) as disk:
        replayed = await run(tmp_path, disk / "data", (fill_disk(disk, 0),))
        shutil.copy(disk / "data" / "sentinel.log", tmp_path)
    assert_same(replayed, calm)
    assert says(tmp_path, "there is room again") == {"launcher"}


@pytest.mark.full
@pytest.mark.timeout(3_600)
async def test_a_minute_of_every_sickness_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(tmp_path, monkeypatch)
    (tmp_path / "calm").mkdir()
    calm = await run(tmp_path / "calm", tmp_path / "calm" / "data", (None,), 4_000)
    with small_disk(tmp_path / "disk", 512) as disk:
        sicknesses = (lock_databases(60), hang(60), lose(gate, 60), fill_disk(disk, 60))
        assert_same(await run(tmp_path, disk / "data", sicknesses, 4_000), calm)
