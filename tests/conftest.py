"""Options and places that all tests share."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Awaitable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.support.parity import Replayed

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
"""Real prices, where a developer has them; tests that want them skip without."""


MEMORY = Path("/dev/shm")
"""A file system in memory, where there is one: kills of processes do not need a slow disk, and tests run several times faster."""


def pytest_configure(config: pytest.Config) -> None:
    settings.register_profile("suite", derandomize=not config.getoption("--full"), deadline=None)
    settings.load_profile("suite")  # the same examples every time; new ones are looked for at full size
    if config.option.basetemp is None and os.access(MEMORY, os.W_OK) and not hasattr(config, "workerinput"):
        config.option.basetemp = tempfile.mkdtemp(prefix="sentinel-tests-", dir=MEMORY)
        config.add_cleanup(lambda: shutil.rmtree(config.option.basetemp, ignore_errors=True))
    if "NUMBA_CACHE_DIR" not in os.environ:  # systems on fresh data directories would each compile the engine anew
        compiled = os.environ["NUMBA_CACHE_DIR"] = tempfile.mkdtemp(prefix="sentinel-compiled-")
        config.add_cleanup(lambda: shutil.rmtree(compiled, ignore_errors=True))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run long tests at their full size")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--full"):
        for item in items:
            if item.get_closest_marker("full"):
                item.add_marker(pytest.mark.skip(reason="the full size runs with --full"))


@pytest.fixture(scope="session")
def calm(tmp_path_factory: pytest.TempPathFactory) -> "Replayed":
    """An undisturbed replay of the suite's walks, made once for all tests that compare with it."""
    from tests.support.parity import SUITE_BARS, run_walks  # noqa: PLC0415 - most tests start no system

    return asyncio.run(_awaited(run_walks(tmp_path_factory.mktemp("calm") / "run", SUITE_BARS)))


async def _awaited(replayed: "Awaitable[Replayed]") -> "Replayed":
    return await replayed


@pytest.fixture
def real_data() -> Path:
    if not DATA.is_dir():
        pytest.skip(f"real prices are absent: no {DATA.parent.name}/{DATA.name} beside the repository")
    return DATA
