"""The configured models as one writer, with the ledger of their costs in strategy_gen's own database."""

import asyncio

from libs.common.clock import WallClock
from libs.common.db import Database
from services.strategy_gen.llm.budget import Budget, Caps
from services.strategy_gen.llm.chain import Chain, build_writers
from services.strategy_gen.llm.protocol import Ask, Draft
from services.strategy_gen.llm.settings import LlmSettings
from services.strategy_gen.settings import Settings


class Models:
    """The models of the settings, tried in order; nothing is connected before the first request.

    The ledger has connections of its own: a reservation is committed before its call whatever the service's rows do meanwhile.
    """

    def __init__(self, settings: Settings, models: LlmSettings):
        """Keep the settings."""
        self._settings = settings
        self._models = models
        self._lock = asyncio.Lock()
        self._chain: Chain | None = None
        self._ledger: Database | None = None

    @property
    def name(self) -> str:
        """Return the names of the models in order."""
        return ",".join(link.name for link in self._models.links())

    async def write(self, ask: Ask, job_id: str) -> Draft:
        """Return a draft; raises ModelError as the chain does, StoreUnavailableError when the ledger cannot be written."""
        async with self._lock:
            if self._chain is None:
                self._chain = await self._connected()
        return await self._chain.write(ask, job_id)

    async def close(self) -> None:
        """Let go of the ledger; the next request opens it again."""
        async with self._lock:
            ledger, self._ledger, self._chain = self._ledger, None, None
        if ledger is not None:
            await ledger.close()

    async def _connected(self) -> Chain:
        ledger = self._ledger = await Database.open(self._settings.database_for("strategy_gen"), schema="strategy_gen")
        caps = Caps(self._models.llm_daily_usd, self._models.llm_job_usd)
        clock = WallClock()
        return Chain(build_writers(self._models, Budget(ledger, clock, caps), clock))
