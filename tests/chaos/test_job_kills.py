"""kill -9 of workers and of the coordinator while a job runs: the same bytes in the end, one end, every try counted once."""

import asyncio
import random
import signal
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from libs.common.commands import Command
from libs.common.events import JobDone, JobFailed
from libs.common.studies import BacktestUniverse, SweepParameters
from libs.strategy.sandbox.host.pool import Pool
from tests.support.build import START
from tests.support.jobs import key_of, merged, stock
from tests.support.live import Live, live

VICTIMS = ("backtest", "backtest_worker_1", "backtest_worker_2")
ENV = {"SENTINEL_BACKTEST_PROCESSES": "1", "SENTINEL_JIT": "0"}
SLOW = """
HORIZON = 4

def classify_symbol(symbol, work=100):
    closes = get_price_data(symbol, timeframe="1h", days=20)["close"]
    total = 0.0
    for step in range(work):
        total += closes[step % len(closes)]
    return closes[-1] * work > 1.01 * total
"""
CROSS = """
def generate_signals(df, fast=5, slow=20):
    gap = df["close"].rolling(fast).mean() - df["close"].rolling(slow).mean()
    return (gap > 0).astype(int) - (gap < 0).astype(int)
"""


async def kill(system: Live, kills: int, seed: int) -> None:
    """Kill one of the three at random moments, each in turn in a shuffled order."""
    chance, order = random.Random(seed), list[str]()
    for number in range(kills):
        if not order:
            order = chance.sample(VICTIMS, len(VICTIMS))
        victim = order.pop()
        await asyncio.sleep(chance.uniform(0.05, 0.7))
        async with asyncio.timeout(60):
            while system.system.pid_of(victim) is None:
                await asyncio.sleep(0.05)
        system.system.kill(victim, signal.SIGKILL)
        print(f"kill {number + 1}: {victim}")  # noqa: T201 - shown when the test fails, to repeat it


async def harmed(folder: Path, kills: int, kind: type[Command], fields: dict[str, Any]) -> JobDone:
    """Run a job while processes are killed, and return how it ended, asserting that it ended once."""
    async with live(folder, ENV, ("backtest",), workers=2) as system:
        killing = asyncio.create_task(kill(system, kills, seed=kills))
        answer = await system.ask(kind, 120, **fields)
        await killing
        (done,) = await system.wait_for(JobDone, timeout_s=900, job_id=answer.command_id)
        await asyncio.sleep(1.0)
        assert len(await system.read(JobDone)) == 1
        assert await system.read(JobFailed) == []
    return done


def trials_in(folder: Path) -> int:
    with sqlite3.connect(folder / "sql" / "backtest.db") as database:
        (count,) = database.execute("SELECT count(*) FROM trials").fetchone()
    return int(count)


async def assert_survives(
    folder: Path, kills: int, size: tuple[int, int], kind: type[Command], fields: dict[str, Any], tries: int
) -> None:
    stock(folder, *size)
    with Pool(1) as sandbox:
        command = kind.first(key="calm", at=START, asked_by="test", **fields)
        expected = await asyncio.to_thread(merged, command, folder, sandbox)
    done = await harmed(folder, kills, kind, fields)
    assert done.result_key == key_of(expected)
    assert trials_in(folder) == tries


@pytest.mark.timeout(300)
async def test_kills_change_no_byte_of_a_universe_backtest(tmp_path: Path) -> None:
    fields = {"code": SLOW, "timeframe": "1h", "universe": "all"}
    await assert_survives(tmp_path, 5, (120, 1_000), BacktestUniverse, fields, tries=1)


@pytest.mark.full
@pytest.mark.timeout(3_600)
async def test_forty_kills_change_no_byte_of_a_universe_backtest(tmp_path: Path) -> None:
    fields = {"code": SLOW, "timeframe": "1h", "universe": "all", "parameters": {"work": 1_000}}
    await assert_survives(tmp_path, 40, (400, 1_000), BacktestUniverse, fields, tries=1)


@pytest.mark.full
@pytest.mark.timeout(3_600)
async def test_thirty_kills_change_no_byte_of_a_sweep(tmp_path: Path) -> None:
    space = {"fast": {"low": 2, "high": 21, "step": 1}, "slow": {"low": 25, "high": 120, "step": 5}}
    fields = {"code": CROSS, "timeframe": "1h", "symbols": ["S000"], "space": space}
    await assert_survives(tmp_path, 30, (1, 2_160), SweepParameters, fields, tries=400)
