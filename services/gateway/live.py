"""`WS /ws`: each fill as a bare trade object, as soon as it is in the read model.

A trade is read back from the table after its commit, so nothing is shown that a crash could undo. A reader that falls 1,000
trades behind, or takes nothing for 30 s, is closed with 1013; nothing is dropped silently. There is no resume here.
Wart: on several writers rows could become visible out of number order; one gateway projects, so they do not.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from libs.common.bus.table import Tx
from libs.common.clock import Clock
from libs.common.db import Database
from libs.common.events import Event, OrderFilled
from services.gateway import views
from services.gateway.documented import trade
from services.gateway.queries import fills_after, last_seq

QUEUE = 1_000
SEND_S = 30.0
TRY_AGAIN_LATER = 1013
POLICY = 1008

_POLL_S = 0.5
_AFTER_NUDGE_S = 0.02
_BATCH = 500
_INBOUND = 100
_INBOUND_WINDOW_S = 10.0


class Live:
    """The open sockets and the queue of each."""

    def __init__(self, clock: Clock, max_sockets: int):
        """Start without sockets."""
        self._clock = clock
        self._max = max_sockets
        self._queues: set[asyncio.Queue[dict[str, Any] | None]] = set()
        self._nudge = asyncio.Event()
        self._seq = 0

    def sockets(self) -> int:
        """Return how many sockets are open."""
        return len(self._queues)

    async def on_filled(self, fill: OrderFilled, tx: Tx) -> Sequence[Event]:
        """Store a fill and wake the tail that sends it on."""
        events = await views.keep(fill, tx)
        self._nudge.set()
        return events

    async def start(self, database: Database) -> None:
        """Begin after the newest fill there is."""
        async with database.read() as connection:
            self._seq = await last_seq(connection)

    async def tail(self, database: Database) -> None:
        """Send every fill that is committed after the last one sent to every open socket; runs until cancelled."""
        while True:
            async with database.read() as connection:
                fills = await fills_after(connection, self._seq, _BATCH)
            for fill in fills:
                self.publish(trade(fill))
                self._seq = fill.seq
            if len(fills) < _BATCH:
                await self._wait()

    async def _wait(self) -> None:
        if self._nudge.is_set():
            self._nudge.clear()
            await asyncio.sleep(_AFTER_NUDGE_S)
            return
        try:
            async with asyncio.timeout(_POLL_S):
                await self._nudge.wait()
        except TimeoutError:
            return

    def publish(self, item: dict[str, Any]) -> None:
        """Queue `item` for every socket; one whose queue is full is told to go."""
        for queue in self._queues:
            if queue.qsize() >= QUEUE:
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(None)
            else:
                queue.put_nowait(item)

    @contextmanager
    def _subscribed(self) -> Iterator[asyncio.Queue[dict[str, Any] | None]]:
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)

    async def serve(self, socket: WebSocket) -> None:
        """Serve one socket until either side ends it."""
        if self.sockets() >= self._max:
            await socket.accept()
            await socket.close(TRY_AGAIN_LATER, "too many sockets")
            return
        with self._subscribed() as queue:
            await socket.accept()
            sender = asyncio.create_task(_send(socket, queue))
            receiver = asyncio.create_task(self._receive(socket))
            try:
                done, _ = await asyncio.wait({sender, receiver}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                sender.cancel()
                receiver.cancel()
                await asyncio.gather(sender, receiver, return_exceptions=True)
            code = next(iter(done)).result()
            if code is not None:
                await socket.close(code)

    async def _receive(self, socket: WebSocket) -> int | None:
        heard: list[float] = []
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return None
            now = self._clock.monotonic()
            heard = [*(moment for moment in heard if now - moment < _INBOUND_WINDOW_S), now]
            if len(heard) > _INBOUND:
                return POLICY


async def _send(socket: WebSocket, queue: asyncio.Queue[dict[str, Any] | None]) -> int | None:
    while True:
        item = await queue.get()
        if item is None:
            return TRY_AGAIN_LATER
        try:
            async with asyncio.timeout(SEND_S):
                await socket.send_json(item)
        except TimeoutError:
            return TRY_AGAIN_LATER
        except WebSocketDisconnect:
            return None
