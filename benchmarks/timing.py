"""How benchmarks measure and print time. Knows nothing of what it times."""

import statistics
import time
from collections.abc import Callable
from typing import Any


def timed(act: Callable[[], Any], seconds: float = 1.0) -> float:
    """Return the median duration of `act`, warmed up, over at least one and at most 2,000 runs in about `seconds`."""
    act()
    spent: list[float] = []
    while sum(spent) < seconds and len(spent) < 2_000:
        start = time.perf_counter()
        act()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent)


def shown(seconds: float) -> str:
    """Return a duration in the unit that reads best."""
    if seconds < 1e-3:
        return f"{seconds * 1e6:,.1f} us"
    return f"{seconds * 1e3:,.2f} ms" if seconds < 1 else f"{seconds:,.2f} s"
