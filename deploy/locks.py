"""Locks on files, held by the kernel for as long as a process lives: nothing stale is ever left behind."""

import asyncio
import fcntl
import os
from pathlib import Path
from typing import Self

from libs.common.errors import ConflictError

RETRY_S = 0.05


class FileLock:
    """An exclusive lock on a file. `descriptor` may be handed to a child, which then holds the lock too."""

    def __init__(self, path: Path, descriptor: int):
        """Use `take` instead."""
        self.path = path
        self.descriptor = descriptor

    @classmethod
    def take(cls, path: Path) -> Self | None:
        """Return the lock, or None when another process holds it. The file's text stays as it was."""
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return cls(path, descriptor)

    @classmethod
    async def wait(cls, path: Path, seconds: float, what: str) -> Self:
        """Return the lock, waiting for it; raises ConflictError that names `what` when it stays taken."""
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            lock = cls.take(path)
            if lock is not None:
                return lock
            if asyncio.get_running_loop().time() >= deadline:
                raise ConflictError(
                    f"{what} is in use by another process ({path})",
                    code="launcher.locked",
                    hint="end the process that uses it: `fuser` on that file names it",
                )
            await asyncio.sleep(RETRY_S)

    def write(self, text: str) -> None:
        """Replace the file's text."""
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, text.encode(), 0)

    def release(self) -> None:
        """Give it up here; a child that was handed the descriptor still holds it."""
        os.close(self.descriptor)


def holder(path: Path) -> int | None:
    """Return the process id written in a lock file that is held right now, None when nobody holds it."""
    if not path.exists():
        return None
    lock = FileLock.take(path)
    if lock is not None:
        lock.release()
        return None
    text = path.read_text().strip()
    return int(text) if text.isdecimal() else 0
