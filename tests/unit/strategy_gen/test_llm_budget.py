"""The ledger of model calls on real SQLite: reserved before, settled after, never past a cap."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

from libs.common.db import Database
from services.strategy_gen.llm import budget_store
from services.strategy_gen.llm.budget import Budget, Caps
from services.strategy_gen.llm.budget_store import Call
from services.strategy_gen.llm.errors import BudgetError

LATE = datetime(2026, 3, 2, 23, 59, 59, tzinfo=UTC)
CAPS = Caps(day=Decimal("1"), job=Decimal("0.25"))


@dataclass
class SetClock:
    at: datetime = LATE

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(f"sqlite:///{tmp_path / 'calls.db'}", [budget_store.MIGRATION])
    yield opened
    await opened.close()


async def reserve(budget: Budget, dollars: str, job_id: str = "job") -> Call:
    return await budget.reserve(Decimal(dollars), job_id, model="google:gemini-2.5-flash", prompt_hash="0" * 64)


async def test_budget_reserves_up_to_the_job_cap_exactly_and_not_a_unit_more(database: Database) -> None:
    budget = Budget(database, SetClock(), CAPS)
    await reserve(budget, "0.20000000")
    with pytest.raises(BudgetError) as caught:
        await reserve(budget, "0.05000001")
    assert (caught.value.code, caught.value.pointer) == ("model.budget", "SENTINEL_LLM_JOB_USD")
    await reserve(budget, "0.05000000")
    assert await budget.spent("job") == CAPS.job


async def test_budget_counts_the_day_over_all_jobs_and_starts_anew_at_midnight_utc(database: Database) -> None:
    clock = SetClock()
    budget = Budget(database, clock, CAPS)
    for number in range(4):
        await reserve(budget, "0.25", f"job{number}")
    with pytest.raises(BudgetError) as caught:
        await reserve(budget, "0.00000001", "job9")
    assert caught.value.pointer == "SENTINEL_LLM_DAILY_USD"
    clock.at += timedelta(seconds=1)
    await reserve(budget, "0.25", "job9")


async def test_budget_keeps_a_jobs_spending_over_midnight(database: Database) -> None:
    clock = SetClock()
    budget = Budget(database, clock, CAPS)
    await reserve(budget, "0.2")
    clock.at += timedelta(days=1)
    with pytest.raises(BudgetError):
        await reserve(budget, "0.1")


async def test_settled_call_frees_what_it_did_not_use(database: Database) -> None:
    budget = Budget(database, SetClock(), CAPS)
    call = await reserve(budget, "0.25")
    used = replace(
        call, cost_usd=Decimal("0.01"), tokens_in=10, tokens_out=5, estimated=False, outcome="answered", ms=12
    )
    await budget.settle(used)
    assert await budget.calls("job") == [used]
    await reserve(budget, "0.24")


async def test_call_that_is_never_settled_keeps_its_reservation(database: Database) -> None:
    await reserve(Budget(database, SetClock(), CAPS), "0.25")
    again = Budget(database, SetClock(), CAPS)
    with pytest.raises(BudgetError):
        await reserve(again, "0.01")
    (call,) = await again.calls("job")
    assert (call.outcome, call.estimated, call.cost_usd) == ("reserved", True, Decimal("0.25"))


async def test_call_that_cost_more_than_reserved_is_booked_in_full(database: Database) -> None:
    budget = Budget(database, SetClock(), CAPS)
    call = await reserve(budget, "0.1")
    await budget.settle(replace(call, cost_usd=Decimal("0.3"), outcome="answered"))
    assert await budget.spent("job") == Decimal("0.3")
    with pytest.raises(BudgetError):
        await reserve(budget, "0")


async def test_one_of_a_hundred_at_once_gets_the_last_unit(database: Database, tmp_path: Path) -> None:
    other = await Database.open(f"sqlite:///{tmp_path / 'calls.db'}")
    budgets = [Budget(database, SetClock(), CAPS), Budget(other, SetClock(), CAPS)]
    await reserve(budgets[0], "0.24")
    tries = [reserve(budgets[number % 2], "0.01") for number in range(100)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    await other.close()
    assert sum(isinstance(result, Call) for result in results) == 1
    assert sum(isinstance(result, BudgetError) for result in results) == 99
    assert await budgets[0].spent("job") == CAPS.job
