"""Chance that repeats: the generators of `random` and `numpy.random` start from the job's seed, also where a strategy gives none.

Decides where entropy may come from: nowhere but the seed.
"""

import random
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

_WORDS = ("random", "sample", "shuffle")
"""Code without any of these words cannot draw: names are judged after NFKC, and pandas draws in `sample` only."""


def draws(source: str) -> bool:
    """Tell whether the code could draw random numbers."""
    folded = unicodedata.normalize("NFKC", source)
    return any(word in folded for word in _WORDS)


def reset(seed: int) -> None:
    """Start both process-wide generators from the seed, 0 to 2**32 - 1."""
    random.seed(seed)
    np.random.seed(seed)


def seeded(seed: Callable[[], int]) -> Mapping[str, Mapping[str, Any]]:
    """Return what replaces the sources of entropy, by module and name: without a seed of their own they take the job's, asked for
    at each use.
    """

    class Random(random.Random):
        def __init__(self, x: Any = None) -> None:
            super().__init__(seed() if x is None else x)

        def seed(self, a: Any = None, version: int = 2) -> None:
            super().seed(seed() if a is None else a, version)

    def taking(source: Callable[..., Any]) -> Callable[..., Any]:
        def make(given: Any = None, *more: Any, **named: Any) -> Any:
            if given is None and not named.keys() & {"seed", "entropy"}:
                given = seed()
            return source(*([] if given is None else [given]), *more, **named)

        return make

    numpy_sources = (
        "default_rng",
        "RandomState",
        "SeedSequence",
        "MT19937",
        "PCG64",
        "PCG64DXSM",
        "Philox",
        "SFC64",
        "seed",
    )
    return {
        "random": {
            "Random": Random,
            "seed": lambda a=None, version=2: random.seed(seed() if a is None else a, version),
        },
        "numpy.random": {name: taking(getattr(np.random, name)) for name in numpy_sources},
    }
