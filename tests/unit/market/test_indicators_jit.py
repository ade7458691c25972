"""The loops of the indicators give the same bits compiled and as plain Python; the compiled run is a process of its own."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from libs.market import indicators, jit

ROOT = Path(__file__).resolve().parents[3]


def digest() -> str:
    random = np.random.default_rng(7)
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.02, 400)))
    high, low = close * (1 + random.random(400) / 100), close * (1 - random.random(400) / 100)
    holed = close.copy()
    holed[[5, 120, 121]] = np.nan
    found = [
        *indicators.directional(high, low, close),
        indicators.ema(holed, 20),
        indicators.rsi(holed),
        *indicators.macd(holed),
        indicators.atr(high, low, close),
    ]
    return hashlib.sha256(b"".join(column.tobytes() for column in found)).hexdigest()


def test_compiled_and_plain_indicators_agree_bit_for_bit(pytestconfig: pytest.Config) -> None:
    pytest.importorskip("numba")
    assert pytestconfig.cache is not None
    cache = str(pytestconfig.cache.mkdir("numba"))
    program = "from tests.unit.market.test_indicators_jit import digest, jit; print(jit.COMPILED, digest())"
    other = "0" if jit.COMPILED else "1"
    environment = {**os.environ, "SENTINEL_JIT": other, "NUMBA_CACHE_DIR": cache}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [str(not jit.COMPILED), digest()]
