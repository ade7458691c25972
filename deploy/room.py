"""Room on the disk of a data directory: whether there is enough to run on, and waiting until there is.

Below the floor nothing is started that would only fail at its first write. What is running meanwhile waits by itself.
"""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

NEEDED_BYTES = 16 << 20
"""What the bus, seven databases and the log need to start and to take up their work."""

LOOK_AGAIN_S = 0.5


def shortage(folder: Path) -> str | None:
    """Return how much room is missing and where, None where there is enough."""
    free = shutil.disk_usage(_existing(folder)).free
    if free >= NEEDED_BYTES:
        return None
    return f"the disk is full: {free / 1e6:.1f} MB are free in {folder}, {NEEDED_BYTES / 1e6:.1f} MB are needed"


async def wait_for_room(folder: Path, say: Callable[[str], None]) -> None:
    """Return once there is enough room; says once why it waits, and for what."""
    missing = shortage(folder)
    if missing is None:
        return
    say(f"{missing}; waiting until some is freed")
    while shortage(folder) is not None:  # noqa: ASYNC110 - a disk has no event to wait for
        await asyncio.sleep(LOOK_AGAIN_S)
    say("there is room again")


def _existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.exists())
