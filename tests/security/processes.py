"""Processes as the kernel lists them, to see what a killed fork server leaves behind."""

import os
import time
from pathlib import Path


def children(pid: int) -> list[int]:
    """Return the children of every thread of a process."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found.extend(int(each) for each in task.read_text().split())
        except OSError:
            continue
    return sorted(found)


def descendants(pid: int) -> list[int]:
    """Return the children of a process, theirs, and so on; parents before children."""
    found: list[int] = []
    for child in children(pid):
        found += [child, *descendants(child)]
    return found


def alive(pids: list[int]) -> list[int]:
    """Return those that still run; a zombie does not."""
    return [pid for pid in pids if stat(pid)[:1] not in ([], ["Z"], ["X"])]


def gone_within(pids: list[int], seconds: float) -> bool:
    """Tell whether all are gone, waiting for it."""
    deadline = time.monotonic() + seconds
    while alive(pids):
        if time.monotonic() > deadline:
            return False
        os.sched_yield()
    return True


def stat(pid: int) -> list[str]:
    """Return the fields of /proc/<pid>/stat from the state on (state, parent, ...); empty if there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
