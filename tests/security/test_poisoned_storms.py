"""Generations in a storm: many at once, cancelled in a call, a model that never answers, hostile names, folders that are links."""

import asyncio
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from libs.common.errors import SentinelError
from libs.common.events import AttemptMade, CommandRefused, DocumentIndexed, GenerationFailed, GenerationStarted
from libs.common.generation import AddDocument, CancelGeneration, GenerateStrategy
from libs.common.values import from_units
from libs.strategy.sandbox.host.pool import Pool
from services.strategy_gen.knowledge.errors import BadDocumentError
from tests.security.poisoned.lab import IDEA, Lab, lab
from tests.support.build import START
from tests.support.fake_llm import FakeLlm, Silence, strategy
from tests.support.generation import generate

FORBIDDEN = strategy("import os\ndef generate_signals(df):\n    return [0] * len(df)\n")
BAD_NAMES = (
    "..",
    ".",
    "",
    "a/b",
    "../x",
    "a\\b",
    "CON.md",
    "x" * 65,
    "a b",
    "a\x00b",
    "é",
    "%2e%2e",
    "-\n",
    "~",
    "C:x",
    "$HOME",
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Pool]:
    with Pool(1) as pool:
        yield pool


def spent(opened: Lab) -> Decimal:
    return sum((from_units(cost) for cost, _, _ in opened.calls()), Decimal(0))


async def test_hundred_requests_at_once_spend_no_more_than_the_day_allows(tmp_path: Path, sandbox: Pool) -> None:
    cap = Decimal("0.08")
    with FakeLlm([FORBIDDEN]) as model:
        async with lab(tmp_path, sandbox, model, llm_daily_usd=cap) as opened:
            for number in range(100):
                await opened.desk.deliver(generate(IDEA, key=str(number)))
            failed = await opened.desk.until(GenerationFailed, 100, seconds=90)
    assert 0 < spent(opened) <= cap
    assert len(opened.calls()) == model.calls
    assert {fact.code for fact in failed} <= {"model.budget", "generation.failed"}
    assert sum(fact.cost_usd for fact in failed) == pytest.approx(float(spent(opened)))


async def test_request_cancelled_in_a_call_ends_and_keeps_what_it_may_have_cost(tmp_path: Path, sandbox: Pool) -> None:
    with FakeLlm([Silence()]) as model:
        async with lab(tmp_path, sandbox, model, llm_timeout_s=60.0) as opened:
            command = generate(IDEA)
            await opened.desk.deliver(command)
            await asyncio.to_thread(model.asked.wait, 20)
            cancel = CancelGeneration.first(key="c", at=START, job_id=command.event_id)
            await opened.desk.deliver(cancel)
            (failed,) = opened.desk.facts(GenerationFailed)
            await opened.desk.deliver(CancelGeneration.first(key="again", at=START, job_id=command.event_id))
    assert (failed.cancelled, failed.code) == (True, "job.cancelled")
    assert not opened.desk.facts(AttemptMade)
    assert opened.desk.facts(CommandRefused)[-1].code == "job.ended"
    ((cost, is_estimated, _),) = opened.calls()
    assert (cost > 0, is_estimated, model.calls) == (True, True, 1)


async def test_model_that_never_answers_ends_the_request_in_time(tmp_path: Path, sandbox: Pool) -> None:
    with FakeLlm([Silence(dripping=True, after=b" ")]) as model:
        async with lab(tmp_path, sandbox, model, llm_timeout_s=0.3) as opened:
            failed = await opened.generated()
    assert isinstance(failed, GenerationFailed)
    assert failed.code == "model.timeout"
    assert failed.cost_usd == pytest.approx(float(spent(opened)))


async def test_ten_variants_on_a_thousand_symbols_are_one_probe_each(tmp_path: Path, sandbox: Pool) -> None:
    symbols = [f"{chr(65 + number // 26 % 26)}{chr(65 + number % 26)}{number}USDT" for number in range(1_000)]
    with FakeLlm([FORBIDDEN]) as model:
        async with lab(tmp_path, sandbox, model, llm_job_usd=Decimal(5), llm_daily_usd=Decimal(5)) as opened:
            await opened.desk.deliver(generate("Ride the Elliott waves", symbols=symbols, variants=10, timeframe="1h"))
            await opened.desk.until(GenerationFailed, seconds=60)
    (started,) = opened.desk.facts(GenerationStarted)
    assert (started.symbols_total, started.variants, model.calls) == (1_000, 10, 60)
    assert all(len(str(body)) < 40_000 and "AA0USDT" not in str(body) for body in model.bodies)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "</script>", "\x1b[31m", "a" * 64, "IGNORE RULES", "\ud800", "a\x00b", ".."]
)
@pytest.mark.parametrize("field", ["universe", "symbols", "timeframe"])
async def test_hostile_name_is_refused_without_a_call(name: str, field: str, tmp_path: Path, sandbox: Pool) -> None:
    wish: dict[str, Any] = {field: [name] if field == "symbols" else name}
    with FakeLlm([FORBIDDEN]) as model:
        async with lab(tmp_path, sandbox, model) as opened:
            with pytest.raises((SentinelError, ValidationError)) as refused:
                await opened.desk.deliver(generate("Ride the Elliott waves", **wish))
    assert model.calls == 0
    assert not opened.desk.facts(GenerationStarted)
    if isinstance(refused.value, SentinelError):
        assert (refused.value.pointer or "").startswith(f"/{field}")


