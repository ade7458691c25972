"""What the services say of themselves, and whether the bus is quiet: the launcher's eyes.

Decides from the pulse (`health.>`) who is ready, and from the consumers and the outboxes whether everything has been handled.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Self

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from libs.common.errors import BadMessageError, TimedOutError
from libs.common.events import ServiceBeat
from libs.common.streams import STREAMS

POLL_S = 0.1


class Watch:
    """The newest pulse of each service, and questions to the bus."""

    def __init__(self, client: Client):
        """Use `open` instead."""
        self.client = client
        self.beats: dict[str, ServiceBeat] = {}
        self._counts: dict[str, int] = {}
        self._changed = asyncio.Condition()

    @classmethod
    async def open(cls, url: str, on_error: Callable[[str], None]) -> Self:
        """Connect and listen to every pulse; the link is remade for ever."""

        said = ""

        async def error_cb(error: Exception) -> None:
            nonlocal said
            text = f"{type(error).__name__}: {error}"
            if text != said:
                on_error(text)
            said = text

        client = await nats.connect(
            url, name="launcher", error_cb=error_cb, max_reconnect_attempts=-1, reconnect_time_wait=0.2, ping_interval=5
        )
        watch = cls(client)
        await client.subscribe("health.*", cb=watch._on_beat)
        await client.flush()
        await client.flush()
        return watch

    async def close(self) -> None:
        """Close the link."""
        await self.client.close()

    async def until_ready(self, pids: Callable[[], Mapping[str, int | None]], seconds: float) -> None:
        """Return once every process of `pids()` has said that it is ready; raises TimedOutError naming the others."""
        missing = sorted(pids())
        try:
            async with asyncio.timeout(seconds), self._changed:
                while True:
                    missing = sorted(name for name, pid in pids().items() if not self._is_ready(name, pid))
                    if not missing:
                        return
                    await self._changed.wait()
        except TimeoutError:
            raise TimedOutError(
                f"not ready within {seconds:g} s: {', '.join(missing)}", code="launcher.not_ready"
            ) from None

    async def until_quiet(self, services: Iterable[str], seconds: float) -> None:
        """Return once no durable consumer has anything left and every outbox is empty; raises TimedOutError.

        Two looks at the bus with a pulse of every service between them must agree, so a message that was on its way from
        an outbox to a stream cannot hide.
        """
        names = sorted(services)
        last = "nothing was looked at"
        try:
            async with asyncio.timeout(seconds):
                while True:
                    before, last = await self._look()
                    if before is not None:
                        await self._next_beats(names)
                        waiting = [n for n in names if self.beats[n].outbox or self.beats[n].lag]
                        last = f"not empty: {', '.join(waiting)}"
                        if not waiting and (await self._look())[0] == before:
                            return
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            raise TimedOutError(f"the bus is not quiet after {seconds:g} s; {last}", code="launcher.busy") from None

    def _is_ready(self, name: str, pid: int | None) -> bool:
        beat = self.beats.get(name)
        return beat is not None and beat.ready and pid is not None and beat.pid == pid

    async def _on_beat(self, message: Msg) -> None:
        try:
            beat = ServiceBeat.parse(message.data, message.subject)
        except BadMessageError:  # anybody may write there; what is no pulse says nothing about a service
            return
        async with self._changed:
            self.beats[beat.service] = beat
            self._counts[beat.service] = self._counts.get(beat.service, 0) + 1
            self._changed.notify_all()

    async def _next_beats(self, names: list[str]) -> None:
        before = {name: self._counts.get(name, 0) for name in names}
        async with self._changed:
            await self._changed.wait_for(lambda: all(self._counts.get(n, 0) > before[n] for n in names))

    async def _look(self) -> tuple[dict[str, int] | None, str]:
        """Return the streams' last sequences, None while something is left, and what that is."""
        js = self.client.jetstream(timeout=5)
        sequences: dict[str, int] = {}
        try:
            for stream in STREAMS:
                sequences[stream.name] = (await js.stream_info(stream.name)).state.last_seq
                for consumer in await js.consumers_info(stream.name):
                    left = (consumer.num_pending or 0) + (consumer.num_ack_pending or 0)
                    if left and consumer.config.durable_name:
                        return None, f"{consumer.name} has {left} messages left on {stream.name}"
        except (NatsError, TimeoutError) as error:
            return None, f"the bus does not answer: {type(error).__name__}"
        return sequences, "all consumers are done"
