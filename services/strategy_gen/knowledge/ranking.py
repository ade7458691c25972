"""The order of vectors by cosine, the same in every store: reckoned in double precision, one row at a time, ties by key.

A store's own distances differ in the last digits with the processor, the number of rows and what was stored before.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.strategy_gen.knowledge.vectors import Near

_DIGITS = 6


def ranked(keys: Sequence[str], matrix: NDArray[np.floating], asked: NDArray[np.floating], count: int) -> list[Near]:
    """Return the `count` rows of `matrix` nearest to `asked`, best first, rows of length 0 as 0.

    keys: one a row; matrix: (rows, dimensions); asked: (dimensions,).
    """
    rows, one = matrix.astype(np.float64), asked.astype(np.float64)
    lengths = np.sqrt((rows * rows).sum(axis=1) * (one * one).sum())
    products = (rows * one).sum(axis=1)
    cosines = np.round(np.divide(products, lengths, out=np.zeros(len(keys)), where=lengths > 0), _DIGITS)
    order = sorted(range(len(keys)), key=lambda at: (-cosines[at], keys[at]))[:count]
    return [Near(keys[at], float(cosines[at])) for at in order]
