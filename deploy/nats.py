"""nats-server as a child: its binary, its configuration, its lock on the store, its ports, and when it is ready.

Two servers on one store both run and spoil it, so the store has a lock; the server inherits it, and an orphan of a killed
launcher still keeps a second one out.
"""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.journal import Journal
from deploy.locks import FileLock
from deploy.processes import Child, Program
from libs.common.errors import (
    BadInputError,
    BusUnavailableError,
    ConflictError,
    NotFoundError,
)
from libs.common.streams import STREAMS

DEFAULT_PORT = 4222
IMPATIENT_AFTER_S = 3.0
LOCK_WITHIN_S = 10.0
POLL_S = 0.01
FILE_LIMIT = sum(stream.max_bytes for stream in STREAMS) + 64_000_000
"""Bytes the streams may use: what they reserve together. A smaller limit would refuse to create the last of them;
reserving allocates nothing, and each stream keeps to its own bound."""


class NatsServer:
    """A server on one data directory: `bus/` holds the store, the configuration and the lock."""

    def __init__(self, data_dir: Path, journal: Journal, port: int | None = DEFAULT_PORT):
        """Prepare; port None takes a free one at the first start and keeps it for restarts."""
        self.directory = data_dir.absolute() / "bus"
        self.journal = journal
        self.port = port
        self._lock: FileLock | None = None
        self.child: Child | None = None

    @property
    def url(self) -> str:
        """Address for clients."""
        return f"nats://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start it and wait until it is ready; raises ConflictError when the store or the port is taken."""
        binary = find_binary()
        self._lock = await FileLock.wait(self.directory / "lock", LOCK_WITHIN_S, "the store of the bus")
        if self.port is None:
            self.port = free_port()
        elif not is_free(self.port):
            raise ConflictError(
                f"port {self.port} is taken", code="launcher.port", hint="end its owner or use a free port"
            )
        config = self.directory / "nats-server.conf"
        config.write_text(configuration(self.directory / "store", self.port), encoding="utf-8")
        check_configuration(binary, config)
        command = [binary, "-c", str(config), "--ports_file_dir", str(self.directory)]
        program = Program("nats", command, inherit=(self._lock.descriptor,), orphan_signal=signal.SIGTERM)
        self.child = Child(program, self.journal, on_start=self._wait_ready)
        await self.child.start()

    async def complaint(self) -> str | None:
        """Return what the server says is wrong with it, None while it is well or does not answer at all."""
        if self.child is None or self.child.pid is None:
            return None
        said = await self._health(self._ports_file(self.child))
        return None if said is None or said.get("status") == "ok" else str(said.get("error", said.get("status")))

    async def stop(self, grace_s: float = 10.0) -> None:
        """End it and give the lock up."""
        if self.child is not None:
            await self.child.stop(grace_s)
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    async def _wait_ready(self, child: Child) -> None:
        """Return once it answers that it is well: a large store takes its time, so only its end is a failure."""
        loop = asyncio.get_running_loop()
        began, said = loop.time(), False
        ports = self._ports_file(child)
        for old in self.directory.glob("nats-server_*.ports"):
            if old != ports:
                old.unlink(missing_ok=True)
        while True:
            if child.pid is None:
                raise BusUnavailableError(
                    f"nats-server ended at once: {self.journal.last.get('nats', 'no reason given')}"
                )
            health = await self._health(ports)
            if health is not None and health.get("status") == "ok":
                return
            if not said and loop.time() - began > IMPATIENT_AFTER_S:
                last = self.journal.last.get("nats", "it says nothing")
                self.journal.note(f"nats-server runs but is not ready yet; still waiting: {last}", "WARNING")
                said = True
            await asyncio.sleep(POLL_S)

    def _ports_file(self, child: Child) -> Path:
        return self.directory / f"nats-server_{child.pid}.ports"

    async def _health(self, ports: Path) -> dict[str, Any] | None:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", _monitoring_port(ports))
        except (OSError, ValueError):  # not written yet, half written, or not listening yet
            return None
        try:
            writer.write(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
            answer = await asyncio.wait_for(reader.read(), 2)
            found = json.loads(answer.partition(b"\r\n\r\n")[2])
        except (OSError, TimeoutError, ValueError):
            return None
        finally:
            writer.close()
        return found if isinstance(found, dict) else None


def configuration(store: Path, port: int) -> str:
    """Return the server's configuration: loopback only, every acknowledged message on the disk.

    max_payload is above our own limit of 256 KiB a body on purpose: an oversized message must reach the bus adapter, which
    buries it with a reason, instead of breaking its sender's connection without a trace.
    """
    return "\n".join(
        (
            f'listen: "127.0.0.1:{port}"',
            'http: "127.0.0.1:-1"',
            'server_name: "sentinel"',
            f"jetstream {{ store_dir: {_quoted(store)}, sync_interval: always, "
            f"max_file_store: {FILE_LIMIT}, max_memory_store: 268435456 }}",
            "max_payload: 1MB",
            "max_connections: 128",
            "max_subscriptions: 1000",
            "max_control_line: 4KB",
            'write_deadline: "5s"',
            'ping_interval: "10s"',
            "ping_max: 2",
            "",
        )
    )


def find_binary(environment: Mapping[str, str] = os.environ) -> str:
    """Return the path of nats-server: SENTINEL_NATS_BIN, then the one installed with us, then PATH."""
    named = environment.get("SENTINEL_NATS_BIN")
    bundled = Path(sysconfig.get_path("scripts"), "nats-server")
    found = named or (str(bundled) if bundled.exists() else shutil.which("nats-server"))
    if not found or not os.access(found, os.X_OK):
        raise NotFoundError(
            f"no nats-server to run{f' at {named}' if named else ''}",
            code="launcher.no_nats",
            hint="install nats-server 2.14 or later and set SENTINEL_NATS_BIN to its path",
        )
    return found


def version_of(binary: str) -> tuple[int, ...]:
    """Return the version a nats-server binary reports, such as (2, 15, 1)."""
    answer = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=10, check=True).stdout
    return tuple(int(part) for part in answer.strip().rsplit("v", 1)[-1].split("-")[0].split("."))


def check_configuration(binary: str, config: Path) -> None:
    """Raise BadInputError with the server's own words when it refuses the configuration."""
    done = subprocess.run([binary, "-t", "-c", str(config)], capture_output=True, text=True, timeout=10, check=False)
    if done.returncode:
        raise BadInputError(f"nats-server refuses its configuration: {done.stderr.strip()[-400:]}", pointer=str(config))


def is_free(port: int) -> bool:
    """Tell whether a loopback port can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a loopback port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _monitoring_port(ports: Path) -> int:
    return int(json.loads(ports.read_text())["monitoring"][0].rsplit(":", 1)[1])


def _quoted(path: Path) -> str:
    return json.dumps(str(path), ensure_ascii=False)
