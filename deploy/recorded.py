"""Reads stored facts back from their stream, in the order they were stored. For replays, tests and benchmarks; changes nothing."""

from typing import TypeVar

from nats.aio.client import Client
from nats.js.errors import NotFoundError as NoMessageError

from libs.common.events import Event
from libs.common.streams import stored_in

E = TypeVar("E", bound=Event)

NEXT_WITHIN_S = 10.0


async def recorded(client: Client, kind: type[E]) -> list[E]:
    """Return every stored fact of `kind`; raises BadMessageError for one that is none, TimeoutError when the bus stops answering."""
    js = client.jetstream(timeout=NEXT_WITHIN_S)
    stream, subjects = stored_in(kind.subject), kind.wildcard()
    try:
        last = (await js.get_last_msg(stream, subjects)).seq or 0
    except NoMessageError:
        return []
    found: list[E] = []
    subscription = await js.subscribe(subjects, stream=stream, ordered_consumer=True)
    try:
        while True:
            message = await subscription.next_msg(NEXT_WITHIN_S)
            found.append(kind.parse(message.data, message.subject))
            if message.metadata.sequence.stream >= last:
                return found
    finally:
        await subscription.unsubscribe()
