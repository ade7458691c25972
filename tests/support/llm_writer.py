"""A model as a writer on a database of its own, talking to a fake server: what tests of models start from."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from libs.common.db import Database
from services.strategy_gen.llm import budget_store
from services.strategy_gen.llm.budget import Budget, Caps
from services.strategy_gen.llm.chain import build_writers
from services.strategy_gen.llm.protocol import Ask, Draft, Writer
from services.strategy_gen.llm.retries import Retries
from tests.support.fake_llm import FakeLlm

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ASK = Ask("buy when the close crosses above its 14-bar mean, sell when it crosses below", "python.signals", "1h")
PLENTY = Caps(Decimal(1_000), Decimal(1_000))


@dataclass
class SetClock:
    """A clock that stands where it is put."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


@dataclass
class Office:
    """The writer, its ledger, and the waits it asked for between tries (none of which took time)."""

    writer: Writer
    budget: Budget
    clock: SetClock
    naps: list[float] = field(default_factory=list)

    async def write(self, ask: Ask = ASK, job_id: str = "job") -> Draft:
        return await self.writer.write(ask, job_id)


@asynccontextmanager
async def opened(
    fake: FakeLlm, folder: Path, provider: str = "google", *, caps: Caps = PLENTY, **settings: Any
) -> AsyncIterator[Office]:
    """Open a writer of `fake`'s model of a provider; settings: changes to FakeLlm.settings."""
    clock = SetClock()
    naps: list[float] = []

    async def nap(seconds: float) -> None:
        naps.append(seconds)

    database = await Database.open(f"sqlite:///{folder / 'calls.db'}", [budget_store.MIGRATION])
    try:
        budget = Budget(database, clock, caps)
        writers = build_writers(fake.settings(provider, **settings), budget, clock, Retries(sleep=nap))
        yield Office(writers[0], budget, clock, naps)
    finally:
        await database.close()
