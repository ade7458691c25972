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


HANDLE = "                failed += await self.transactor.handle(self.row, self.durable.name, ready) if ready else []\n"
ACK = "                for delivery in ready:\n                    await self._ack(delivery)\n"
DIE = """\
                if self.durable.name == "executor-DecisionMade" and not __import__("pathlib").Path("{0}").exists():
                    await asyncio.sleep(0.05)
                    __import__("pathlib").Path("{0}").touch()
                    __import__("os").kill(__import__("os").getpid(), 9)
"""
"""One death of the executor with a decision in its hand, once what it sent before has left; a file of this name tells of it."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("worst_moment", "is_same"),
    [
        pytest.param(
            DIE.format("first") + HANDLE + DIE.format("last"),
            True,
            id="before and after the commit, acknowledged later",
        ),
        pytest.param(ACK + DIE.format("last") + HANDLE, False, id="acknowledged before the commit"),
    ],
)
async def test_death_at_the_worst_moment_loses_a_decision_only_if_it_was_acknowledged_too_early(
    tmp_path: Path, worst_moment: str, is_same: bool, calm: Replayed, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = tmp_path / "tree"
    for part in ("libs", "services", "deploy"):
        shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
    row = tree / "libs/common/bus/row.py"
    source = row.read_text()
    assert source.count(HANDLE) == 1
    row.write_text(source.replace(HANDLE, worst_moment))
    monkeypatch.chdir(tree)
    if is_same:
        assert_same(await run_walks(tmp_path / "harmed", SUITE_BARS), calm)
    else:
        with pytest.raises(AssertionError):
            await run_walks(tmp_path / "harmed", SUITE_BARS)
    assert (tree / "last").exists()
