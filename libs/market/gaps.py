"""Which bars a series skips."""

from dataclasses import dataclass

import numpy as np

from libs.common.errors import BadInputError
from libs.market.frame import TimeArray


@dataclass(frozen=True, slots=True)
class Gap:
    """A run of missing bars: first and last missing open time (epoch ms) and how many there are (>= 1)."""

    first_missing_ms: int
    last_missing_ms: int
    bars_missing: int


def find_gaps(ts: TimeArray, step_ms: int) -> list[Gap]:
    """Return the gaps between open times `ts` (strictly increasing, epoch ms) of bars that are `step_ms` long.

    Counts every missing step, so a market that closes overnight shows a gap a night: sessions are the caller's knowledge.
    Raises BadInputError if step_ms < 1.
    """
    if step_ms < 1:
        raise BadInputError(f"a bar cannot be {step_ms} ms long", pointer="/step_ms")
    missing = np.diff(ts) // step_ms - 1
    return [
        Gap(int(ts[row]) + step_ms, int(ts[row]) + step_ms * int(missing[row]), int(missing[row]))
        for row in np.flatnonzero(missing > 0)
    ]
