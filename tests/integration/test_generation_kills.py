"""A generation that is killed after any of its commits goes on and ends as if nothing had been: nothing is lost, nothing doubled."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from libs.common.events import GenerationDone, StrategyProposed
from libs.common.messages import Message
from libs.strategy.sandbox.host.pool import Pool
from tests.integration.test_generation import FORBIDDEN, ODD, RAISES, WRITTEN
from tests.support.generation import Desk, Script, generate, judged, running, service, stored

COMMAND = generate(ODD, variants=2)
IDLE = WRITTEN.replace("10", "11")
"""Judged without a trade, so that a further attempt follows its verdict."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Pool]:
    with Pool(1) as pool:
        yield pool


def script() -> Script:
    return Script(more={1: [FORBIDDEN, IDLE, WRITTEN], 2: [RAISES, WRITTEN.replace("10", "12")]})


def verdict(proposed: StrategyProposed) -> Message:
    trades = 0 if "fast=11" in str(proposed.code) else 40
    return judged(proposed, closed_trades=trades)


async def live(desk: Desk, known: dict[str, StrategyProposed]) -> None:
    """Judge what is proposed until the job is done or the process is killed; verdicts come again after a restart."""
    for proposed in list(known.values()):
        await desk.deliver(verdict(proposed))
    while not desk.killed.is_set() and not desk.facts(GenerationDone):
        for proposed in desk.facts(StrategyProposed):
            if proposed.event_id not in known:
                known[proposed.event_id] = proposed
                await desk.deliver(verdict(proposed))
        await asyncio.sleep(0.005)


def ids(published: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    return sorted(published)


async def whole(folder: Path, sandbox: Pool) -> tuple[list[tuple[str, bytes]], int]:
    """Return what an undisturbed generation publishes, and how often its task commits."""
    stored(folder)
    known: dict[str, Any] = {}
    async with running(service(folder, sandbox, script()), folder) as desk:
        await desk.deliver(COMMAND)
        await live(desk, known)
    return ids(desk.published), desk.commits


async def test_generation_killed_after_any_commit_loses_and_doubles_nothing(tmp_path: Path, sandbox: Pool) -> None:
    (tmp_path / "whole").mkdir()
    expected, commits = await whole(tmp_path / "whole", sandbox)
    assert len({body for _, body in expected}) == len(expected)
    for last in range(1, commits + 1):
        folder = tmp_path / str(last)
        folder.mkdir()
        stored(folder)
        known: dict[str, Any] = {}
        async with running(service(folder, sandbox, script()), folder, last) as first:
            await first.deliver(COMMAND)
            async with asyncio.timeout(30):
                await live(first, known)
        known |= {each.event_id: each for each in first.facts(StrategyProposed)}
        async with running(service(folder, sandbox, script()), folder) as second:
            second.published += [each for each in first.published if "strategies.generated" in each[0]]
            async with asyncio.timeout(30):
                await live(second, known)
        both = first.published + [each for each in second.published if each not in first.published]
        assert ids(both) == expected, f"killed after commit {last} of {commits}"
        assert len(second.published) + len(first.published) - len(both) <= 1


async def test_generation_worked_on_twice_at_once_is_told_once(tmp_path: Path, sandbox: Pool) -> None:
    (tmp_path / "whole").mkdir()
    expected, _ = await whole(tmp_path / "whole", sandbox)
    stored(tmp_path)
    made = service(tmp_path, sandbox, script())
    async with running(made, tmp_path) as desk:
        await desk.deliver(COMMAND)
        twin = service(tmp_path, sandbox, script())
        second = asyncio.create_task(twin.tasks[0](desk))  # type: ignore[arg-type]  # the part of an outlet that it uses
        try:
            await live(desk, {})
            assert not second.done()
        finally:
            second.cancel()
            await asyncio.wait({second})
    assert ids(desk.published) == expected
