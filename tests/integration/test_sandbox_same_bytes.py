"""The same strategy on the same bars says the same bytes, whichever fork server, spare or restart ran it."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from libs.strategy.runtime import evaluate, evaluate_all
from libs.strategy.sandbox.host.pool import Pool
from libs.strategy.sandbox.wire import Switches
from libs.strategy.signals import Signals
from libs.strategy.spec import Strategy, parse
from tests.support.build import walk

TEMPTED = """
import random
import time

def generate_signals(df, fast=5):
    names = {"open", "high", "low", "close", "volume"}
    df["noise"] = np.random.default_rng().normal(size=len(df)) + np.random.rand(len(df))
    df["order"] = [hash(name) % 97 for name in names][0] + random.random() + time.time() % 1_000
    df["mean"] = df["close"].rolling(fast).mean()
    now = datetime.now()
    wobble = df["noise"] * (now.minute + 1) + df["order"]
    return ((df["close"] > df["mean"]) & (wobble > wobble.median())).astype(int)
"""
CLASSIFY = """
HORIZON = 2

def classify_symbol(symbol):
    closes = get_price_data(symbol, "1h", 3)["close"]
    return {"signal": random.random() < 0.3, "score": sum(closes)}
"""


def told(signals: Signals) -> str:
    found = hashlib.sha256(signals.actions.tobytes() + repr(sorted(signals.details.items())).encode())
    for title in sorted(signals.values):
        found.update(title.encode() + signals.values[title].tobytes())
    return found.hexdigest()


@pytest.mark.parametrize("code", [TEMPTED, "import random\n" + CLASSIFY], ids=["signals", "classify"])
def test_a_hundred_runs_in_two_pools_of_two_servers_say_the_same_bytes(code: str) -> None:
    strategy: Strategy = parse(code=code, symbols=["BTCUSDT"])
    frame = walk(400)
    with Pool(2) as one, Pool(2, Switches(spares=0), recycle_jobs=10) as other, ThreadPoolExecutor(4) as threads:
        runs = [threads.submit(evaluate, strategy, frame, (one, other)[n % 2]) for n in range(100)]
        found = {told(run.result()) for run in runs}
    assert len(found) == 1


def test_classifier_cut_into_many_jobs_says_the_same_and_leaves_no_descriptor(monkeypatch: pytest.MonkeyPatch) -> None:
    symbols = ["ADAUSDT", "BTCUSDT", "ETHUSDT"]
    strategy = parse(code="import random\n" + CLASSIFY, symbols=symbols)
    frames = {symbol: walk(60, seed) for seed, symbol in enumerate(symbols)}
    with Pool(1) as pool:
        whole = evaluate_all(strategy, frames, pool)
        monkeypatch.setattr("libs.strategy.python_jobs.MAX_CALLS_A_JOB", 1)
        before = len(os.listdir("/proc/self/fd"))
        cut = evaluate_all(strategy, frames, pool)
        assert len(os.listdir("/proc/self/fd")) == before
    assert {symbol: told(cut.signals[symbol]) for symbol in symbols} == {
        symbol: told(whole.signals[symbol]) for symbol in symbols
    }
