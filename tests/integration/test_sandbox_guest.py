"""The guest in a real child, behind every wall: nothing it needs is missing, and what it answers is what it answers in this process."""

from collections.abc import Iterator

import numpy as np
import pytest

from libs.common.values import Timeframe
from libs.market.frame import Frame
from libs.strategy.sandbox.host.answers import BatchAnswer, ClassifyAnswer, SignalsAnswer
from libs.strategy.sandbox.host.job import Job
from libs.strategy.sandbox.host.market import market_memfd
from libs.strategy.sandbox.host.pool import Pool
from libs.strategy.sandbox.host.verdict import Outcome
from libs.strategy.sandbox.wire import Limits, Op, Switches
from tests.unit.strategy.sandbox.guest_corners import source
from tests.unit.strategy.sandbox.guest_jobs import HOUR_MS, START_MS, Guest, bars, market

BARS = 96
SYMBOLS = ["A", "B"]
LIMITS = Limits(cpu_s=20, wall_s=60.0)
HERE = Guest(market({symbol: bars(BARS) for symbol in SYMBOLS}), SYMBOLS)

SIGNALS = """
def generate_signals(df):
    noise = np.random.default_rng().normal(size=len(df))
    df['fast'] = df['close'].ewm(span=5).mean() + noise
    print(datetime.now(), noise[0])
    return np.where(df['close'] > df['fast'] + 2.5, 1, 0)
"""
CLASSIFY = """
def classify_symbol(symbol):
    other = get_price_data('B', '4h', 3)['close']
    return {'score': get_price_data(symbol, '1h', 1)['close'][-1] - 110, 'data': {'other': other}}
"""
BATCH = """
def run_screening(universe, limit):
    return {'ranked_results': [{'symbol': s, 'score': get_price_data(s, '1h', 1)['close'][-1]} for s in universe]}
"""


@pytest.fixture(params=[{}, {"unguarded": True}], ids=["guarded", "unguarded"])
def pool(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pool]:
    monkeypatch.setenv("SENTINEL_SANDBOX_TEST", "1")
    with Pool(size=1, switches=Switches(**request.param)) as found:
        yield found


def ran(pool: Pool, op: Op, code: str, **args: object) -> Outcome:
    frames = {symbol: Frame(*(np.asarray(each) for each in bars(BARS))) for symbol in SYMBOLS}
    asked = {"symbols": SYMBOLS, "parameters": {}} | args
    return pool.run(Job.of(op, code, market_memfd(frames, Timeframe.H1), dict.fromkeys(SYMBOLS, BARS), asked, LIMITS))


@pytest.mark.parametrize("pool", [{"unguarded": True}], indirect=True)
def test_a_child_misses_no_module_and_no_file_whatever_a_strategy_does(pool: Pool) -> None:
    found = ran(pool, "signals", source())
    assert isinstance(found.answer, SignalsAnswer), found
    assert found.answer.told.printed == ""
    assert found.answer.errors == {}


@pytest.mark.parametrize("pool", [{}], indirect=True)
def test_a_child_answers_what_the_guest_answers_here(pool: Pool) -> None:
    signals = ran(pool, "signals", SIGNALS).answer
    assert isinstance(signals, SignalsAnswer)
    assert [value for symbol in SYMBOLS for value in signals.actions[symbol].tolist()] == HERE.signals(SIGNALS).actions

    classified = ran(pool, "classify", CLASSIFY).answer
    here = HERE.classify(CLASSIFY)
    assert isinstance(classified, ClassifyAnswer)
    assert [int(value) for symbol in SYMBOLS for value in classified.hits[symbol]] == here.hits
    told = [
        [place, each.row, each.score, each.data]
        for place, name in enumerate(SYMBOLS)
        for each in classified.details[name]
    ]
    assert told == [[place, row, score, data] for place, row, score, _, data in here.details]

    moments = {"contract": "run_screening", "start_ms": START_MS, "end_ms": START_MS + BARS * HOUR_MS, "limit": 5}
    moments["asof_ms"] = [START_MS + 10 * HOUR_MS, START_MS + 20 * HOUR_MS]
    screened = ran(pool, "batch", BATCH, **moments).answer
    assert isinstance(screened, BatchAnswer)
    assert [(pick.ticker, pick.score) for pick in screened.picks] == [
        ("A", 109.0),
        ("B", 109.0),
        ("A", 119.0),
        ("B", 119.0),
    ]


@pytest.mark.parametrize("pool", [{}], indirect=True)
@pytest.mark.parametrize(
    "body",
    [
        "x = []\n    while True:\n        x.append(len(x))",
        "x = []\n    while True:\n        x.append([x])",
        "x = {}\n    while True:\n        x[len(x)] = str(len(x))",
        "x = []\n    while True:\n        x.append('a' * 1_000_000 + str(len(x)))",
        "return np.zeros(10**9) > 1",
    ],
)
def test_memory_that_runs_out_is_told_with_its_line(pool: Pool, body: str) -> None:
    found = ran(pool, "signals", f"def generate_signals(df):\n    {body}\n")
    assert found.code == "memory", found
    assert found.error is not None
    assert found.error.line is not None
    assert found.cpu_s < 10
