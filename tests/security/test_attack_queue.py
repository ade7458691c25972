"""A strategy as large as is allowed takes its turn; it neither fills the queue against itself for ever nor holds all its jobs in memory."""

import pytest

from libs.strategy import python_jobs
from libs.strategy.runtime import evaluate_all
from libs.strategy.sandbox.host.pool import Pool
from libs.strategy.spec import parse
from tests.security.corpus import reference

CLASSIFIER = "def classify_symbol(symbol):\n    return len(get_price_data(symbol, '1h', 2)['close']) == 2\n"
SIGNALS = "def generate_signals(df):\n    return [1] * len(df)\n"
SYMBOLS = tuple(f"S{number:03}" for number in range(30))


@pytest.mark.parametrize("code", [CLASSIFIER, SIGNALS], ids=["classify", "signals"])
def test_run_of_more_jobs_than_the_queue_holds_is_served(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python_jobs, "MAX_CALLS_A_JOB", 1)
    monkeypatch.setattr(python_jobs, "MAX_BARS_A_JOB", 1)
    frames = dict.fromkeys(SYMBOLS, reference.market(4)["AAA"])
    strategy = parse(code=code, symbols=SYMBOLS, timeframe="1h")
    with Pool(1, queue_limit=34) as pool:
        said = evaluate_all(strategy, frames, pool)
    assert not said.faults
    assert sorted(said.signals) == sorted(SYMBOLS)
