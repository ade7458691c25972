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
from tests.support.live import PARITY, Live, live
from tests.support.parity import Replayed, certify, hours, imbalances, prepare, replay, write_walks

SYMBOLS = ("AUSDT", "BUSDT", "CUSDT", "DUSDT")
VICTIMS = (*SERVICES, "nats")


async def run(folder: Path, bars: int, harm: Callable[[Live], Awaitable[None]] | None = None) -> Replayed:
    folder.mkdir()
    write_walks(folder / "walks.csv.gz", SYMBOLS, bars)
    window = hours(SYMBOLS, bars)
    async with live(folder / "data", PARITY) as system:
        lines = await prepare(system, folder / "walks.csv.gz", window, folder / "data")
        replayed = await replay(system, window, lines, (lambda: harm(system)) if harm else None)
        assert await system.raw("dead.>") == []
    assert await imbalances(folder / "data") == []
    certificates = certify(replayed, window, folder / "data")
    assert {symbol: c.differences for symbol, c in certificates.items() if c.differences} == {}
    return replayed


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


async def compare(tmp_path: Path, bars: int, kills: int, seed: int) -> None:
    calm = await run(tmp_path / "calm", bars)
    harmed = await run(tmp_path / "harmed", bars, killer(kills, seed))
    assert len(calm.fills) > bars / 10
    for wildcard in calm.raw:
        assert harmed.digest(wildcard) == calm.digest(wildcard), wildcard


@pytest.mark.timeout(300)
async def test_kills_of_every_process_change_nothing(tmp_path: Path) -> None:
    await compare(tmp_path, bars=240, kills=len(VICTIMS), seed=1)


@pytest.mark.full
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("seed", range(3))
async def test_forty_kills_change_nothing(tmp_path: Path, seed: int) -> None:
    await compare(tmp_path, bars=1_500, kills=40, seed=seed)


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


@pytest.mark.timeout(300)
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
    harm = killer(8, 2, ("agents", "mother_ai", "executor"))
    with pytest.raises((AssertionError, TimeoutError)):
        await asyncio.wait_for(run(tmp_path / "mutant", 240, harm), 200)
