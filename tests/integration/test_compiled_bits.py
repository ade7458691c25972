"""The same source must give the same bits whether numba compiled it or not; each run is a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import hashlib
import numpy as np
from libs.market import fills, indicators, jit
random = np.random.default_rng(7)
close = 100 * np.exp(np.cumsum(random.normal(0, 0.02, 700)))
high, low = close * (1 + random.random(700) / 100), close * (1 - random.random(700) / 100)
holed = close.copy()
holed[[5, 120, 121]] = np.nan
digest = hashlib.sha256()
for column in (
    indicators.sma(close, 20), indicators.ema(close, 20), indicators.ema(holed, 20), indicators.rsi(close), indicators.rsi(holed),
    *indicators.macd(close), *indicators.macd(holed), indicators.atr(high, low, close), indicators.rsi(np.full(40, 3.0)),
    *indicators.directional(high, low, close),
):
    digest.update(column.tobytes())
spends, prices = 10 ** random.uniform(-3, 9, 2000), 10 ** random.uniform(-9, 5, 2000)
for spend, price, lot in zip(spends.tolist(), prices.tolist(), (10.0 ** random.integers(-8, 2, 2000)).tolist()):
    quantity = fills.buy_quantity(spend, price, 0.001, lot)
    cost = fills.cost_of(quantity, price)
    found = [quantity, cost, fills.fee_of(cost, 0.001), fills.floor_lot(spend, lot), fills.buy_price(price, 0.0002)]
    digest.update(np.array([*found, fills.sell_price(price, 0.0002)]).tobytes())
print(jit.COMPILED, digest.hexdigest())
"""


def run(setting: str, cache: Path) -> list[str]:
    environment = {**os.environ, "SENTINEL_JIT": setting, "NUMBA_CACHE_DIR": str(cache)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_compiled_and_plain_runs_agree_bit_for_bit(pytestconfig: pytest.Config) -> None:
    pytest.importorskip("numba")
    assert pytestconfig.cache is not None
    cache = pytestconfig.cache.mkdir("numba")
    plain, compiled = run("0", cache), run("1", cache)
    assert (plain[0], compiled[0]) == ("False", "True")
    assert plain[1] == compiled[1]
