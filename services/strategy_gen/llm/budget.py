"""Spending stays below the caps: the most a call can cost is reserved in the ledger before it, and settled after.

A call that never comes back (killed process, silence) keeps its reservation. Days are UTC days of the reservation.
"""

import asyncio
from dataclasses import dataclass
from decimal import Decimal

from libs.common.clock import Clock
from libs.common.db import Database
from services.strategy_gen.llm import budget_store
from services.strategy_gen.llm.budget_store import Call
from services.strategy_gen.llm.errors import BudgetError


@dataclass(frozen=True, slots=True)
class Caps:
    """Most dollars of a UTC day and of one job."""

    day: Decimal
    job: Decimal


class Budget:
    """The caps over one database, which must hold `budget_store.MIGRATION`."""

    def __init__(self, database: Database, clock: Clock, caps: Caps):
        """Nothing is read before the first reservation."""
        self._database = database
        self._clock = clock
        self._caps = caps
        # The transaction alone keeps the sum right; the lock spares waiting writers the database's busy timeout.
        self._lock = asyncio.Lock()

    async def reserve(self, most: Decimal, job_id: str, *, model: str, prompt_hash: str) -> Call:
        """Set aside the most a call can cost, and return its row of the ledger.

        Raises BudgetError when a cap would be passed; StoreUnavailableError when the ledger cannot be written. No call may be made then.
        """
        at = self._clock.now()
        async with self._lock, self._database.begin() as connection:
            day = await budget_store.spent_on_day(connection, budget_store.day_of(at))
            if day + most > self._caps.day:
                raise _reached("this UTC day", self._caps.day, day, most, "SENTINEL_LLM_DAILY_USD")
            job = await budget_store.spent_on_job(connection, job_id)
            if job + most > self._caps.job:
                raise _reached("one request", self._caps.job, job, most, "SENTINEL_LLM_JOB_USD")
            number = await budget_store.add(connection, at, job_id, (model, prompt_hash), most)
        return Call(number, at, job_id, model, prompt_hash, None, None, most, True, budget_store.RESERVED, None)

    async def settle(self, call: Call) -> None:
        """Book what a reserved call came to."""
        async with self._lock, self._database.begin() as connection:
            await budget_store.settle(connection, call)

    async def spent(self, job_id: str) -> Decimal:
        """Return dollars booked and reserved for a job."""
        async with self._database.read() as connection:
            return await budget_store.spent_on_job(connection, job_id)

    async def calls(self, job_id: str) -> list[Call]:
        """Return the calls of a job, oldest first."""
        async with self._database.read() as connection:
            return await budget_store.list_calls(connection, job_id)


def _reached(what: str, cap: Decimal, spent: Decimal, most: Decimal, setting: str) -> BudgetError:
    return BudgetError(
        f"models may cost {cap:f} USD in {what}; {spent:f} are spent or reserved, and the next call may cost {most:f}",
        pointer=setting,
        hint=f"raise {setting}, or use the offline compiler",
    )
