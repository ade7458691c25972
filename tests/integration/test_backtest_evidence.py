"""Evidence on Python code through the real sandbox: cheats are told by their first bad bar, bad results store nothing, clean code passes."""

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from libs.common.bus import Service
from libs.common.commands import RunBacktest
from libs.common.values import from_epoch_ms
from libs.market.catalog import CatalogWriter
from libs.strategy.sandbox.host.pool import Pool
from services.backtest import store, trials_store
from services.backtest.app import App, table
from services.backtest.reports import Reports
from services.backtest.runner import Runner
from tests.support.bench import Bench
from tests.support.build import walk

AT = datetime(2024, 6, 1, tzinfo=UTC)

CHEATS = {
    "shift_minus_1": "df['close'].shift(-1).gt(df['close']).astype(int) * 2 - 1",
    "full_sample_mean": "(df['close'] > df['close'].mean()).astype(int)",
    "centred_window": "(df['close'] > df['close'].rolling(5, center=True).mean()).astype(int)",
    "last_close": "(df['close'] < df['close'].iloc[-1]).astype(int)",
}
SMA = "(df['close'].rolling(5).mean() > df['close'].rolling(20).mean()).astype(int)"
CHANCE = "pd.Series(np.random.default_rng().integers(-1, 2, len(df)), index=df.index)"

BAD = {
    "None": "None",
    "a number": "1",
    "the wrong length": "df['close'].iloc[1:].gt(0).astype(int)",
    "a shuffled index": "df['close'].gt(0).astype(int).sample(frac=1, random_state=1)",
    "NaN": "df['close'].pct_change()",
    "infinity": "df['close'] / 0",
    "2": "df['close'].gt(0).astype(int) * 2",
    "one half": "df['close'].gt(0) * 0.5",
    "words": "['buy'] * len(df)",
    "a frame": "df",
    "categories": "df['close'].gt(0).astype(int).astype('category').astype(str)",
    "a duplicate index": "pd.concat([df['close'].iloc[:1], df['close'].iloc[:-1]]).gt(0).astype(int)",
    "a generator": "(0 for _ in range(len(df)))",
}


@pytest.fixture(scope="module")
def sandbox():
    with Pool(2) as pool:
        yield pool


@pytest.fixture
async def bench(tmp_path, sandbox):
    CatalogWriter(tmp_path / "catalog").append("BTCUSDT", "1h", walk(400), "test", False)
    runner = Runner(tmp_path / "catalog", tmp_path / "reports", sandbox, 2)
    app = App(runner)
    async with Bench.open(Service("backtest", table(app), store.MIGRATIONS, load=app.load), tmp_path) as opened:
        yield opened
    runner.close()


def code(expression):
    return f"import numpy as np\nimport pandas as pd\n\ndef generate_signals(df):\n    return {expression}\n"


async def answered(bench, source, **fields):
    command = RunBacktest.first(key=f"{source}{fields}", at=AT, code=source, symbol="BTCUSDT", **fields)
    [body] = [body for subject, body in await bench.deliver(command) if subject.startswith("answers.")]
    told = json.loads(body)
    return told.get("result", told)


@pytest.mark.parametrize("name", CHEATS)
async def test_cheat_opens_no_stage_and_its_first_bad_bar_is_told_in_words(bench, tmp_path, name):
    told = await answered(bench, code(CHEATS[name]))
    assert told["gate"] == []
    assert not told["evidence"]["look_ahead_passed"]
    report = json.loads(Reports(tmp_path / "reports").read(told["report_key"]))
    first = report["evidence"]["asked"][0]["look_ahead"]["changes"][0]
    words = f"the signal of the bar {from_epoch_ms(first['time']).isoformat()} is {first['full']} with all bars"
    assert words in told["evidence"]["first_bad_bar"]
    assert words in told["reasons"][0]["words"]


async def test_clean_code_opens_alert_and_its_lookback_is_known(bench):
    told = await answered(bench, code(SMA))
    assert told["gate"][0] == "alert"
    assert told["evidence"]["first_bad_bar"] is None
    assert told["evidence"]["lookback"] == 20
    assert told["evidence"]["reproducible"]


async def test_code_that_draws_lots_draws_the_same_ones_again(bench):
    told = await answered(bench, code(CHANCE))
    assert told["evidence"]["reproducible"]
    assert told["metrics"]["closed_trades"] > 30


async def test_code_without_any_signal_is_a_reject_and_not_an_error(bench):
    told = await answered(bench, code("pd.Series(0, index=df.index)"))
    assert (told["status"], told["verdict"]) == ("success", "reject")
    assert told["evidence"]["dsr"] is None


@pytest.mark.parametrize("name", BAD)
async def test_bad_result_is_refused_and_nothing_is_stored(bench, name):
    refused = await answered(bench, code(BAD[name]))
    assert refused["code"] == "strategy.result", refused
    assert refused["pointer"] == "/code"
    async with bench.transactor.database.read() as connection:
        for what in (store.BACKTESTS, trials_store.TRIALS):
            assert await connection.scalar(select(func.count()).select_from(what)) == 0


async def test_classifier_that_says_yes_in_words_is_refused(bench):
    refused = await answered(bench, "def classify_symbol(symbol):\n    return 'yes'\n")
    assert refused["code"] == "strategy.result"


async def test_classifier_sees_no_later_bar_of_another_symbol_when_asked_again(bench, tmp_path):
    CatalogWriter(tmp_path / "catalog").append("ETHUSDT", "1h", walk(400, 8), "test", False)
    source = (
        "def classify_symbol(symbol):\n"
        "    other = get_price_data('ETHUSDT', timeframe='1h', days=3)['close']\n"
        "    return len(other) == 3 and other[2] > other[1]\n"
    )
    told = await answered(bench, source, symbols=["ETHUSDT"])
    assert told["gate"][0] == "alert"
    assert told["evidence"]["look_ahead_passed"]
