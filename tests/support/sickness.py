"""What can be wrong with a machine under a running system: locked databases, a full disk, a bus that hangs or is not there."""

import asyncio
import json
import sqlite3
import stat
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from deploy.local import SERVICES
from deploy.nats import find_binary
from libs.common.streams import STREAMS

_HEADS = tuple(stream.subjects[0].split(".")[0] for stream in STREAMS)


@contextmanager
def locked(data: Path) -> Iterator[None]:
    """Hold the write lock of every service's database, as another program would."""
    with ExitStack() as stack:
        for name in SERVICES:
            database = stack.enter_context(closing(sqlite3.connect(data / "sql" / f"{name}.db", timeout=30)))
            database.isolation_level = None
            database.execute("BEGIN EXCLUSIVE")
        yield


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[Path]:
    """Mount a small disk in memory on a new folder; skips the test where that is not allowed."""
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"a full disk needs a small one to fill, and mounting is not permitted here: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@asynccontextmanager
async def full(disk: Path) -> AsyncIterator[None]:
    """Leave no byte free on a disk, and take every one that becomes free, until the end of the block."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:

        async def fill() -> None:
            while True:
                for size in (1 << 20, 4_096, 1):
                    with suppress(OSError):
                        while file.write(b"\0" * size):
                            pass
                await asyncio.sleep(0.02)

        filling = asyncio.create_task(fill())
        try:
            await asyncio.sleep(0.1)
            yield
        finally:
            filling.cancel()
    ballast.unlink()


async def make_all_streams_fail(js: JetStreamContext) -> None:
    """Publish on a full disk, where no row listens, until the bus has failed to write to every stream."""
    for head in _HEADS:
        for _ in range(10):
            try:
                await js.publish(f"{head}.nobody.listens.here", b"\0" * 5_000, timeout=0.3)
            except (NatsError, TimeoutError):
                break


class Gate:
    """A nats-server that does not come up while the gate is closed."""

    def __init__(self, folder: Path, environment: pytest.MonkeyPatch):
        self._closed = folder / "closed"
        script = folder / "nats-server"
        script.write_text(
            f'#!/bin/sh\ncase "$1" in -t|--version) ;; *) while [ -e "{self._closed}" ]; do sleep 0.05; done;; esac\n'
            f'exec "{find_binary({})}" "$@"\n'
        )
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        environment.setenv("SENTINEL_NATS_BIN", str(script))

    @contextmanager
    def closed(self) -> Iterator[None]:
        self._closed.touch()
        try:
            yield
        finally:
            self._closed.unlink()


def logged(data: Path) -> list[dict[str, Any]]:
    """Return the log's lines."""
    return [json.loads(line) for line in (data / "sentinel.log").read_text().splitlines()]


def says(data: Path, text: str, since: int = 0) -> set[str]:
    """Return the names of the processes that wrote `text` after the first `since` lines of the log."""
    return {line["service"] for line in logged(data)[since:] if text in str(line["msg"])}


async def until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Return once `condition` holds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.05)
