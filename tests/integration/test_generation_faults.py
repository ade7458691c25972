"""A generation where something is sick: code that breaks out, a machine that cannot contain code, a database that refuses for a moment."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from libs.common.events import AttemptMade, CommandRefused, GenerationFailed, StrategyProposed
from libs.common.generation import CancelGeneration, GenerateStrategy
from libs.strategy.sandbox.host.pool import Pool
from libs.strategy.sandbox.wire import Hello
from services.strategy_gen.generation import handlers, keeper, trying
from tests.integration.test_generation import ODD, WRITTEN
from tests.integration.test_sandbox_pool import SERVE, pool_of
from tests.support.build import START
from tests.support.generation import Script, generate, running, service, stored


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Pool]:
    with Pool(1) as pool:
        yield pool


async def test_code_that_breaks_out_is_a_finding_and_never_proposed(tmp_path: Path) -> None:
    stored(tmp_path)
    with pool_of(SERVE, "status.update(exit=None, signal=31)", queue_limit=256) as watched:
        async with running(service(tmp_path, watched, Script(WRITTEN)), tmp_path) as desk:
            await desk.deliver(generate(ODD))
            (failed,) = await desk.until(GenerationFailed)
    assert {finding["code"] for finding in failed.findings} == {"strategy.security_violation"}
    assert {made.step for made in desk.facts(AttemptMade)} == {"run"}
    assert desk.facts(StrategyProposed) == []


async def test_machine_that_cannot_contain_code_fails_the_job_without_asking_the_model_again(tmp_path: Path) -> None:
    stored(tmp_path)
    refusal = Hello(False, "seccomp filter (EINVAL)").encode()
    script = Script(WRITTEN)
    with pool_of(f"line.send({refusal!r})") as unable:
        async with running(service(tmp_path, unable, script), tmp_path) as desk:
            await desk.deliver(generate(ODD))
            (failed,) = await desk.until(GenerationFailed)
    assert (failed.code, len(script.asked)) == ("sandbox.unavailable", 1)
    assert "SENTINEL_SANDBOX=off" in failed.detail


async def test_database_that_is_sick_for_a_moment_costs_no_second_call(
    tmp_path: Path, sandbox: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "AGAIN_S", 0.01)
    stored(tmp_path)
    script = Script(WRITTEN)
    script.gate.clear()
    async with running(service(tmp_path, sandbox, script), tmp_path) as desk:
        await desk.deliver(generate(ODD))
        while not script.asked:
            await asyncio.sleep(0.01)
        desk.sick = 5
        script.gate.set()
        await desk.until(StrategyProposed)
        assert desk.sick == 0
    assert len(script.asked) == 1


async def test_attempt_whose_fact_does_not_fit_on_the_bus_ends_its_variant_alone(tmp_path: Path, sandbox: Pool) -> None:
    stored(tmp_path)
    script = Script("\x01" * 60_000, more={2: (WRITTEN,)})
    async with running(service(tmp_path, sandbox, script), tmp_path) as desk:
        await desk.deliver(generate(ODD, variants=2))
        (proposed,) = await desk.until(StrategyProposed)
        made = await desk.until(AttemptMade, 2)
        (lost,) = [each for each in made if each.variant == 1]
        assert [finding["code"] for finding in lost.findings] == ["generation.fault"]
        await desk.deliver(generate(engine="offline"))
        await desk.until(StrategyProposed, 2)
    assert [each.variant for each in made if each.strategy_id == proposed.strategy_id] == [2]
    assert len(script.asked) == 2


async def test_code_that_never_ends_is_tried_twice_for_a_few_seconds(
    tmp_path: Path, sandbox: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trying, "CPU_S", 1)
    stored(tmp_path)
    script = Script("def generate_signals(df):\n    while True:\n        pass\n")
    async with running(service(tmp_path, sandbox, script), tmp_path) as desk:
        await desk.deliver(generate(ODD))
        (failed,) = await desk.until(GenerationFailed)
    assert [finding["code"] for finding in failed.findings] == ["strategy.cpu_timeout"] * 2
    assert "more than 1 s of processor" in failed.detail
    assert len(script.asked) == 2


async def test_request_beyond_those_that_may_run_is_refused_until_one_has_ended(
    tmp_path: Path, sandbox: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers, "RUNNING", 1)
    stored(tmp_path)
    script = Script(WRITTEN)
    script.gate.clear()
    first = generate(ODD)
    async with running(service(tmp_path, sandbox, script), tmp_path) as desk:
        await desk.deliver(first, generate(ODD, key="2"))
        (refused,) = desk.facts(CommandRefused)
        assert (refused.code, refused.hint) == ("generation.too_many", "wait until one has ended, or cancel one")
        await desk.deliver(CancelGeneration.first(key="c", at=START, job_id=first.event_id))
        await desk.deliver(generate(ODD, key="3"))
        assert len(desk.facts(CommandRefused)) == 1


async def test_generation_that_ended_90_days_ago_is_forgotten(tmp_path: Path, sandbox: Pool) -> None:
    stored(tmp_path)
    script = Script(WRITTEN)
    script.gate.clear()
    first, second = generate(ODD), generate(ODD, key="2")
    later = GenerateStrategy.first(key="later", at=START + timedelta(days=91), text=ODD)
    async with running(service(tmp_path, sandbox, script), tmp_path) as desk:
        await desk.deliver(first, second)
        await desk.deliver(CancelGeneration.first(key="1", at=START, job_id=first.event_id))
        await desk.deliver(later)
        for job in (first, second):
            await desk.deliver(CancelGeneration.first(key="again", at=START, job_id=job.event_id))
    assert [each.code for each in desk.facts(CommandRefused)] == ["job.unknown"]
