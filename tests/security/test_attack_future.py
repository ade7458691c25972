"""Strategies that pass the checker and try to see bars from after the one being decided, in the sandbox with every layer on."""

from collections.abc import Iterator

import numpy as np
import pytest

from libs.common.errors import BadInputError
from libs.common.values import Timeframe
from libs.market.frame import Frame
from libs.strategy.sandbox.host.answers import ClassifyAnswer
from libs.strategy.sandbox.host.job import Job
from libs.strategy.sandbox.host.market import market_memfd
from libs.strategy.sandbox.host.memory import sealed
from libs.strategy.sandbox.host.pool import Pool

HOUR_MS = 3_600_000
START_MS = 472_222 * HOUR_MS
BARS = 200
LATER = 100
"""Bars by which BBB begins after AAA."""

MARK = 7_654_321.0
"""Price and volume of all bars but the first; neither it nor its double occurs anywhere in a warm process."""

REMEMBERS = """
{keeper}
def classify_symbol(symbol):
    seen = kept()
    for other in ("AAA", "BBB"):
        data = get_price_data(other, "1h", 100000)
        if len(data["close"]) > len(seen.get(other, {{"close": []}})["close"]):
            seen[other] = data
    now = get_price_data(symbol, "1h", 1)["timestamps"][-1]
    return seen[symbol]["timestamps"][-1] > now
"""
"""Hits where it knows a bar later than the one it is asked about."""

KEEPERS = {
    "a global": "seen = {}\ndef kept():\n    return seen",
    "a default": "def kept(seen={}):\n    return seen",
    "a class": "class Kept:\n    seen = {}\ndef kept():\n    return Kept.seen",
    "a cache": "from functools import lru_cache\n@lru_cache\ndef kept():\n    return {}",
    "a data function": """
def kept():
    try:
        return get_price_data.seen
    except AttributeError:
        get_price_data.seen = {}
        return get_price_data.seen""",
    "print": """
def kept():
    try:
        return print.seen
    except AttributeError:
        print.seen = {}
        return print.seen""",
}

LIES_ABOUT_ITS_NAME = """
HASH = hash("BBB")

class Name(str):
    def __hash__(self):
        return HASH

    def __eq__(self, other):
        self.asked = self.asked + 1
        return self.asked == self.lie or str(other) == "BBB"

def classify_symbol(symbol):
    now = get_price_data(symbol, "1h", 1)["timestamps"][-1]
    for lie in range(1, 20):
        name = Name("BBB")
        name.asked, name.lie = 0, lie
        times = get_price_data(name, "1h", 5)["timestamps"] + get_price_data(name, "2h", 5)["timestamps"]
        if times and max(times) > now:
            return True
    return False
"""

LOOKS_INTO_FREED_MEMORY = """
import numpy as np

def classify_symbol(symbol):
    if len(get_price_data(symbol, "1h", 2)["close"]) > 1:
        return False
    get_price_data(symbol, "{timeframe}", 1)
    kept = []
    for size in range(4, 400):
        for _ in range(3):
            found = np.{maker}
            kept.append(found)
            if ((found == 7654321.0) | (found == 15308642.0) | (found == 30617284.0)).any():
                return True
    return False
"""


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(1) as running:
        yield running


def frame(bars: int, first: int) -> Frame:
    values = np.full(bars, MARK)
    values[0] = 1.0
    return Frame(START_MS + HOUR_MS * (first + np.arange(bars, dtype=np.int64)), *[values] * 5)


MARKET = {"AAA": frame(BARS, 0), "BBB": frame(BARS - LATER, LATER)}


def hits(pool: Pool, source: str, focus: list[str]) -> dict[str, int]:
    args = {"symbols": focus, "parameters": {}}
    rows = {symbol: len(MARKET[symbol]) for symbol in focus}
    outcome = pool.run(Job.of("classify", source, market_memfd(MARKET, Timeframe.H1), rows, args))
    assert isinstance(outcome.answer, ClassifyAnswer), outcome
    assert not outcome.answer.errors
    assert not outcome.answer.told.warnings
    return {symbol: int(found.sum()) for symbol, found in outcome.answer.hits.items()}


@pytest.mark.parametrize("keeper", KEEPERS)
def test_what_was_seen_for_one_symbol_is_not_remembered_for_the_next(pool: Pool, keeper: str) -> None:
    assert hits(pool, REMEMBERS.format(keeper=KEEPERS[keeper]), ["AAA", "BBB"]) == {"AAA": 0, "BBB": 0}


def test_symbol_that_lies_about_its_name_gets_no_later_bar(pool: Pool) -> None:
    assert hits(pool, LIES_ABOUT_ITS_NAME, ["AAA"]) == {"AAA": 0}


@pytest.mark.parametrize("maker", ["empty(size)", "add(np.ones(size), 1.0, where=np.zeros(size, bool))"])
@pytest.mark.parametrize("timeframe", ["1h", "2h", "4h"])
def test_freed_memory_holds_no_later_bar(pool: Pool, timeframe: str, maker: str) -> None:
    assert hits(pool, LOOKS_INTO_FREED_MEMORY.format(timeframe=timeframe, maker=maker), ["AAA"]) == {"AAA": 0}


def test_batch_is_never_asked_about_an_earlier_moment_after_a_later_one() -> None:
    asked = {"contract": "run_screening", "start_ms": 0, "end_ms": 9, "limit": 5, "asof_ms": [8, 4]}
    with pytest.raises(BadInputError) as caught:
        Job.of("batch", "x = 1", sealed("market", []), {"A": 1}, {"symbols": ["A"], "parameters": {}, **asked})
    assert caught.value.pointer == "/asof_ms"
