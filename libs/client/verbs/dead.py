"""dead list, show, retry: messages no service could handle, straight on the bus."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from libs.client import render
from libs.client.verbs.options import DataDir, Json, Limit, on_bus

if TYPE_CHECKING:
    from libs.common.bus.dead import DeadMessage
    from libs.common.bus.outlet import BusOutlet

Number = Annotated[int, typer.Argument(min=1, help="The number `dead list` shows.")]
_COLUMNS = ("seq", "at", "subject", "row", "code", "deliveries", "size", "reason")


def list_(limit: Limit = 50, folder: DataDir = None, json: Json = False) -> None:
    """List buried messages with the reason, newest first."""
    from libs.common.bus.dead import list_dead  # noqa: PLC0415 - the bus library costs 160 ms

    async def ask(outlet: "BusOutlet") -> "list[DeadMessage]":
        return await list_dead(outlet.connection.client, limit)

    found = [_fields(grave) for grave in on_bus(folder, ask)]
    if json:
        render.as_json({"items": found})
    elif found:
        render.table(_COLUMNS, [[grave[name] for name in _COLUMNS] for grave in found])
    else:
        render.line("no message is dead")


def show(seq: Number, folder: DataDir = None, json: Json = False) -> None:
    """Show one buried message and the first 64 KB of its body."""
    from libs.common.bus.dead import show_dead  # noqa: PLC0415 - the bus library costs 160 ms

    async def ask(outlet: "BusOutlet") -> "DeadMessage":
        return await show_dead(outlet.connection.client, seq)

    grave = _fields(on_bus(folder, ask))
    if json:
        render.as_json(grave)
    else:
        render.facts(list(grave.items()))


def retry(seq: Number, folder: DataDir = None, json: Json = False) -> None:
    """Send a buried message again; its grave is removed."""
    from libs.common.bus.dead import retry_dead  # noqa: PLC0415 - the bus library costs 160 ms

    async def ask(outlet: "BusOutlet") -> int:
        return await retry_dead(outlet.connection.client, seq)

    sent = on_bus(folder, ask)
    if json:
        render.as_json({"seq": seq, "sent_as": sent})
    else:
        render.line(f"message {seq} was sent again, as {sent}")


def _fields(grave: "DeadMessage") -> dict[str, Any]:
    names = ("seq", "at", "subject", "row", "code", "deliveries", "size", "reason", "stream", "stream_seq", "sha256")
    body = grave.body.decode(errors="backslashreplace")
    return {name: getattr(grave, name) for name in names} | {"at": grave.at.isoformat(), "body": body}
