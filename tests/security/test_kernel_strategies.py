"""The fork server with the real libraries: what is loaded, and that a spare answers as a fork does."""

from collections.abc import Iterator

import numpy as np
import pytest

from libs.strategy.sandbox.layout import pack_market
from libs.strategy.sandbox.wire import Switches
from libs.strategy.sandbox.zygote import LEFT_OUT, MASKED
from tests.security.bare import STRATEGIES, Bare, Ended, spare_of

BARS = 300
RSI = b"""
import pandas as pd

def generate_signals(df):
    delta = df["close"].diff()
    gain = delta.clip(lower=0).ewm(alpha=1 / 14, adjust=False).mean()
    loss = (-delta.clip(upper=0)).ewm(alpha=1 / 14, adjust=False).mean()
    rsi = 100 - 100 / (1 + gain / loss)
    signals = pd.Series(0, index=df.index)
    signals[rsi < 30] = 1
    signals[rsi > 70] = -1
    return signals
"""
CHANCE = b"""
import random
import numpy as np

def generate_signals(df):
    drawn = [random.random() for _ in df.index] + np.random.random(len(df))
    words = {str(number) for number in range(50)}
    print(list(words), drawn.tolist()[:5])
    return (drawn > 1.2).astype(int)
"""


def market() -> bytes:
    ts = np.arange(BARS, dtype="i8") * 3_600_000
    close = 100 + 10 * np.sin(np.arange(BARS) / 9)
    columns = (ts, close, close + 1, close - 1, close, np.full(BARS, 1_000.0))
    return b"".join(pack_market(("1h", 3_600_000), {"BTCUSDT": tuple(each.data for each in columns)}))


@pytest.fixture(scope="module")
def zygote() -> Iterator[Bare]:
    with Bare(Switches(unguarded=True), load=STRATEGIES) as running:
        assert running.hello.ready, running.hello
        yield running


def signals(zygote: Bare, source: bytes) -> Ended:
    return zygote.run({"symbols": ["BTCUSDT"], "parameters": {}}, source, market(), op="signals")


def test_strategies_are_served_with_the_versions_told(zygote: Bare) -> None:
    assert zygote.hello.numpy == np.__version__
    assert zygote.hello.pandas
    assert signals(zygote, RSI).answer["ok"]


@pytest.mark.parametrize("source", [RSI, CHANCE], ids=["rsi", "chance"])
def test_spare_and_fork_answer_with_the_same_bytes(zygote: Bare, source: bytes) -> None:
    found: dict[bool, set[bytes]] = {True: set(), False: set()}
    for _ in range(20):
        spare_of(zygote)
        for ended in (signals(zygote, source), signals(zygote, source)):
            assert ended.answer["ok"], ended.answer
            found[ended.status.spare].add(ended.written)
        if all(found.values()):
            break
    assert found[True] == found[False]
    assert len(found[True]) == 1


def test_modules_that_start_threads_or_need_much_memory_are_not_there(zygote: Bare) -> None:
    source = (
        f"import sys\nleft = [name for name in {MASKED + LEFT_OUT!r} if sys.modules.get(name, name) is not None]\n"
        "assert not left, left\n"
        "def generate_signals(df): return [0] * len(df)\n"
    )
    ended = signals(zygote, source.encode())
    assert ended.answer["ok"], ended.answer
