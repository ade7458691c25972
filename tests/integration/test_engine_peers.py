"""The engine beside vectorbt and backtesting.py on what they share, where they are installed.

Shared with vectorbt `from_signals` (price = next open, all in): fills, fee, slippage, all-in size, long only and reversals into shorts,
marking to market. Shared with backtesting.py: fills, fee, whole units, stop-loss and take-profit from the entry bar on, stop before
target, gaps at the open. Not shared: slippage of backtesting.py (a spread on entries), trailing stops, volume caps, ruin, lots.
Name an interpreter that has both by SENTINEL_PEERS; benchmarks/README.md says how to make one.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from libs.market.frame import Frame
from services.backtest.core.engine import Terms, run
from services.backtest.core.returns_metrics import drawdowns
from tests.unit.backtest.builders import HOUR_MS

CAPITAL = 1e9
COUNT = 600
WORKER = Path(__file__).with_name("engine_peers.py")


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Bars, actions, and what the peers made of them."""
    python = os.environ.get("SENTINEL_PEERS", sys.executable)
    has_both = subprocess.run([python, "-c", "import vectorbt, backtesting"], capture_output=True, check=False)
    if has_both.returncode:
        pytest.skip("vectorbt and backtesting.py absent")
    chance = np.random.default_rng(11)
    closes = 100 * np.exp(np.cumsum(chance.normal(0, 0.01, COUNT)))
    opens = np.append(100.0, closes[:-1]) * np.exp(chance.normal(0, 0.004, COUNT))
    high = np.maximum(opens, closes) * np.exp(np.abs(chance.normal(0, 0.005, COUNT)))
    low = np.minimum(opens, closes) * np.exp(-np.abs(chance.normal(0, 0.005, COUNT)))
    actions = chance.choice([-1, 0, 1], COUNT, p=[0.15, 0.7, 0.15]).astype(np.int8)
    # backtesting.py closes what is open at the end, so nothing is
    actions[-3:] = -1
    data = {"open": opens, "high": high, "low": low, "close": closes, "actions": actions}
    path = tmp_path_factory.mktemp("peers") / "bars.npz"
    np.savez(path, **data, fee=0.001, slippage=0.0005, stop=0.02, target=0.03, capital=CAPITAL)
    done = subprocess.run([python, str(WORKER), str(path)], capture_output=True, text=True, check=True)
    frame = Frame(HOUR_MS * np.arange(COUNT, dtype=np.int64), opens, high, low, closes, np.ones(COUNT))
    return frame, actions, json.loads(done.stdout)


@pytest.mark.parametrize(("direction", "allow_short"), [("longonly", False), ("both", True)])
def test_engine_equals_vectorbt(told, direction, allow_short):
    frame, actions, peers = told
    peer = peers[direction]
    ours = run(actions, frame, Terms(CAPITAL, 1.0, 0.001, 0.0005), position_mode=False, allow_short=allow_short)
    assert ours.equity == pytest.approx(peer["equity"], rel=1e-9)
    assert ours.trades.entry_index.tolist() == peer["entry"]
    assert ours.trades.exit_index.tolist() == peer["exit"]
    closed = ours.trades.exit_index >= 0
    assert closed.sum() > 20
    assert ours.trades.pnl[closed] == pytest.approx(peer["pnl"], rel=1e-9, abs=1e-9 * CAPITAL)
    assert drawdowns(ours.equity, CAPITAL).min() == pytest.approx(peer["max_drawdown"], rel=1e-9)


def test_engine_with_guards_equals_backtesting_py(told):
    frame, actions, peers = told
    peer = peers["backtesting"]
    terms = Terms(CAPITAL, 1.0, 0.001, 0.0, lot=1.0, stop_loss=0.02, take_profit=0.03)
    ours = run(actions, frame, terms, position_mode=False)
    assert ours.equity == pytest.approx(peer["equity"], rel=1e-9)
    assert ours.trades.entry_index.tolist() == peer["entry"]
    assert ours.trades.exit_index.tolist() == peer["exit"]
    assert ours.trades.exit_price == pytest.approx(peer["price"], rel=1e-9)
    assert ours.trades.quantity.tolist() == peer["size"]
    assert set(ours.trades.exit_reason.tolist()) >= {1, 2, 3}
