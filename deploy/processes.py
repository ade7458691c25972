"""One child process kept alive: started, read, started again with a growing delay when it ends, stopped on request.

Decides delays and signals. Knows neither the bus nor what the child does. Children end with the launcher on Linux (the
kernel sends SIGTERM); elsewhere only a clean stop ends them.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.journal import Journal

FIRST_DELAY_S = 0.2
LONGEST_DELAY_S = 10.0
STEADY_AFTER_S = 30.0
LAST_WORDS_S = 1.0
LINE_LIMIT = 1 << 20
_WRAPPER = Path(__file__).with_name("child.py")


@dataclass(frozen=True)
class Program:
    """What to run. env: added to the launcher's own. inherit: open descriptors the child is handed too. knows_keys: is handed the
    language models' keys, which stay out of every other process.

    orphan_signal: what the kernel sends it when the launcher dies. A service cannot drain then, for the bus goes too.
    """

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    inherit: tuple[int, ...] = ()
    orphan_signal: int = signal.SIGKILL
    knows_keys: bool = False

    def environment(self, ours: Mapping[str, str]) -> dict[str, str]:
        """Return the variables it starts with, out of `ours`."""
        given = {**ours, **self.env}
        return given if self.knows_keys else {name: value for name, value in given.items() if not _is_key(name)}


class Child:
    """A program that is kept alive.

    on_start: awaited after every start, before the child counts as started; an error it raises is a failed start.
    """

    def __init__(
        self, program: Program, journal: Journal, on_start: Callable[["Child"], Awaitable[None]] | None = None
    ):
        """Prepare; `start` runs it."""
        self.program = program
        self.journal = journal
        self.restarts = 0
        self._on_start = on_start
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()

    @property
    def name(self) -> str:
        """The program's name."""
        return self.program.name

    @property
    def pid(self) -> int | None:
        """Process id, None while it is not running."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self) -> None:
        """Run it and keep it running; raises what the first start raises."""
        await self._spawn()
        self._keeping = asyncio.create_task(self._keep(), name=f"keep {self.name}")

    def kill(self, signal_number: int = signal.SIGKILL) -> None:
        """Send a signal to the running process; it is started again if it ends."""
        if self.pid is not None:
            os.kill(self.pid, signal_number)

    def abandon(self) -> None:
        """End it and its whole group at once, for good; `stop` still has to be awaited."""
        self._stopping.set()
        if self.pid is not None:
            _signal_group(self.pid, signal.SIGKILL)

    async def stop(self, grace_s: float = 10.0) -> None:
        """End it: SIGTERM, then SIGKILL to its whole group after `grace_s`; never raises for one already gone."""
        self._stopping.set()
        process, began = self._process, time.monotonic()
        if process is not None:
            if process.returncode is None:
                _signal(process.pid, signal.SIGTERM)
                try:
                    await asyncio.wait_for(process.wait(), grace_s)
                except TimeoutError:
                    self.journal.note(f"{self.name} did not end within {grace_s:g} s and was killed", "WARNING")
            _signal_group(process.pid, signal.SIGKILL)
            await process.wait()
            self.journal.note(f"{self.name} ended within {time.monotonic() - began:.1f} s", "DEBUG")
        if self._keeping is not None:
            await self._keeping
        if self._reading is not None:
            await asyncio.wait([self._reading], timeout=LAST_WORDS_S)
            self._reading.cancel()

    async def _spawn(self) -> None:
        reading_end, writing_end = os.pipe()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *_bound_to_us(self.program),
                stdin=subprocess.DEVNULL,
                stdout=writing_end,
                stderr=writing_end,
                env=self.program.environment(os.environ),
                pass_fds=self.program.inherit,
                process_group=0,  # Ctrl-C reaches the launcher alone, which then ends the children in order
            )
        except BaseException:
            os.close(reading_end)
            raise
        finally:
            os.close(writing_end)
        self._reading = asyncio.create_task(self._read(reading_end), name=f"read {self.name}")
        if self._stopping.is_set():  # told to stop while it was being started
            _signal_group(self._process.pid, signal.SIGKILL)
        elif self._on_start is not None:
            await self._on_start(self)

    async def _keep(self) -> None:
        delay = FIRST_DELAY_S
        while True:
            began = time.monotonic()
            code = await self._ended()
            if self._stopping.is_set():
                return
            if time.monotonic() - began >= STEADY_AFTER_S:
                delay = FIRST_DELAY_S
            self.journal.note(f"{self.name} ended with {_reason(code)}; starting it again in {delay:g} s", "WARNING")
            if await self._told_to_stop_within(delay):
                return
            delay = min(delay * 2, LONGEST_DELAY_S)
            self.restarts += 1
            try:
                await self._spawn()
            except Exception as error:  # noqa: BLE001 - whatever kept it from starting, the next round tries again
                self.journal.note(f"{self.name} could not be started: {error}", "ERROR")

    async def _ended(self) -> int:
        process = self._process
        if process is None:
            return -1
        code = await process.wait()
        _signal_group(process.pid, signal.SIGKILL)  # grandchildren must not outlive it
        if self._reading is not None:
            await asyncio.wait(
                [self._reading], timeout=1
            )  # what it wrote last; a daemonised grandchild may hold the pipe
        return code

    async def _told_to_stop_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def _read(self, descriptor: int) -> None:
        reader = asyncio.StreamReader(limit=LINE_LIMIT)
        loop = asyncio.get_running_loop()
        pipe = os.fdopen(descriptor, "rb", buffering=0)
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        try:
            while True:
                try:
                    line = await reader.readline()
                except ValueError:  # longer than the limit; the reader has dropped what it held
                    self.journal.note(
                        f"a line of {self.name} was longer than {LINE_LIMIT} bytes and is lost", "WARNING"
                    )
                    continue
                if not line:
                    return
                self.journal.take(self.name, line.decode(errors="replace").rstrip())
        finally:
            transport.close()


def _is_key(name: str) -> bool:
    return name.endswith("_API_KEY") or name in ("SENTINEL_LLM_KEY", "SENTINEL_EMBEDDINGS_KEY")


def _bound_to_us(program: Program) -> list[str]:
    if not sys.platform.startswith("linux"):
        return list(program.command)
    wrapper = [sys.executable, "-I", "-S", str(_WRAPPER), str(os.getpid()), str(int(program.orphan_signal))]
    return [*wrapper, *program.command]


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _signal_group(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):  # macOS answers EPERM for a group of zombies
        return


def _reason(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
