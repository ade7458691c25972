"""The compiled engine gives the same bits as the same source run as plain Python."""

import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from libs.market.jit import COMPILED
from services.backtest.core.engine import Terms
from tests.unit.backtest.builders import run_of, walk

ROOT = Path(__file__).resolve().parents[2]
TERMS = (
    Terms(),
    Terms(fraction=0.1, fee=0.0175, slippage=0.01),
    Terms(initial_capital=1e-8, fee=0.0, slippage=0.0),
    Terms(initial_capital=1e12, lot=0.01),
)


def digest() -> str:
    """Return a hash of everything the engine says on seeded walks."""
    found = hashlib.sha256()
    for seed, terms in enumerate(TERMS):
        frame = walk(500, seed, step=0.02)
        actions = np.random.default_rng(seed).integers(-1, 2, 500).tolist()
        for position_mode in (False, True):
            result = run_of(actions, frame, terms, position_mode)
            for column in (result.equity, result.holding, *vars(result.trades).values()):
                found.update(np.ascontiguousarray(column).tobytes())
            found.update(repr((float(result.cash), int(result.pending), int(result.ruined_at))).encode())
    return f"{'compiled' if COMPILED else 'plain'} {found.hexdigest()}"


@pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="numba absent")
def test_compiled_engine_equals_plain_engine_bit_for_bit(tmp_path):
    said = {}
    for switch in ("0", "1"):
        environment = {**os.environ, "SENTINEL_JIT": switch, "NUMBA_CACHE_DIR": str(tmp_path)}
        command = [sys.executable, "-m", "tests.integration.test_backtest_compiled"]
        output = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
        said.update([output.split()])
    assert set(said) == {"compiled", "plain"}
    assert said["compiled"] == said["plain"]


if __name__ == "__main__":
    sys.stdout.write(digest())
