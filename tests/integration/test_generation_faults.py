"""A generation where something is sick: code that breaks out, a machine that cannot contain code, a database that refuses for a moment."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from libs.common.events import AttemptMade, GenerationFailed, StrategyProposed
from libs.strategy.sandbox.host.pool import Pool
from libs.strategy.sandbox.wire import Hello
from services.strategy_gen.generation import keeper
from tests.integration.test_generation import ODD, WRITTEN
from tests.integration.test_sandbox_pool import SERVE, pool_of
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
