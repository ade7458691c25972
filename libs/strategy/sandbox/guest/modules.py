"""The modules a strategy can import, made once in a process and told for each job what time it is and where chance starts.

Made before the process is forked, they cost a job nothing: thousands of names would be counted anew in each child, and each count is
a page of memory to be copied.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from libs.strategy.sandbox.guest.asof import too_early
from libs.strategy.sandbox.guest.chance import seeded
from libs.strategy.sandbox.guest.clock import clocked
from libs.strategy.sandbox.guest.proxies import Importer


class Surroundings:
    """What differs from job to job in the modules: the as-of time (epoch ms, asked for at each use) and the seed (32 bit)."""

    __slots__ = ("now_ms", "seed")

    def __init__(self) -> None:
        """Belong to no job yet."""
        self.now_ms: Callable[[], int] = _no_job
        self.seed = 0


def modules_for(now_ms: Callable[[], int], seed: int) -> Importer:
    """Return the modules, from now on those of this job; a process runs one job at a time."""
    surroundings, importer = _made()
    surroundings.now_ms, surroundings.seed = now_ms, seed
    return importer


def make_modules() -> None:
    """Import every allowed module and make what strategies see of it, before any file becomes unreachable."""
    _made()[1].make_all()


@cache
def _made() -> tuple[Surroundings, Importer]:
    surroundings = Surroundings()
    return surroundings, Importer(_merged(clocked(lambda: surroundings.now_ms()), seeded(lambda: surroundings.seed)))


def _no_job() -> int:
    raise too_early()


def _merged(*tables: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    merged: dict[str, dict[str, Any]] = {}
    for table in tables:
        for module, names in table.items():
            merged.setdefault(module, {}).update(names)
    return merged
