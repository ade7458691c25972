"""The whole system on one machine: nats-server and one process per service, kept alive, stopped in order.

`System` is what `sentinel up` runs, and what tests and benchmarks start too. It decides who starts when and what they are told;
how a process is kept alive is `processes`, what the bus needs is `nats`, who is ready is `health`.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from deploy.guard import keep_storing
from deploy.health import Watch
from deploy.journal import Journal, open_journal
from deploy.locks import FileLock, holder
from deploy.nats import DEFAULT_PORT, NatsServer, free_port, is_free
from deploy.processes import Child, Program
from deploy.recorded import E, recorded
from deploy.room import wait_for_room
from libs.common.errors import (
    BadInputError,
    BusUnavailableError,
    ConflictError,
    NotFoundError,
    TimedOutError,
)

SERVICES = ("ingest", "strategy_gen", "backtest", "agents", "mother_ai", "executor", "gateway")
GATEWAY_PORT = 3000
GRACE_S = 10.0
READY_WITHIN_S = 60.0
LEFTOVERS_WITHIN_S = 20.0
"""Services of a launcher that was killed hold their inherited lock until they have ended; two of one must never run."""


class System:
    """Everything of one data directory.

    services: names of the packages under `services` to run. workers: processes that work on pieces of jobs, beside a backtest service that
    only hands them out; 0 lets that one process do both. env: variables for them, added to ours. ports: "default" takes
    4222 and 3000 where they are free and other ones where not; "free" always takes free ones. quiet: nothing on the terminal.
    SENTINEL_PORT in `env` is the gateway's port and must be free.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        services: Sequence[str] = SERVICES,
        workers: int = 0,
        env: Mapping[str, str] | None = None,
        ports: Literal["default", "free"] = "default",
        quiet: bool = True,
    ):
        """Prepare; `start` runs it."""
        self.data_dir = data_dir.absolute()
        self.services = tuple(services)
        self.workers = workers
        self._env = dict(env or {})
        self._ports = ports
        self._quiet = quiet
        self._lock: FileLock | None = None
        self._leftovers: FileLock | None = None
        self._journal: Journal | None = None
        self._nats: NatsServer | None = None
        self._guard: asyncio.Task[None] | None = None
        self._watch: Watch | None = None
        self._children: dict[str, Child] = {}
        self._gateway_port = 0

    @property
    def nats_url(self) -> str:
        """Address of the bus; raises NotFoundError before the start."""
        if self._nats is None:
            raise NotFoundError("the bus has not been started")
        return self._nats.url

    @property
    def gateway_url(self) -> str:
        """Address of the gateway."""
        return f"http://127.0.0.1:{self._gateway_port}"

    @property
    def restarts(self) -> dict[str, int]:
        """How often each process has been started again."""
        return {name: child.restarts for name, child in sorted(self._all().items())}

    @property
    def watch(self) -> Watch:
        """The pulses of the services; raises NotFoundError before the start."""
        if self._watch is None:
            raise NotFoundError("the bus has not been started")
        return self._watch

    @property
    def journal(self) -> Journal:
        """The log of all processes; raises NotFoundError before the start."""
        if self._journal is None:
            raise NotFoundError("the system has not been started")
        return self._journal

    @property
    def last_words(self) -> dict[str, str]:
        """The last warning or error of each process, empty before the start; the log itself may lie on a full disk."""
        return self._journal.last if self._journal is not None else {}

    def pid_of(self, name: str) -> int | None:
        """Return the process id of a service or of `nats`, None while it is not running."""
        return self._child(name).pid

    def kill(self, name: str, signal_number: int = signal.SIGKILL) -> None:
        """Send a signal to a service or to `nats`; what ends is started again."""
        self._child(name).kill(signal_number)

    async def start(self) -> None:
        """Start the bus, make its streams, start the services; raises what kept one of them from starting.

        Raises ConflictError when another system runs on the same data directory.
        """
        self._lock = FileLock.take(pid_file(self.data_dir))
        if self._lock is None:
            owner = holder(pid_file(self.data_dir))
            raise ConflictError(
                f"Sentinel already runs on {self.data_dir} (process {owner})",
                code="launcher.running",
                hint="`sentinel down` ends it; another --data-dir runs beside it",
            )
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def wait_ready(self, seconds: float = READY_WITHIN_S) -> None:
        """Return once every service says it is ready; raises TimedOutError naming the others and their last complaint."""
        try:
            await self.watch.until_ready(lambda: {name: child.pid for name, child in self._children.items()}, seconds)
        except TimedOutError as error:
            said = "; ".join(f"{name}: {text}" for name, text in sorted(self.journal.last.items()))
            raise TimedOutError(
                error.detail, code=error.code, hint=f"{self.data_dir / 'sentinel.log'}: {said}"
            ) from None

    async def drained(self, seconds: float = 60.0) -> None:
        """Return once every message has been handled and every outbox is empty; raises TimedOutError."""
        await self.watch.until_quiet(self.services, seconds)

    async def recorded(self, kind: type[E]) -> list[E]:
        """Return every fact of `kind` that is stored on the bus, in order."""
        return await recorded(self.watch.client, kind)

    async def stop(self) -> None:
        """Drain and end every service (10 s, then SIGKILL), then the bus; may be called twice."""
        watch, self._watch = self._watch, None
        if watch is not None:
            await watch.close()
        children, self._children = list(self._children.values()), {}
        await asyncio.gather(*(child.stop(GRACE_S) for child in children))
        guard, self._guard = self._guard, None
        if guard is not None:
            guard.cancel()
            await asyncio.wait((guard,))
        bus, self._nats = self._nats, None
        if bus is not None:
            await bus.stop(GRACE_S)
        journal, self._journal = self._journal, None
        if journal is not None:
            journal.close()
        leftovers, self._leftovers = self._leftovers, None
        if leftovers is not None:
            leftovers.release()
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.write("")
            lock.release()

    def hurry(self) -> None:
        """End every process at once, without draining; `stop` still has to be awaited."""
        for child in self._all().values():
            child.abandon()

    async def _start(self) -> None:
        assert_known(self.services)
        lock = self._lock
        if lock is None:
            raise NotFoundError("the lock was not taken")
        self._journal = open_journal(self.data_dir, quiet=self._quiet)
        await wait_for_room(self.data_dir, lambda text: self.journal.note(text, "WARNING"))
        lock.write(f"{os.getpid()}\n")
        self._leftovers = await FileLock.wait(
            self.data_dir / "services.lock", LEFTOVERS_WITHIN_S, "a service's database"
        )
        bus_port = DEFAULT_PORT if self._ports == "default" and is_free(DEFAULT_PORT) else None
        self._nats = NatsServer(self.data_dir, self._journal, bus_port)
        await self._nats.start()
        self._guard = asyncio.create_task(keep_storing(self._nats, self._journal), name="guard")
        await self._make_streams()
        self._watch = await Watch.open(self.nats_url, lambda text: self.journal.note(text, "DEBUG"))
        self._gateway_port = self._choose_gateway_port()
        (self.data_dir / "nats.url").write_text(f"{self.nats_url}\n")
        for name, arguments in self._programs():
            command = [sys.executable, "-m", *arguments]
            program = Program(
                name,
                command,
                self._environment(),
                inherit=(self._leftovers.descriptor,),
                knows_keys=name == "strategy_gen",
            )
            self._children[name] = Child(program, self._journal)
            await self._children[name].start()

    def _programs(self) -> list[tuple[str, list[str]]]:
        """Return name and arguments of every process: one a service, and the workers there are."""
        found = [(name, [f"services.{name}"]) for name in self.services]
        if self.workers:
            found = [(n, [*a, "--role", "coordinator"] if n == "backtest" else a) for n, a in found]
        names = [f"backtest_worker_{number}" for number in range(1, self.workers + 1)]
        return found + [(name, ["services.backtest", "--role", "worker", "--name", name]) for name in names]

    async def _make_streams(self) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "libs.common.streams", "--url", self.nats_url),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        told, _ = await process.communicate()
        for line in told.decode(errors="replace").splitlines():
            self.journal.take("streams", line)
        if process.returncode:
            raise BusUnavailableError(f"the streams could not be made: {told.decode(errors='replace').strip()[-300:]}")

    def _choose_gateway_port(self) -> int:
        asked = self._env.get("SENTINEL_PORT")
        if asked is not None:
            if not is_free(int(asked)):
                raise ConflictError(f"port {asked} is taken", code="launcher.port", hint="choose another with --port")
            return int(asked)
        return GATEWAY_PORT if self._ports == "default" and is_free(GATEWAY_PORT) else free_port()

    def _environment(self) -> dict[str, str]:
        ours = {
            "SENTINEL_DATA_DIR": str(self.data_dir),
            "SENTINEL_NATS_URL": self.nats_url,
            "SENTINEL_PORT": str(self._gateway_port),
            "PYTHONUNBUFFERED": "1",
        }
        return {"SENTINEL_LOG_LEVEL": "DEBUG"} | self._env | ours

    def _all(self) -> dict[str, Child]:
        bus = {"nats": self._nats.child} if self._nats is not None and self._nats.child is not None else {}
        return self._children | bus

    def _child(self, name: str) -> Child:
        found = self._all().get(name)
        if found is None:
            raise NotFoundError(f"no process is named {name!r}", hint=f"one of {', '.join(sorted(self._all()))}")
        return found


def pid_file(data_dir: Path) -> Path:
    """Return the file that names the launcher of a data directory; it is locked while that runs."""
    return data_dir.absolute() / "sentinel.pid"


def assert_known(services: Sequence[str]) -> None:
    """Raise BadInputError for a service that does not exist."""
    unknown = sorted(set(services) - set(SERVICES))
    if unknown:
        raise BadInputError(f"no such service: {', '.join(unknown)}", hint=f"one of {', '.join(SERVICES)}")
