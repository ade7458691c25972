"""How far a job has come: noted by the thread that works, told to the bus by a task beside it. Nothing waits for it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from libs.common.bus import Outlet
from libs.common.clock import Clock
from libs.common.commands import Command
from libs.common.events import JobProgressed

TELL_EVERY_S = 0.1

Seen = Callable[[int, int], None]
"""`(done, total)`: told by slow work every now and then."""


@dataclass(frozen=True)
class Reached:
    """A place in a job. since_s: reading of the clock when its phase began."""

    phase: str
    done: int
    total: int
    since_s: float


class Progress:
    """The newest place a job has reached; one thread writes, another reads."""

    def __init__(self, clock: Clock):
        """Start nowhere."""
        self._clock = clock
        self.reached: Reached | None = None

    def of(self, phase: str) -> Seen:
        """Return the function that notes how far a phase has come; the phase begins now."""
        since_s = self._clock.monotonic()

        def seen(done: int, total: int) -> None:
            self.reached = Reached(phase, done, total, since_s)

        return seen


@asynccontextmanager
async def told(progress: Progress, command: Command, outlet: Outlet | None, clock: Clock) -> AsyncIterator[None]:
    """Tell the progress of a command's job on the bus, ten times a second while it changes, and where the block ended."""
    if outlet is None:
        yield
        return
    telling = _Telling(progress, command, outlet, clock)
    task = asyncio.create_task(telling.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await telling.step()


class _Telling:
    def __init__(self, progress: Progress, command: Command, outlet: Outlet, clock: Clock):
        self._progress = progress
        self._command = command
        self._outlet = outlet
        self._clock = clock
        self._last: Reached | None = None

    async def run(self) -> None:
        while True:
            await self.step()
            await asyncio.sleep(TELL_EVERY_S)

    async def step(self) -> None:
        reached = self._progress.reached
        if reached is not None and reached != self._last:
            self._last = reached
            await self._outlet.tell(progressed(reached, self._command, self._clock))


def progressed(reached: Reached, command: Command, clock: Clock) -> JobProgressed:
    """Return what is told of a place: done of total, and how many a second since the phase began."""
    took_s = clock.monotonic() - reached.since_s
    return JobProgressed.after(
        command,
        key=f"{reached.phase}|{reached.done}",
        at=clock.now(),
        service=command.service(),
        job_id=command.event_id,
        phase=reached.phase,
        done=reached.done,
        total=reached.total,
        rate=reached.done / took_s if took_s > 0 else None,
    )
