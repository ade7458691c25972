"""The first run of a data directory against a real bus: what a torn marker and a sick bus do to it."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from deploy import first_run
from deploy.first_run import FirstRun
from deploy.journal import Journal, open_journal
from deploy.nats import NatsServer, find_binary, free_port, is_free
from libs.common.errors import BusUnavailableError, StoreUnavailableError, TimedOutError


@pytest_asyncio.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    opened = open_journal(tmp_path, quiet=True)
    yield opened
    opened.close()


@pytest_asyncio.fixture
async def bus_without_streams() -> AsyncIterator[str]:
    port = free_port()
    server = await asyncio.create_subprocess_exec(
        find_binary(), "-a", "127.0.0.1", "-p", str(port), stderr=asyncio.subprocess.DEVNULL
    )
    async with asyncio.timeout(10):
        while is_free(port):
            await asyncio.sleep(0.01)
    yield f"nats://127.0.0.1:{port}"
    server.terminate()
    await server.wait()


@pytest.mark.parametrize("torn", ["", '{"began": "2024-01-0', "[]", '{"began": 7}', '{"promoted": "all"}', "\ufffd\0"])
async def test_marker_that_is_torn_counts_as_none_and_is_written_anew(
    torn: str, server: NatsServer, tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_run, "FEED_WITHIN_S", 0.05)
    marker = tmp_path / "first_run.json"
    marker.write_text(torn)
    with pytest.raises(TimedOutError, match="no simulated feed"):
        await FirstRun(tmp_path, journal).run(server.url)
    assert list(json.loads(marker.read_text())) == ["began"]
    assert not list(tmp_path.glob("*.part"))


async def test_marker_of_a_finished_run_is_its_answer_without_a_bus(tmp_path: Path, journal: Journal) -> None:
    (tmp_path / "first_run.json").write_text('{"began": "2024-01-01T00:00:00+00:00", "promoted": {"s1": "dip"}}')
    assert await FirstRun(tmp_path, journal).run("nats://127.0.0.1:9") == {"s1": "dip"}


async def test_interrupted_run_begins_at_the_same_moment_again(
    server: NatsServer, tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_run, "FEED_WITHIN_S", 0.05)
    marker = tmp_path / "first_run.json"
    marker.write_text('{"began": "2024-01-01T00:00:00+00:00"}')
    with pytest.raises(TimedOutError):
        await FirstRun(tmp_path, journal).run(server.url)
    assert json.loads(marker.read_text()) == {"began": "2024-01-01T00:00:00Z"}


async def test_bus_that_cannot_answer_is_a_bus_error(
    bus_without_streams: str, tmp_path: Path, journal: Journal
) -> None:
    with pytest.raises(BusUnavailableError):
        await FirstRun(tmp_path, journal).run(bus_without_streams)


async def test_marker_that_cannot_be_written_is_a_store_error(tmp_path: Path, journal: Journal) -> None:
    (tmp_path / "first_run.json.part").mkdir()
    with pytest.raises(StoreUnavailableError):
        await FirstRun(tmp_path, journal).run("nats://127.0.0.1:9")
