"""The same services on PostgreSQL: schemas, effects that happen once, and faults that are no fault of a message."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError

from libs.common.db import Database
from libs.common.errors import StoreUnavailableError
from libs.common.events import GenerationDone, StrategyProposed, StrategyRetired
from libs.strategy.sandbox.host.pool import Pool
from services.agents import app as agents
from services.agents.settings import Settings as AgentsSettings
from services.backtest import trials_store
from services.executor import app as executor
from services.executor.audit import audit
from services.executor.settings import Settings as ExecutorSettings
from services.mother_ai import app as mother_ai
from services.mother_ai.settings import Settings as MotherSettings
from services.strategy_gen import app as strategy_gen
from services.strategy_gen.settings import Settings as GenSettings
from tests.support.bench import Bench
from tests.support.build import bar, portfolio, promoted, signal, submit
from tests.support.generation import generate, running, stored
from tests.support.generation import judged as judgement
from tests.support.generation import service as generation
from tests.support.research import judged, research, rows


def binaries() -> Path | None:
    config = shutil.which("pg_config")
    if config is None:
        return None
    folder = Path(subprocess.run([config, "--bindir"], capture_output=True, text=True, check=True).stdout.strip())
    return folder if (folder / "initdb").exists() else None


def owner() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    return next((user.pw_name for user in pwd.getpwall() if user.pw_name == "nobody"), None)


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    folder = binaries()
    if folder is None:
        pytest.skip("no PostgreSQL server is installed")
    user = owner()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        data = Path(name) / "data"
        if user:
            shutil.chown(name, user)

        def run(*command: str) -> None:
            subprocess.run(command, check=True, user=user, cwd=name, stdout=subprocess.DEVNULL, timeout=60)

        run(str(folder / "initdb"), "-A", "trust", "-U", "sentinel", "-N", "-D", str(data))
        options = f"-p {port} -k {name} -h 127.0.0.1 -F"
        run(str(folder / "pg_ctl"), "-w", "-D", str(data), "-o", options, "-l", f"{name}/log", "start")
        try:
            yield f"postgresql://sentinel@127.0.0.1:{port}/postgres"
        finally:
            run(str(folder / "pg_ctl"), "-w", "-D", str(data), "-m", "immediate", "stop")


async def test_mother_ai_decides_once_and_survives_a_restart(postgres: str, tmp_path: Path) -> None:
    service = mother_ai.build(MotherSettings(data_dir=tmp_path))
    async with Bench.open(service, tmp_path, postgres) as bench:
        await bench.deliver(promoted())
        await bench.deliver(bar(1))
        await bench.deliver(signal(bar(1)))
    async with Bench.open(service, tmp_path, postgres) as bench:
        out = await bench.deliver(portfolio(1))
        assert [subject for subject, _ in out] == ["decisions.BTCUSDT", "rounds.1h"]
        assert await bench.deliver(portfolio(1)) == []


async def test_executor_closes_a_group_and_its_books_balance(postgres: str, tmp_path: Path) -> None:
    service = executor.build(ExecutorSettings(data_dir=tmp_path))
    async with Bench.open(service, tmp_path, postgres) as bench:
        out = await bench.deliver(bar(1))
        assert [subject for subject, _ in out] == ["portfolio.paper"]
        async with bench.transactor.database.read() as connection:
            assert await audit(connection) == []
    async with Bench.open(service, tmp_path, postgres) as bench:
        assert await bench.deliver(bar(1)) == []


async def test_strategy_gen_and_agents_keep_what_they_are_told(postgres: str, tmp_path: Path) -> None:
    async with Bench.open(strategy_gen.build(GenSettings(data_dir=tmp_path)), tmp_path, postgres) as bench:
        assert len(await bench.deliver(submit())) == 2
        assert await bench.deliver(submit()) == []
    service = agents.build(AgentsSettings(data_dir=tmp_path))
    strategy = promoted()
    async with Bench.open(service, tmp_path, postgres) as bench:
        await bench.deliver(strategy)
        await bench.deliver(StrategyRetired.after(strategy, strategy_id="s1", step=1))
    async with Bench.open(service, tmp_path, postgres) as bench:
        assert (bench.state.agents, bench.state.steps) == ({}, {"s1": 1})


async def test_backtest_judges_counts_and_keeps_its_tries_for_ever(postgres: str, tmp_path: Path) -> None:
    async with research(tmp_path, postgres) as bench:
        assert (await judged(bench)).evidence.tries == 1
        assert (await judged(bench, 35)).evidence.tries == 2
        for table in (trials_store.TRIALS, trials_store.HOLDOUTS):
            first = next(iter(table.columns))
            for statement in (delete(table), update(table).values({first: first})):
                with pytest.raises(DBAPIError, match="append-only"):
                    async with bench.transactor.database.begin() as connection:
                        await connection.execute(statement)
        assert len(await rows(bench, trials_store.TRIALS)) == 2


async def test_sentence_becomes_a_strategy_with_its_verdict(postgres: str, tmp_path: Path) -> None:
    stored(tmp_path)
    with Pool(1) as sandbox:
        service = generation(tmp_path, sandbox)
        async with running(service, tmp_path, url=postgres) as desk:
            await desk.deliver(generate())
            (proposed,) = await desk.until(StrategyProposed)
            await desk.deliver(judgement(proposed))
            (done,) = await desk.until(GenerationDone)
    assert (done.strategies[0].strategy_id, done.strategies[0].verdict) == (proposed.strategy_id, "good")


async def test_conflict_of_two_transactions_may_pass_and_is_told_so(postgres: str) -> None:
    database = await Database.open(postgres, schema="conflict")
    try:
        async with database.begin() as connection:
            await connection.execute(text("CREATE TABLE numbers (n INTEGER)"))
            await connection.execute(text("INSERT INTO numbers VALUES (1)"))
        with pytest.raises(StoreUnavailableError):
            await cross(database)
    finally:
        await database.close()


async def cross(database: Database) -> None:
    """Two transactions read and write the same row; the later commit must fail."""
    async with database.begin() as one, database.begin() as two:
        await one.execute(text("SELECT n FROM numbers"))
        await two.execute(text("UPDATE numbers SET n = n + 1"))
        await two.commit()
        await one.execute(text("UPDATE numbers SET n = n + 1"))


async def test_database_that_is_away_may_come_back_and_is_told_so() -> None:
    with pytest.raises(StoreUnavailableError):
        await Database.open("postgresql://sentinel@127.0.0.1:1/postgres", schema="x")
