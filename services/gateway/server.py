"""Runs uvicorn inside the service: its own socket, no signal handlers (the runtime has them), no log of its own."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from libs.common.errors import RefusedError
from services.gateway.settings import Settings

MAX_FRAME = 16 * 1024
"""Largest WebSocket frame a client may send, bytes."""

_GRACE_S = 2
_CONCURRENT = 512


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(settings: Settings) -> socket.socket:
    """Return the bound socket; raises RefusedError for an address beyond loopback or a port in use."""
    settings.check_loopback()
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((settings.host, settings.port))
    except OSError as error:
        bound.close()
        raise RefusedError(
            f"port {settings.port} of {settings.host} cannot be used: {error.strerror}",
            code="gateway.port",
            pointer="SENTINEL_PORT",
            hint="end the program that uses it, or set SENTINEL_PORT=0 for a free one",
        ) from error
    return bound


async def serve(app: ASGIApp, bound: socket.socket) -> None:
    """Serve `app` on `bound` until cancelled; open requests get 2 s to end."""
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        http="h11",
        ws="websockets-sansio",
        ws_max_size=MAX_FRAME,
        limit_concurrency=_CONCURRENT,
        timeout_graceful_shutdown=_GRACE_S,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise


@contextlib.contextmanager
def announced(path: Path, port: int) -> Iterator[None]:
    """Keep the port in `path` while the block runs, so that the launcher and the command line find it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(f"{port}\n")
    os.replace(part, path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
