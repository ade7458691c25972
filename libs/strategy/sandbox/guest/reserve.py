"""Memory kept back, so that a job that ran out of it can still say so.

CPython 3.11 enters the clean-up part of an `except` only with a new number for the place of the error; where not even that can be
allocated it tries again for ever. So whoever catches MemoryError first gives the reserve back before doing anything else.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Reserve: TypeAlias = list[npt.NDArray[np.uint8]]

_BYTES = 4 * 1024 * 1024
"""Room for the allocator's next stretches, 1 MB each. The pages are never touched, so it costs address space only."""


def reserve() -> Reserve:
    """Return the reserve; `clear()` gives it back and needs no memory itself."""
    return [np.empty(_BYTES, np.uint8)]
