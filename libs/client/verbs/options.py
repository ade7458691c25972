"""The options several verbs share, and how a verb reaches the system."""

import logging
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar
from urllib.parse import urlsplit

import typer

from libs.client.errors import UnreachableError
from libs.client.places import bus_url, data_dir, gateway_url
from libs.common.errors import BadInputError

if TYPE_CHECKING:
    from libs.client.client import Client
    from libs.common.bus.connection import Connection
    from libs.common.bus.outlet import BusOutlet

T = TypeVar("T")

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Data directory of the profile to talk to.")]
Json = Annotated[bool, typer.Option("--json", help="Print the API's body as JSON.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many, newest first.")]
Symbol = Annotated[str | None, typer.Option("--symbol", help="Only this symbol, such as BTCUSDT.")]
Start = Annotated[str | None, typer.Option("--start", help="First bar's open time, such as 2022-01-01 (UTC).")]
End = Annotated[str | None, typer.Option("--end", help="Time before which the last bar opens.")]

REACH_WITHIN_S = 1.0


def client_of(folder: Path | None) -> "Client":
    """Return a client of the profile's gateway."""
    from libs.client.client import Client  # noqa: PLC0415 - httpx costs 90 ms that --help must not pay

    return Client(gateway_url(data_dir(folder)))


def on_bus(folder: Path | None, act: Callable[["BusOutlet"], Awaitable[T]]) -> T:
    """Return what `act` does straight on the bus, with the gateway up or down; raises UnreachableError."""
    from libs.common.bus.outlet import BusOutlet  # noqa: PLC0415 - the bus library costs 160 ms

    async def asked(link: "Connection") -> T:
        return await act(BusOutlet(None, link))

    return on_link(folder, asked)


def on_link(folder: Path | None, act: Callable[["Connection"], Awaitable[T]]) -> T:
    """Return what `act` does with a link to the bus; raises UnreachableError."""
    import asyncio  # noqa: PLC0415 - 27 ms that --help must not pay

    url = bus_url(data_dir(folder))
    at = urlsplit(url)
    try:
        socket.create_connection((at.hostname or "127.0.0.1", at.port or 4222), timeout=REACH_WITHIN_S).close()
    except OSError:
        raise UnreachableError("the bus", url) from None
    return asyncio.run(_linked(url, act))


async def _linked(url: str, act: Callable[["Connection"], Awaitable[T]]) -> T:
    from libs.common.bus.connection import connect  # noqa: PLC0415 - the bus library costs 160 ms

    logging.getLogger("sentinel").addHandler(logging.NullHandler())  # what matters reaches the person as an error
    link = await connect(url, "cli")
    try:
        return await act(link)
    finally:
        await link.close()


def moment(text: str | None, name: str) -> str | None:
    """Return the time a person wrote as the API spells it, UTC where they gave no zone; raises BadInputError naming the option."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadInputError(
            f"{text[:40]!r} is not a time",
            code="input.time",
            pointer=f"--{name}",
            hint="write it like 2022-01-01T00:00:00Z",
        ) from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).isoformat()
