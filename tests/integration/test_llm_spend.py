"""Spend never passes a cap: many requests at once, a process killed in the middle of a call, a ledger that cannot be written; two databases."""

import asyncio
import signal
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from libs.common.db import Database
from libs.common.errors import StoreUnavailableError
from services.strategy_gen.llm import budget_store
from services.strategy_gen.llm.budget import Budget, Caps
from services.strategy_gen.llm.budget_store import CALLS, Call
from services.strategy_gen.llm.chain import Chain, build_writers
from services.strategy_gen.llm.errors import BudgetError, ModelAuthError, ModelRateLimitedError, ModelUnavailableError
from services.strategy_gen.llm.protocol import Draft
from services.strategy_gen.llm.retries import Retries
from tests.conftest import ROOT
from tests.integration.test_postgres import postgres as postgres  # a fixture
from tests.support.fake_llm import MODELS, TOKENS_IN, Answer, FakeLlm, Raw, Silence, Status, strategy
from tests.support.llm_writer import ASK, PLENTY, SetClock, opened

ONE_CALL = "0,12.5"
"""A price by which the most a call can cost is 0.1 dollars, and a usual one costs 0.00625."""

KILLED = """
import asyncio, sys
from decimal import Decimal
from libs.common.clock import WallClock
from libs.common.db import Database
from services.strategy_gen.llm.budget import Budget, Caps
from services.strategy_gen.llm.chain import build_writers
from services.strategy_gen.llm.protocol import Ask
from services.strategy_gen.llm.settings import LlmSettings

async def main(database, url):
    settings = LlmSettings(llm="openai:gpt-5-mini", llm_url=url, openai_key="canary", llm_price="0,12.5", llm_timeout_s=60)
    budget = Budget(await Database.open(database), WallClock(), Caps(Decimal("0.15"), Decimal("0.15")))
    await build_writers(settings, budget, WallClock())[0].write(Ask("buy low", "python.signals", "1h"), "job")

asyncio.run(main(sys.argv[1], sys.argv[2]))
"""


async def test_hundred_requests_at_one_call_left_make_one_call(tmp_path: Path) -> None:
    caps = Caps(day=Decimal("0.1"), job=Decimal("0.1"))
    with FakeLlm([Status(500)]) as fake:
        async with opened(fake, tmp_path, "openai", caps=caps, llm_price=ONE_CALL) as office:
            results = await asyncio.gather(*(office.write() for _ in range(100)), return_exceptions=True)
            assert await office.budget.spent("job") == caps.job
    assert {type(result) for result in results} == {BudgetError}
    assert fake.calls == 1


async def test_hundred_requests_spend_no_more_than_the_cap_whatever_is_answered(tmp_path: Path) -> None:
    caps = Caps(day=Decimal("0.55"), job=Decimal("1"))
    answers: list[Answer] = [
        strategy(),
        Status(500),
        Raw(b"{}"),
        strategy("```"),
        Raw(b"", length=9),
        Status(429, "1"),
    ] * 20
    with FakeLlm(answers) as fake:
        async with opened(fake, tmp_path, "openai", caps=caps, llm_price=ONE_CALL) as office:
            writes = (office.write(job_id=f"job{number}") for number in range(100))
            results = await asyncio.gather(*writes, return_exceptions=True)
            async with office.budget._database.read() as connection:
                day = await budget_store.spent_on_day(connection, "2026-03-02")
                calls = len((await connection.execute(CALLS.select())).all())
    assert day <= caps.day
    assert sum(isinstance(result, BudgetError) for result in results) > 0
    assert sum(isinstance(result, Draft) for result in results) > 0
    assert calls == fake.calls


async def test_process_killed_between_call_and_booking_leaves_its_reservation(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'calls.db'}"
    database = await Database.open(url, [budget_store.MIGRATION])
    with FakeLlm([Silence()]) as fake:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", KILLED, url, fake.url, cwd=ROOT, stderr=asyncio.subprocess.PIPE
        )
        try:
            assert await asyncio.to_thread(fake.asked.wait, 60)
        finally:
            process.kill()
            await process.communicate()
        assert process.returncode == -signal.SIGKILL
        budget = Budget(database, SetClock(), Caps(Decimal("0.15"), Decimal("0.15")))
        (call,) = await budget.calls("job")
        assert (call.outcome, call.estimated, call.cost_usd) == ("reserved", True, Decimal("0.1"))
        writer = build_writers(fake.settings("openai", llm_price=ONE_CALL), budget, SetClock())[0]
        with pytest.raises(BudgetError):
            await writer.write(ASK, "job")
        assert fake.calls == 1
    await database.close()


async def test_writer_without_a_ledger_makes_no_call(tmp_path: Path) -> None:
    with FakeLlm([strategy()]) as fake:
        async with opened(fake, tmp_path) as office:
            folder = tmp_path / "gone"
            folder.mkdir()
            database = await Database.open(f"sqlite:///{folder / 'x.db'}")
            (folder / "x.db").unlink(missing_ok=True)
            await database.close()
            folder.rmdir()
            folder.write_text("a file where the folder was")
            office.budget._database = database
            with pytest.raises(StoreUnavailableError):
                await office.write()
    assert fake.calls == 0


