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
from services.backtest.core.engine import Terms, run
from services.backtest.core.engine_portfolio import run_portfolio
from services.backtest.core.engine_sweep import sweep_actions
from tests.unit.backtest.builders import run_of, walk
from tests.unit.backtest.test_engine_reference import case_of

ROOT = Path(__file__).resolve().parents[2]
QUICK, FULL = 500, 10_000
TERMS = (
    Terms(),
    Terms(fraction=0.1, fee=0.0175, slippage=0.01),
    Terms(initial_capital=1e-8, fee=0.0, slippage=0.0),
    Terms(initial_capital=1e12, lot=0.01),
)


def digest(cases: int) -> str:
    """Return a hash of everything the engine says on seeded walks and on the random cases of the reference."""
    found = hashlib.sha256()
    for seed, terms in enumerate(TERMS):
        frame = walk(500, seed, step=0.02)
        actions = np.random.default_rng(seed).integers(-1, 2, 500).tolist()
        for position_mode in (False, True):
            add(found, run_of(actions, frame, terms, position_mode))
    for seed in range(cases):
        frame, terms, actions, modes = case_of(seed)
        add(found, run(actions, frame, Terms(**terms), **modes))
    for seed in range(cases // 50):
        add_shared(found, seed)
    return f"{'compiled' if COMPILED else 'plain'} {found.hexdigest()}"


def add(found, result):
    for column in (result.equity, result.holding, *vars(result.trades).values()):
        found.update(np.ascontiguousarray(column).tobytes())
    found.update(repr((float(result.cash), int(result.pending), int(result.ruined_at))).encode())


def add_shared(found, seed):
    chance = np.random.default_rng(seed)
    frames = {name: walk(60, 10 * seed + place, 0.05) for place, name in enumerate("ABCDE")}
    actions = {name: chance.integers(-1, 2, 60).astype(np.int8) for name in frames}
    terms = Terms(stop_loss=0.04, trailing_stop=0.05, volume_cap=float(chance.choice([0.0, 0.9])))
    modes = {"allow_short": bool(seed % 2), "horizon": int(chance.choice([0, 5])), "max_positions": 3}
    scores = {name: chance.random(60) for name in frames}
    shared = run_portfolio(actions, frames, terms, **modes, scores=scores)
    for column in (shared.equity, shared.exposure, *(c for book in shared.books.values() for c in vars(book).values())):
        found.update(np.ascontiguousarray(column).tobytes())
    found.update(repr((shared.cash, sorted(shared.pending.items()), shared.refused, shared.ruined_at)).encode())
    block = np.array(list(actions.values()))
    found.update(sweep_actions(block, frames["A"], terms, 8_760, position_mode=True, allow_short=True).tobytes())


def both_say(cases, cache):
    said = {}
    for switch in ("0", "1"):
        environment = {**os.environ, "SENTINEL_JIT": switch, "NUMBA_CACHE_DIR": str(cache)}
        command = [sys.executable, "-m", "tests.integration.test_backtest_compiled", str(cases)]
        output = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
        said.update([output.split()])
    return said


@pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="numba absent")
@pytest.mark.parametrize("cases", [QUICK, pytest.param(FULL, marks=pytest.mark.full)])
def test_compiled_engine_equals_plain_engine_bit_for_bit(tmp_path, cases):
    said = both_say(cases, tmp_path)
    assert set(said) == {"compiled", "plain"}
    assert said["compiled"] == said["plain"]


if __name__ == "__main__":
    sys.stdout.write(digest(int(sys.argv[1])))