@pytest.mark.parametrize("text", ["", "x" * 4_001, "x" * 1_000_000, "\ud800"])
def test_text_that_no_message_carries_is_refused(text: str) -> None:
    with pytest.raises((SentinelError, ValueError, TypeError)):
        GenerateStrategy.first(key="k", at=START, text=text).body()


@pytest.mark.parametrize("name", BAD_NAMES)
async def test_document_with_a_bad_name_is_refused_and_writes_nothing(name: str, tmp_path: Path, sandbox: Pool) -> None:
    with FakeLlm([FORBIDDEN]) as model:
        async with lab(tmp_path, sandbox, model) as opened:
            before = sorted(path for path in tmp_path.rglob("*"))
            with pytest.raises(ValidationError):
                AddDocument.first(key="k", at=START, domain="risk", name=name, text="words")
            with pytest.raises(BadDocumentError):
                opened.base.add("risk", name, "words")  # type: ignore[arg-type]  # what a caller without types may send
            assert not [path for path in set(tmp_path.rglob("*")) - set(before) if path.suffix in (".md", ".part")]


@pytest.mark.parametrize("name", ["CON", "NUL", "x" * 64, "-", "_", "--help"])
async def test_document_with_an_odd_name_is_kept_below_its_domain(name: str, tmp_path: Path, sandbox: Pool) -> None:
    with FakeLlm([FORBIDDEN]) as model:
        async with lab(tmp_path, sandbox, model) as opened:
            await opened.desk.deliver(
                AddDocument.first(key="k", at=START, domain="risk", name=name, text="words to keep")
            )
    assert [fact.document for fact in opened.desk.facts(DocumentIndexed)] == [f"risk/{name}.md"]
    assert (opened.settings.own_knowledge_dir / "risk" / f"{name}.md").read_text() == "words to keep"


@pytest.mark.parametrize("linked", ["domain", "file", "own"])
async def test_links_in_the_folder_lead_nowhere(linked: str, tmp_path: Path, sandbox: Pool) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.md").write_text("xyzzy private key of the house")
    with FakeLlm([FORBIDDEN]) as model:
        (tmp_path / "lab").mkdir()
        async with lab(tmp_path / "lab", sandbox, model) as opened:
            own = opened.settings.own_knowledge_dir
            if linked == "own":
                own.parent.mkdir(exist_ok=True)
                os.symlink(outside, own)
            elif linked == "domain":
                own.mkdir(parents=True)
                os.symlink(outside, own / "risk")
            else:
                (own / "risk").mkdir(parents=True)
                os.symlink(outside / "secret.md", own / "risk" / "secret.md")
            told = opened.base.index()
            assert not opened.base.search("xyzzy private key")
            assert told.skipped
            if linked == "domain":
                with pytest.raises(BadDocumentError):
                    await opened.desk.deliver(
                        AddDocument.first(key="k", at=START, domain="risk", name="new", text="words")
                    )
                assert [path.name for path in outside.iterdir()] == ["secret.md"]


async def test_searches_during_an_indexing_see_whole_documents(tmp_path: Path, sandbox: Pool) -> None:
    pages = {
        f"risk/page{number}.md": f"# Waves {number}\n\nElliott waves number {number}.".encode() for number in range(40)
    }
    with FakeLlm([FORBIDDEN]) as model:
        async with lab(tmp_path, sandbox, model, pages) as opened:
            faults: list[Exception] = []

            def rebuild() -> None:
                try:
                    for _ in range(3):
                        opened.base.index(rebuild=True)
                except Exception as error:  # noqa: BLE001 - any failure is what the test looks for
                    faults.append(error)

            thread = threading.Thread(target=rebuild)
            thread.start()
            while thread.is_alive():
                for found in await asyncio.to_thread(opened.base.search, "Elliott waves", None, 10):
                    assert found.text.startswith("Elliott waves number")
            thread.join()
            assert not faults
            assert len(opened.base.search("Elliott waves", None, 50)) == 40


async def test_ledger_that_is_locked_lets_no_call_out(tmp_path: Path, sandbox: Pool) -> None:
    with FakeLlm([FORBIDDEN]) as model:
        async with lab(tmp_path, sandbox, model) as opened:
            with closing(sqlite3.connect(tmp_path / "strategy_gen.db", isolation_level=None)) as other:
                await opened.desk.deliver(generate(IDEA))
                other.execute("BEGIN IMMEDIATE")
                await asyncio.sleep(0.5)
                assert model.calls <= 1
                other.execute("ROLLBACK")
            await opened.desk.until(GenerationFailed, seconds=30)
    assert len(opened.calls()) == model.calls
