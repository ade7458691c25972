"""A generation through the running services: judged by the real backtest, with strategy_gen killed in the middle of its calls to a model."""

import asyncio
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

from libs.common.events import (
    AttemptMade,
    GenerationDone,
    GenerationStarted,
    KnowledgeIndexed,
    StrategyJudged,
    StrategyProposed,
)
from libs.common.generation import GenerateStrategy, SearchKnowledge
from libs.market.catalog import CatalogWriter
from tests.integration.test_generation import FORBIDDEN, ODD, SILENT
from tests.support.build import walk
from tests.support.fake_llm import GOOD_CODE, KEYS, MODELS, Answer, FakeLlm, Silence, strategy
from tests.support.generation import OVERSOLD
from tests.support.live import live

SERVICES = ("ingest", "strategy_gen", "backtest")
ENV = {"SENTINEL_FEED": "files", "SENTINEL_JIT": "0", "SENTINEL_LLM": ""}


def store(folder: Path) -> None:
    CatalogWriter(folder / "catalog").append("BTCUSDT", "1h", walk(2_000), "test", False)


async def test_sentence_is_judged_by_the_backtest_service_and_the_base_can_be_asked(tmp_path: Path) -> None:
    store(tmp_path / "data")
    async with live(tmp_path / "data", ENV, SERVICES) as system:
        answer = await system.ask(GenerateStrategy, text=OVERSOLD)
        (done,) = await system.wait_for(GenerationDone, job_id=answer.result["job_id"])
        (judged,) = await system.read(StrategyJudged)
        (found,) = done.strategies
        assert (found.strategy_id, found.verdict) == (judged.strategy_id, judged.verdict)
        assert judged.evidence is not None
        assert (judged.evidence.tries, judged.evidence.look_ahead_passed) == (1, True)
        (indexed,) = await system.wait_for(KnowledgeIndexed)
        if sum(indexed.chunks.values()):
            asked = await system.ask(SearchKnowledge, query="how large should a position be?", limit=3)
            assert 0 < len(asked.result["hits"]) <= 3


async def test_strategy_gen_killed_during_its_calls_goes_on_and_books_what_it_may_have_spent(tmp_path: Path) -> None:
    store(tmp_path / "data")
    script: list[Answer] = [Silence(), strategy(FORBIDDEN), Silence(), strategy(SILENT), strategy(GOOD_CODE)]
    with FakeLlm(script) as model:
        env = ENV | {
            "SENTINEL_LLM": f"google:{MODELS['google']}",
            "SENTINEL_LLM_URL": model.url,
            "GEMINI_API_KEY": KEYS["google"],
        }
        async with live(tmp_path / "data", env, SERVICES) as system:
            answer = await system.ask(GenerateStrategy, text=ODD)
            for silent_call in (1, 3):
                async with asyncio.timeout(30):
                    while model.calls < silent_call:
                        await asyncio.sleep(0.02)
                system.system.kill("strategy_gen", signal.SIGKILL)
            (done,) = await system.wait_for(GenerationDone, job_id=answer.result["job_id"])
            made = await system.read(AttemptMade)
            proposed = await system.read(StrategyProposed)
            assert len(await system.read(GenerationStarted)) == 1
    assert [(each.number, each.step) for each in made] == [(1, "check"), (2, "meaning"), (3, "judge")]
    assert [each.strategy_id for each in proposed] == [done.strategies[0].strategy_id]
    assert done.strategies[0].verdict is not None
    with closing(sqlite3.connect(tmp_path / "data" / "sql" / "strategy_gen.db")) as ledger:
        calls = [outcome for (outcome,) in ledger.execute("select outcome from calls order by number")]
    assert calls == ["reserved", "answered", "reserved", "answered", "answered"]
