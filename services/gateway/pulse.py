"""Who is alive: the last pulse of each service, in memory only, because a pulse is not stored.

Decides when a pulse is too old. A restarted gateway knows nothing for up to one pulse (2 s) and says so.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from libs.common.clock import Clock
from libs.common.events import ServiceBeat

SERVICES = ("agents", "backtest", "executor", "gateway", "ingest", "mother_ai", "strategy_gen")
STALE_S = 8.0
"""Four pulses missed."""


@dataclass(frozen=True)
class Heard:
    """A pulse and the monotonic second it was heard at."""

    beat: ServiceBeat
    at_s: float


class Pulse:
    """The last pulse heard of each service."""

    def __init__(self, clock: Clock):
        """Start deaf."""
        self._clock = clock
        self._heard: dict[str, Heard] = {}

    async def watch_beats(self, beats: AsyncIterator[ServiceBeat]) -> None:
        """Take in pulses until `beats` ends."""
        async for beat in beats:
            self._heard[beat.service] = Heard(beat, self._clock.monotonic())

    def is_bus_alive(self) -> bool:
        """Tell whether any service's pulse came through lately."""
        now = self._clock.monotonic()
        return any(now - heard.at_s <= STALE_S for heard in self._heard.values())

    def services(self) -> list[dict[str, Any]]:
        """Return one entry a service, those never heard included; state: ready, starting, silent or unheard."""
        names = sorted({*SERVICES, *self._heard})
        return [self._entry(name) for name in names]

    def _entry(self, name: str) -> dict[str, Any]:
        heard = self._heard.get(name)
        if heard is None:
            return {"service": name, "state": "unheard", "age_s": None}
        age_s = self._clock.monotonic() - heard.at_s
        state = "silent" if age_s > STALE_S else "ready" if heard.beat.ready else "starting"
        beat = heard.beat.model_dump(
            mode="json", include={"version", "config_hash", "pid", "lag", "outbox", "last_error", "details", "at"}
        )
        return {"service": name, "state": state, "age_s": round(age_s, 1), **beat}
