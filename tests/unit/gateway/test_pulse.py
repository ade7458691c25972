from collections.abc import AsyncIterator
from datetime import datetime

from libs.common.events import ServiceBeat
from services.gateway.pulse import STALE_S, Pulse
from tests.support.build import START


class Hands:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return START

    def monotonic(self) -> float:
        return self.seconds


async def beats(*services: str) -> AsyncIterator[ServiceBeat]:
    for name in services:
        fields = {"service": name, "version": "1", "config_hash": "c", "pid": 1, "ready": True}
        yield ServiceBeat.first(key=name, at=START, **fields)


async def test_pulse_missed_four_times_is_silent() -> None:
    clock = Hands()
    pulse = Pulse(clock)
    assert not pulse.is_bus_alive()
    await pulse.watch_beats(beats("agents", "helper"))
    clock.seconds = STALE_S
    assert pulse.is_bus_alive()
    clock.seconds = STALE_S + 0.1
    assert not pulse.is_bus_alive()
    states = {entry["service"]: entry["state"] for entry in pulse.services()}
    assert states["agents"] == states["helper"] == "silent"
    assert states["executor"] == "unheard"
