"""The shape of the code, checked: file lengths, import contracts, and that a planted violation breaks each contract."""

import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from deploy.local import SERVICES

ROOT = Path(__file__).resolve().parents[2]
LINT_IMPORTS = str(Path(sysconfig.get_path("scripts"), "lint-imports"))
CODE = ("services", "libs", "deploy")
MAX_LINES = 300

PLANTED = [
    ("Services know nothing of each other", "services/agents/app.py", "import services.backtest.settings"),
    ("Services know nothing of each other", "services/gateway/settings.py", "import services.ingest.settings"),
    ("Libraries and the launcher know no service", "libs/common/clock.py", "import services.ingest.settings"),
    ("Libraries and the launcher know no service", "deploy/locks.py", "import services.executor.settings"),
    ("Libraries are layered", "libs/common/values.py", "import libs.market.frame"),
    ("Libraries are layered", "libs/market/frame.py", "import libs.strategy.spec"),
    ("Cores reach no bus, no database, no network", "services/mother_ai/core.py", "import sqlalchemy"),
    ("Cores reach no bus, no database, no network", "services/agents/core.py", "import libs.common.bus.connection"),
    ("Cores reach no bus, no database, no network", "libs/common/values.py", "import httpx"),
    ("Cores reach no bus, no database, no network", "libs/strategy/runtime.py", "import fastapi"),
    ("Only the bus adapter and the launcher speak to NATS", "services/agents/app.py", "import nats"),
    ("Only the bus adapter and the launcher speak to NATS", "libs/client/render.py", "import faststream"),
    ("Only the gateway is a web server", "services/ingest/app.py", "import fastapi"),
    (
        "What runs beside a stranger's code knows only the checker and the wire",
        "libs/strategy/sandbox/guest/data.py",
        "import libs.common.errors",
    ),
    (
        "What runs beside a stranger's code knows only the checker and the wire",
        "libs/strategy/check/walk.py",
        "import libs.market.frame",
    ),
    ("Only the gateway is a web server", "libs/common/settings.py", "import uvicorn"),
    ("Exchanges and quote services are reached from feeds and venues only", "services/executor/app.py", "import ccxt"),
    ("Cores reach no bus, no database, no network", "services/strategy_gen/compiler/compile.py", "import sqlalchemy"),
    (
        "Models, vectors, PDFs and grammars are reached from their rooms only",
        "services/backtest/app.py",
        "import chromadb",
    ),
    (
        "Models, vectors, PDFs and grammars are reached from their rooms only",
        "services/strategy_gen/app.py",
        "import pydantic_ai.models",
    ),
    (
        "Exchanges and quote services are reached from feeds and venues only",
        "services/ingest/app.py",
        "import yfinance",
    ),
]


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT_IMPORTS, "--no-logo", "--no-cache"], cwd=root, capture_output=True, text=True, check=False
    )


def contracts(text: str) -> set[str]:
    return {line.removeprefix("name = ") for line in text.splitlines() if line.startswith("name = ")}


def test_no_file_is_longer_than_300_lines() -> None:
    files = [path for folder in (*CODE, "tests", "benchmarks", "examples") for path in (ROOT / folder).rglob("*.py")]
    files.append(ROOT / "sentinel")
    long = {str(path.relative_to(ROOT)): count for path in files if (count := _lines(path)) > MAX_LINES}
    assert long == {}


def test_import_contracts_hold() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout


def test_every_contract_has_a_planted_violation() -> None:
    assert contracts((ROOT / ".importlinter").read_text()) == {name for name, _, _ in PLANTED}


@pytest.mark.parametrize(("contract", "file", "planted"), PLANTED)
def test_planted_violation_breaks_its_contract(tmp_path: Path, contract: str, file: str, planted: str) -> None:
    for folder in CODE:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / ".importlinter", tmp_path / ".importlinter")
    target = tmp_path / file
    target.write_text(target.read_text() + f"\n{planted}\n")
    done = lint(tmp_path)
    assert done.returncode == 1, done.stdout
    assert f"{contract} BROKEN" in done.stdout


def test_launcher_starts_every_service_there_is() -> None:
    found = {path.parent.name for path in (ROOT / "services").glob("*/__main__.py")}
    assert found == set(SERVICES)


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())
