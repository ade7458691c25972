"""Starts the bus again when it has stopped storing and could store again.

nats-server closes a stream to writing at its first failed write (a full disk) and keeps it closed until it is restarted,
whatever room there is by then; publishers hear nothing but time-outs. Its /healthz names the stream. Nothing acknowledged
is lost by a restart, and what was not acknowledged waits in the outboxes of the services.
"""

import asyncio

from deploy.journal import Journal
from deploy.nats import NatsServer
from deploy.room import wait_for_room

LOOK_EVERY_S = 2.0


async def keep_storing(server: NatsServer, journal: Journal) -> None:
    """Look at the server's health until cancelled; a server that cannot store is restarted once there is room."""
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        pid = server.child.pid if server.child is not None else None
        complaint = await server.complaint()
        if complaint is None or server.child is None or server.child.pid != pid:
            continue
        journal.note(f"the bus cannot store: {complaint}", "ERROR")
        await wait_for_room(server.directory, lambda text: journal.note(text, "WARNING"))
        journal.note("starting the bus again, so that it stores", "WARNING")
        if server.child.pid == pid:
            server.child.kill()
