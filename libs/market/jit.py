"""Optional compilation: the same source runs as plain Python, or as machine code where a service asks for it.

Decides when numba is used. Refuses anything that could change a result: no fastmath, no parallel reductions.
"""

import importlib.util
import os
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

Function = TypeVar("Function", bound=Callable[..., Any])

# A decorator runs while its module is being imported, before any settings object exists, so this one switch is read
# from the environment here and nowhere else. It can change speed only, never a result.
COMPILED = os.environ.get("SENTINEL_JIT") == "1" and importlib.util.find_spec("numba") is not None
"""Whether `jit` compiles in this process."""


def jit(function: Function) -> Function:
    """Return `function` compiled by numba when SENTINEL_JIT=1 and numba is installed, else `function` itself.

    The machine code is cached beside the source (NUMBA_CACHE_DIR moves it); the first call compiles, about one second.
    """
    if not COMPILED:
        return function
    import numba  # noqa: PLC0415  half a second and 60 MB that processes without SENTINEL_JIT must not pay

    return cast(Function, numba.njit(cache=True, fastmath=False)(function))


def operand(values: npt.NDArray[np.float64]) -> Any:
    """Return `values` in the form a `jit` loop reads fastest: a writable C array if compiled, else a list of floats.

    Indexing a numpy array from plain Python costs about five times as much as indexing a list; one array layout keeps
    numba from compiling the same loop twice.
    """
    if not COMPILED:
        return values.tolist()
    return np.require(values, np.float64, ("C", "W"))
