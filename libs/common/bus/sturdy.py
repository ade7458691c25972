"""A NATS client that no message can silence. nats-py 2.16 stops reading for ever at a subject that is not UTF-8, and at a header
block shorter than a header line; both can be published by anybody and would come again after every reconnect."""

from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg


class SturdyClient(Client):
    """Reads what it can of a damaged message and hands it on, so that the adapter buries it like any other."""

    async def _process_headers(self, headers: bytes) -> dict[str, str] | None:
        try:
            return await super()._process_headers(headers)
        except (IndexError, ValueError):
            return None

    def _build_message(
        self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: dict[str, str] | None
    ) -> Msg:
        readable = subject.decode(errors="replace").encode()
        built: Msg = super()._build_message(sid, readable, reply, data, headers)
        return built


def make_sturdy(client: Any) -> Client:
    """Return the same open client, from now on one that no message can silence; who opens it cannot choose its class."""
    client.__class__ = SturdyClient
    return client  # type: ignore[no-any-return]
