"""How often a provider that is busy is asked again, and how long we wait for it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Retries:
    """attempts: requests at most, the first included. first_wait_s: doubles with each try; max_wait_s: no wait is longer, and a provider
    that asks for a longer one is not asked again. sleep: how to wait.
    """

    attempts: int = 3
    first_wait_s: float = 1.0
    max_wait_s: float = 20.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
