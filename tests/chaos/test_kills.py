"""kill -9 of every process, again and again, during a replay: the same decisions, orders, fills and books as if nothing had been."""

import asyncio
import random
import shutil
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from deploy.local import SERVICES
from tests.conftest import ROOT
from tests.support.live import Live
from tests.support.parity import SUITE_BARS, Replayed, run_walks

VICTIMS = (*SERVICES, "nats")


def killer(kills: int, seed: int, victims: tuple[str, ...] = VICTIMS) -> Callable[[Live], Awaitable[None]]:
    """Kill a process at random moments, every victim in turn in a shuffled order."""

    async def harm(system: Live) -> None:
        chance = random.Random(seed)
        order: list[str] = []
        for number in range(kills):
            if not order:
                order = chance.sample(victims, len(victims))
            victim = order.pop()
            await asyncio.sleep(chance.uniform(0.1, 0.6))
            async with asyncio.timeout(60):
                while system.system.pid_of(victim) is None:
                    await asyncio.sleep(0.05)
            system.system.kill(victim, signal.SIGKILL)
            print(f"kill {number + 1}: {victim}")  # noqa: T201 - shown when the test fails, to repeat it

    return harm


def assert_same(harmed: Replayed, calm: Replayed) -> None:
    for wildcard in calm.raw:
        assert harmed.digest(wildcard) == calm.digest(wildcard), wildcard


@pytest.mark.timeout(300)
async def test_kills_of_every_process_change_nothing(tmp_path: Path, calm: Replayed) -> None:
    assert_same(await run_walks(tmp_path / "harmed", SUITE_BARS, killer(len(VICTIMS), seed=1)), calm)


@pytest.mark.full
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("seed", range(3))
async def test_forty_kills_change_nothing(tmp_path: Path, seed: int) -> None:
    calm = await run_walks(tmp_path / "calm", 1_500)
    assert_same(await run_walks(tmp_path / "harmed", 1_500, killer(40, seed)), calm)


MUTANTS = {
    "ack before commit": (
        "libs/common/bus/row.py",
        "                failed += await self.transactor.handle(self.row, self.durable.name, ready) if ready else []\n",
        "                for delivery in ready:\n"
        "                    await self._ack(delivery)\n"
        "                await asyncio.sleep(0.03)\n"
        "                failed += await self.transactor.handle(self.row, self.durable.name, ready) if ready else []\n",
    ),
}


@pytest.mark.timeout(700)
@pytest.mark.parametrize("mutant", MUTANTS)
async def test_mutant_is_caught_by_the_kills(tmp_path: Path, mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kill test can fail: with one line changed, and a disk slow enough for a kill to hit it, decisions are lost."""
    tree = tmp_path / "tree"
    for part in ("libs", "services", "deploy"):
        shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
    path, original, changed = MUTANTS[mutant]
    source = (tree / path).read_text()
    assert source.count(original) == 1
    (tree / path).write_text(source.replace(original, changed))
    monkeypatch.chdir(tree)
    for seed in (2, 3, 4):  # a kill has to fall between two lines, so one round of them may miss
        harm = killer(12, seed, ("agents", "mother_ai", "executor"))
        try:
            await asyncio.wait_for(run_walks(tmp_path / f"mutant-{seed}", SUITE_BARS, harm), 200)
        except (AssertionError, TimeoutError):
            return
    pytest.fail("36 kills did not show what was changed")
