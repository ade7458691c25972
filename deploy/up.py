"""`sentinel up`: one profile's system from start to Ctrl-C, told to the person in front of it."""

import asyncio
import logging
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from deploy.first_run import FirstRun
from deploy.journal import Relay
from deploy.local import System
from deploy.tape import follow
from libs.common.errors import SentinelError

SIMULATED = "simulated"
IMPATIENT_AFTER_S = 1.0
"""A second signal sooner than this is the same one: a terminal and a supervisor may both send it."""


@dataclass(frozen=True)
class Wish:
    """What the person asked for. speed: bars come so many times faster than their clock; port None takes 3000 or a free one."""

    data_dir: Path
    feed: str = SIMULATED
    speed: float | None = None
    port: int | None = None

    def environment(self) -> dict[str, str]:
        """Return the variables that tell the services."""
        told = {"SENTINEL_FEED": self.feed}
        if self.speed is not None:
            told["SENTINEL_SIMULATION_SPEED"] = f"{self.speed:g}"
        if self.port is not None:
            told["SENTINEL_PORT"] = str(self.port)
        return told


async def run(wish: Wish) -> None:
    """Run the system until SIGINT or SIGTERM, then drain it; a second signal ends it at once."""
    system = System(wish.data_dir, env=wish.environment(), quiet=False)
    loop = asyncio.get_running_loop()
    told = asyncio.Event()

    first = 0.0

    def heard() -> None:
        nonlocal first
        if not told.is_set():
            first = loop.time()
        elif loop.time() - first > IMPATIENT_AFTER_S:
            system.hurry()
        told.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, heard)
    began = time.monotonic()
    work = asyncio.create_task(_work(system, wish, began))
    waiting = asyncio.create_task(told.wait())
    try:
        await asyncio.wait((work, waiting), return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()  # raises what kept it from starting
            await waiting
        _say("draining; Ctrl-C again ends everything at once")
    finally:
        work.cancel()
        await asyncio.wait((work,))
        waiting.cancel()
        await system.stop()
    _say("stopped")


async def _work(system: System, wish: Wish, began: float) -> None:
    await system.start()
    own = logging.getLogger("sentinel")
    own.addHandler(Relay(system.journal))
    own.propagate = False
    await system.wait_ready()
    await follow(system.watch.client, _say)
    mark = ", prices are SIMULATED" if wish.feed == SIMULATED else ""
    _say(f"ready after {time.monotonic() - began:.1f} s{mark}: {system.gateway_url}")
    _say(f"data in {system.data_dir}, all log lines in sentinel.log there; Ctrl-C drains and stops")
    if wish.feed == SIMULATED:
        try:
            await FirstRun(system.data_dir, system.journal).run(system.nats_url)
        except SentinelError as error:
            system.journal.note(f"the example strategies are not all running: {error.detail}", "WARNING")


def _say(text: str) -> None:
    sys.stdout.write(f"sentinel: {text}\n")
    sys.stdout.flush()
