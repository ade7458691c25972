"""Run the backtest service, with its engine compiled."""

import hashlib
import importlib
import os
from pathlib import Path

from libs.common.runtime import run
from services.backtest.settings import Settings

_KERNELS = ("libs/market/jit.py", "libs/market/fills.py", "services/backtest/core/engine*.py")


def main() -> None:
    """Choose compilation and its cache, then build and run the service."""
    settings = Settings()
    os.environ.setdefault("SENTINEL_JIT", "1")
    os.environ.setdefault("NUMBA_CACHE_DIR", str(settings.data_dir.absolute() / "numba" / _sources()))
    # `libs.market.jit` and numba read both variables while they are imported, so the app can only be imported now.
    app = importlib.import_module("services.backtest.app")
    run(app.build(settings), settings)


def _sources() -> str:
    """Hash the compiled files together: numba's own cache misses a change in a function that another file calls."""
    root, digest = Path(__file__).resolve().parents[2], hashlib.sha256()
    for path in sorted(path for pattern in _KERNELS for path in root.glob(pattern)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


if __name__ == "__main__":
    main()
