"""How long a documented request is held: its reply is the whole result, so it waits longer than `/api/v1` does."""

from dataclasses import replace

from services.gateway.gateway import Gateway
from services.gateway.jobs import wait_of

LONGEST_S = 300.0
"""n8n gives up then, too."""


def held_s(prefer: str | None) -> float:
    """Return the seconds a request is held: those of `Prefer: wait=N`, at most 60, or 300 without it."""
    return wait_of(prefer) or LONGEST_S


def patient(gateway: Gateway, seconds: float) -> Gateway:
    """Return the gateway, waiting `seconds` for the answer to a command."""
    return replace(gateway, settings=gateway.settings.model_copy(update={"ask_timeout_s": seconds}))
