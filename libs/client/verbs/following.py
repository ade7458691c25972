"""A long job followed while its answer is awaited: its progress comes over the bus, for a person at a terminal.

Decides nothing about the job. Without a bus that can be reached a spinner is shown.
"""

import asyncio
import functools
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from libs.client.places import bus_url, data_dir
from libs.client.verbs.progress import spinning
from libs.common.bus.connection import Connection, connect
from libs.common.errors import BadMessageError
from libs.common.events import JobProgressed
from libs.common.values import derive_id

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

_REACH_WITHIN_S = 1.0
_READY_WITHIN_S = 5.0


def job_of(command: str, key: str) -> str:
    """Return the id under which the gateway sends a command of that class for a request with this Idempotency-Key."""
    return derive_id(key, command, "gateway")


@contextmanager
def following(
    folder: Path | None, service: str, job_id: str, text: str, console: "Console | None" = None
) -> Iterator[None]:
    """Show how far a service has come with a job, as a bar with its phase and rate, until the block ends.

    console: where to draw, default standard error.
    """
    from rich.console import Console  # noqa: PLC0415 - only a terminal pays for it
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn  # noqa: PLC0415 - the same

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[rate]}"))
    progress = Progress(*columns, console=console or Console(stderr=True), transient=True)
    listener = _Listener(bus_url(data_dir(folder)), f"progress.{service}.{job_id}", progress, text)
    if not listener.start():
        with spinning(text):
            yield
        return
    try:
        with progress:
            yield
    finally:
        listener.stop()


class _Listener:
    """A thread that hears one subject and moves the bar."""

    def __init__(self, url: str, subject: str, progress: "Progress", text: str):
        self._url = url
        self._subject = subject
        self._progress = progress
        self._text = text
        self._task = progress.add_task(text, total=None, rate="")
        self._end: Callable[[], object] | None = None
        self._ready = threading.Event()
        self._heard = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> bool:
        """Return once it listens; False when the bus cannot be reached."""
        at = urlsplit(self._url)
        try:
            socket.create_connection((at.hostname or "127.0.0.1", at.port or 4222), timeout=_REACH_WITHIN_S).close()
        except OSError:
            return False
        self._thread.start()
        self._ready.wait(_READY_WITHIN_S)
        return self._heard

    def stop(self) -> None:
        """End listening."""
        if self._end is not None:
            self._end()
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._listen())
        finally:
            self._ready.set()

    async def _listen(self) -> None:
        logging.getLogger("sentinel").addHandler(logging.NullHandler())
        connection = await connect(self._url, "cli")
        try:
            await self._hear(connection)
        finally:
            await connection.close()

    async def _hear(self, connection: Connection) -> None:
        async def received(message: Any) -> None:
            self._show(message.data, message.subject)

        await connection.client.subscribe(self._subject, cb=received)
        await connection.settle()
        ended, loop = asyncio.Event(), asyncio.get_running_loop()
        self._end = functools.partial(loop.call_soon_threadsafe, ended.set)
        self._heard = True
        self._ready.set()
        await ended.wait()

    def _show(self, body: bytes, subject: str) -> None:
        try:
            said = JobProgressed.parse(body, subject)
        except BadMessageError:
            return
        rate = "" if said.rate is None else f"{_short(said.rate)}/s"
        told = f"{self._text}: {said.phase}"
        self._progress.update(self._task, description=told, completed=said.done, total=said.total, rate=rate)


def _short(rate: float) -> str:
    return f"{rate / 1e6:,.1f} M" if rate >= 1e6 else f"{rate:,.0f}"
