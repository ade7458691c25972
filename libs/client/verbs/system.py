"""up, down, status, test: the life of the whole system on this machine."""

import os
import signal
import subprocess
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from libs.client import render
from libs.client.places import ROOT, data_dir, data_dir_of, gateway_url
from libs.client.verbs.options import DataDir, Json, client_of
from libs.common.errors import ConflictError, TimedOutError

DOWN_WITHIN_S = 40.0
UP_WITHIN_S = 120.0
POLL_S = 0.1


class Feed(StrEnum):
    """Where prices come from."""

    SIMULATED = "simulated"
    FILES = "files"


def up(
    feed: Annotated[Feed, typer.Option(help="Source of prices; each has its own data directory.")] = Feed.SIMULATED,
    folder: DataDir = None,
    speed: Annotated[float | None, typer.Option(min=0.001, help="Times faster than the bars' own clock.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65_535, help="Port of the gateway; default 3000.")] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Return once it is ready; `sentinel down` ends it.")] = False,
) -> None:
    """Start everything and keep it running until Ctrl-C."""
    import asyncio  # noqa: PLC0415 - 27 ms that --help must not pay

    from deploy.up import Wish, run  # noqa: PLC0415 - starts the bus library, which --help must not pay

    wish = Wish(folder.absolute() if folder else data_dir_of(feed.value), feed.value, speed, port)
    if detach:
        _detached(wish.data_dir, [*_flags(wish.feed, wish.data_dir), *_optional(speed, port)])
    else:
        asyncio.run(run(wish))


def down(folder: DataDir = None) -> None:
    """End the running system: services drain, the bus goes last."""
    from deploy.local import pid_file  # noqa: PLC0415 - as above
    from deploy.locks import holder  # noqa: PLC0415 - as above

    place = data_dir(folder)
    pid = holder(pid_file(place))
    if not pid:
        render.line(f"nothing runs on {place}")
        return
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + DOWN_WITHIN_S
    while holder(pid_file(place)) is not None or _is_alive(pid):
        if time.monotonic() > deadline:
            raise TimedOutError(
                f"process {pid} has not ended within {DOWN_WITHIN_S:g} s", hint=f"kill -9 {pid} ends all of it"
            )
        time.sleep(POLL_S)
    render.line(f"stopped what ran on {place}")


def status(folder: DataDir = None, json: Json = False) -> None:
    """Show every service: alive, ready, behind, last error."""
    with client_of(folder) as client:
        body = client.services()
    if json:
        render.as_json(body)
        return
    columns = ("service", "state", "age_s", "version", "pid", "outbox", "last_error")
    rows = [[beat.get(name) for name in columns] for beat in body["items"]]
    render.table(columns, rows, gateway_url(data_dir(folder)))


def run_tests(
    arguments: Annotated[list[str] | None, typer.Argument(help="Handed to pytest.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Style, types, imports, unit and architecture tests.")] = False,
) -> None:
    """Run every check and test of the repository."""
    from deploy.checks import run  # noqa: PLC0415 - only developers pay for it

    raise typer.Exit(run(quick=quick, pytest_arguments=arguments or ()))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _flags(feed: str, place: Path) -> list[str]:
    return ["up", "--feed", feed, "--data-dir", str(place)]


def _optional(speed: float | None, port: int | None) -> list[str]:
    return [
        *(["--speed", f"{speed:g}"] if speed is not None else []),
        *(["--port", str(port)] if port is not None else []),
    ]


def _detached(place: Path, flags: list[str]) -> None:
    from deploy.local import pid_file  # noqa: PLC0415 - as above
    from deploy.locks import holder  # noqa: PLC0415 - as above

    running = holder(pid_file(place))
    if running is not None:
        raise ConflictError(f"Sentinel already runs on {place} (process {running})", code="launcher.running")
    place.mkdir(parents=True, exist_ok=True)
    said = place / "up.log"
    with said.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "libs.client.cli", *flags],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=ROOT,
        )
    deadline = time.monotonic() + UP_WITHIN_S
    while process.poll() is None and time.monotonic() < deadline:
        ready = [line for line in said.read_text().splitlines() if line.startswith("sentinel: ready")]
        if ready:
            render.line(f"{ready[0]} (process {process.pid})")
            return
        time.sleep(POLL_S)
    raise TimedOutError(f"it did not become ready: {said.read_text()[-400:].strip()}", hint=f"see {said}")
