"""Run a backtest process in one of its roles, with the engine compiled: `--role all` (default), `coordinator` or `worker`."""

import argparse
import hashlib
import importlib
import os
import sys
from pathlib import Path

from libs.common.runtime import run
from services.backtest.settings import Settings

ROLES = ("all", "coordinator", "worker")
_KERNELS = ("libs/market/jit.py", "libs/market/fills.py", "services/backtest/core/engine*.py")


def main() -> None:
    """Choose compilation and its cache, then build and run the service."""
    asked = _parser().parse_args()
    settings = Settings()
    os.environ.setdefault("SENTINEL_JIT", "1")
    os.environ.setdefault("NUMBA_CACHE_DIR", str(_cache(settings.data_dir) / _sources()))
    # `libs.market.jit` and numba read both variables while they are imported, so what uses them can only be imported now.
    roles = importlib.import_module("services.backtest.roles")
    if asked.role == "worker":
        roles.work_only(settings, asked.name)
    else:
        run(roles.build(settings, with_worker=asked.role == "all"), settings)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.backtest", description="Judge strategies and do jobs.")
    parser.add_argument("--role", choices=ROLES, default="all", help="what this process does")
    parser.add_argument("--name", default="backtest_worker", help="what the pulse of a worker is called")
    return parser


def _cache(data_dir: Path) -> Path:
    """Return where compiled code is kept: with the installation, so that a new data directory need not compile again, if we may write there."""
    installed = Path(sys.prefix)
    return (installed if os.access(installed, os.W_OK) else data_dir.absolute()) / "numba"


def _sources() -> str:
    """Hash the compiled files together: numba's own cache misses a change in a function that another file calls."""
    root, digest = Path(__file__).resolve().parents[2], hashlib.sha256()
    for path in sorted(path for pattern in _KERNELS for path in root.glob(pattern)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


if __name__ == "__main__":
    main()