async def test_postgres_ledger_gives_the_last_unit_to_one_of_many(postgres: str) -> None:
    first = await Database.open(postgres, [budget_store.MIGRATION], schema="llm_test")
    second = await Database.open(postgres, schema="llm_test")
    caps = Caps(Decimal("0.3"), Decimal("0.3"))
    budgets = [Budget(first, SetClock(), caps), Budget(second, SetClock(), caps)]

    async def reserve(number: int) -> Call:
        return await budgets[number % 2].reserve(Decimal("0.2"), "job", model="m", prompt_hash="h")

    results = await asyncio.gather(*map(reserve, range(40)), return_exceptions=True)
    won = [result for result in results if isinstance(result, Call)]
    assert len(won) == 1
    assert {type(result) for result in results} <= {Call, BudgetError, StoreUnavailableError}
    await budgets[0].settle(
        replace(won[0], cost_usd=Decimal("0.01"), tokens_in=1, tokens_out=1, outcome="answered", ms=1)
    )
    assert await budgets[1].spent("job") == Decimal("0.01")
    await first.close()
    await second.close()


async def chain(bad: FakeLlm, good: FakeLlm, folder: Path, job_id: str = "job") -> Draft:
    async with opened(bad, folder, "google") as office:
        writers = build_writers(good.settings("ollama", llm_price="1,1"), office.budget, office.clock, Retries())
        return await Chain([office.writer, *writers]).write(ASK, job_id)


@pytest.mark.parametrize(
    ("answer", "tokens"),
    [(Status(401), 0), (Status(404), 0), (Status(429, "999"), 0), (Raw(b"{}"), 0), (strategy(code=""), 3 * TOKENS_IN)],
)
async def test_chain_asks_the_next_model_and_adds_the_cost_of_both(tmp_path: Path, answer: Answer, tokens: int) -> None:
    with FakeLlm([answer]) as bad, FakeLlm([strategy()]) as good:
        draft = await chain(bad, good, tmp_path)
    assert draft.model == f"ollama:{MODELS['ollama']}"
    assert draft.usage.tokens_in == TOKENS_IN + tokens
    assert (draft.usage.cost_usd > Decimal("0.0025")) == (tokens > 0 or isinstance(answer, Raw))


async def test_chain_without_any_answer_says_what_the_first_said_and_names_all(tmp_path: Path) -> None:
    scripts = FakeLlm([Status(429, "999")]), FakeLlm([Status(401)])
    with scripts[0] as bad, scripts[1] as worse, pytest.raises(ModelRateLimitedError) as caught:
        await chain(bad, worse, tmp_path)
    assert [(found["model"], found["code"]) for found in caught.value.diagnostics] == [
        ("google:gemini-2.5-flash", "model.rate_limited"),
        ("ollama:qwen3-coder", "model.auth"),
    ]


def test_chain_is_made_of_the_configured_models(tmp_path: Path) -> None:
    settings = FakeLlm([]).settings(llm="google:a,openai:b", llm_url=None)
    budget = Budget(None, SetClock(), PLENTY)  # type: ignore[arg-type]  # it is not used
    writers = build_writers(settings, budget, SetClock())
    assert [writer.name for writer in writers] == ["google:a", "openai:b"]
    assert Chain(writers).name == "google:a,openai:b"
    assert build_writers(FakeLlm([]).settings(llm="", google_key=None), budget, SetClock()) == ()
    with pytest.raises(ValueError, match="at least one"):
        Chain(())


async def test_import_of_the_models_loads_no_library_of_a_vendor() -> None:
    code = (
        "import sys; import services.strategy_gen.llm.chain, services.strategy_gen.llm.budget, services.strategy_gen.llm.prompt; "
        "heavy = {'pydantic_ai', 'openai', 'anthropic', 'google.genai', 'httpx', 'httpx2', 'tenacity', 'genai_prices'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert out.decode().strip() == "[]"


async def test_cancelled_request_keeps_its_reservation(tmp_path: Path) -> None:
    with FakeLlm([Silence()]) as fake:
        async with opened(fake, tmp_path, llm_price=ONE_CALL) as office:
            task = asyncio.create_task(office.write())
            assert await asyncio.to_thread(fake.asked.wait, 30)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            (call,) = await office.budget.calls("job")
    assert (call.outcome, call.cost_usd) == ("reserved", Decimal("0.1"))


async def test_errors_of_a_chain_of_one_are_its_own(tmp_path: Path) -> None:
    with FakeLlm([Status(401)]) as fake:
        async with opened(fake, tmp_path) as office:
            with pytest.raises(ModelAuthError) as caught:
                await Chain([office.writer]).write(ASK, "job")
    assert caught.value.diagnostics == ()
    assert not isinstance(caught.value, ModelUnavailableError)
