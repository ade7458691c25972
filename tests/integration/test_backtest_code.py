"""Backtests of Python code through the real sandbox: the report, the faults, the refusals."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from libs.market.catalog import CatalogWriter
from libs.strategy.runtime import evaluate_all
from libs.strategy.sandbox.host.pool import Pool
from libs.strategy.spec import parse
from services.backtest.core.engine import Terms
from services.backtest.core.engine_portfolio import run_portfolio
from services.backtest.core.job import Failed, Job, Summary
from services.backtest.families import Family
from services.backtest.runner import Done, Runner
from tests.support.build import START, walk

MEAN = """
def generate_signals(df, fast=5):
    print("bars", len(df))
    df["mean"] = df["close"].rolling(fast).mean()
    return (df["close"] > df["mean"]).astype(int) - (df["close"] < df["mean"]).astype(int)
"""
CLASSIFY = """
HORIZON = 4

def classify_symbol(symbol):
    closes = get_price_data(symbol, timeframe="1h", days=3)["close"]
    return {"signal": len(closes) == 3 and closes[2] > closes[1] > closes[0], "score": closes[-1]}
"""
HALF_BROKEN = """
def generate_signals(df):
    if len(df) == 250:
        raise ValueError("too short")
    return [0] * len(df)
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Pool]:
    with Pool(1) as pool:
        yield pool


@pytest.fixture
def runner(tmp_path: Path, sandbox: Pool) -> Iterator[Runner]:
    writer = CatalogWriter(tmp_path / "catalog")
    for symbol, bars in (("BTCUSDT", 300), ("ETHUSDT", 250)):
        writer.append(symbol, "1h", walk(bars), "test", True)
    made = Runner(tmp_path / "catalog", tmp_path / "reports", sandbox, 2)
    yield made
    made.close()


def job(code: str, symbols: tuple[str, ...] = ("BTCUSDT",), **more: Any) -> Job:
    return Job(parse(code=code, symbols=symbols, **more), None, "fam", Terms())


def ran(runner: Runner, job: Job) -> Summary:
    done = runner.run(job, Family("fam", START))
    assert isinstance(done, Done), done
    return done.summary


def report_of(runner: Runner, found: Summary) -> Any:
    return orjson.loads(runner.reports.read(found.report_key))


def test_backtest_of_code_says_what_ran_and_gives_the_same_bytes_again(runner: Runner) -> None:
    found, again = ran(runner, job(MEAN)), ran(runner, job(MEAN))
    assert found.report_key == again.report_key
    told = report_of(runner, found)
    assert (told["metadata"]["kind"], told["metadata"]["code"], told["metadata"]["sandbox"]) == (
        "python.signals",
        MEAN,
        "on",
    )
    assert told["metadata"]["parameters"] == {"fast": 5}
    assert told["code"] == {"faults": {}, "warnings": told["code"]["warnings"], "printed": "bars 300\n"}
    assert len(told["trades"]) > 10
    assert told["trades"][0]["entry_reason"].startswith("generate_signals says 1; mean ")


def test_parameters_change_the_run_and_its_id(runner: Runner) -> None:
    one, other = ran(runner, job(MEAN)), ran(runner, job(MEAN, parameters={"fast": 20}))
    assert (one.code_hash, one.signal_hash) == (other.code_hash, one.signal_hash)
    assert one.backtest_id != other.backtest_id
    assert one.signal_hash != other.signal_hash


def test_classifier_buys_on_a_hit_and_sells_after_its_horizon(runner: Runner) -> None:
    found = ran(runner, job(CLASSIFY))
    trades = [trade for trade in report_of(runner, found)["trades"] if not trade["open"]]
    assert len(trades) > 10
    assert {trade["bars"] for trade in trades} == {4}


def test_symbol_the_code_fails_on_is_listed_and_the_others_run(runner: Runner) -> None:
    found = ran(runner, job(HALF_BROKEN, ("BTCUSDT", "ETHUSDT")))
    assert len(found.symbols) == 1
    faults = report_of(runner, found)["code"]["faults"]
    assert [fault["line"] for fault in faults.values()] == [4]
    assert all("too short" in fault["message"] for fault in faults.values())


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ("    return [2] * len(df)", "strategy.result", "2"),
        ("    return [0] * 3", "strategy.result", "3"),
        ("    return df['close'].pct_change()", "strategy.result", "NaN"),
        ("    return 1 / 0 + df['close']", "strategy.raised", "ZeroDivisionError"),
    ],
)
def test_code_that_fails_everywhere_fails_the_backtest_with_its_reason(
    runner: Runner, body: str, code: str, words: str
) -> None:
    found = runner.run(job(f"def generate_signals(df):\n{body}\n"), Family("fam", START))
    assert isinstance(found, Failed)
    assert (found.error.code, found.error.pointer) == (code, "/code")
    assert words in found.error.detail


def picking(runner: Runner, symbols: tuple[str, ...], **terms: float) -> Summary:
    return ran(runner, Job(parse(code=CLASSIFY, symbols=symbols), None, "fam", Terms(**terms)))


def test_picks_among_several_symbols_are_traded_with_one_purse(runner: Runner, sandbox: Pool) -> None:
    found = picking(runner, ("BTCUSDT", "ETHUSDT"))
    frames = {symbol: runner.bars.catalog.read(symbol, "1h") for symbol in ("BTCUSDT", "ETHUSDT")}
    said = evaluate_all(parse(code=CLASSIFY, symbols=tuple(frames)), frames, sandbox).signals
    expected = run_portfolio(
        {symbol: signals.hits.astype("int8") for symbol, signals in said.items() if signals.hits is not None},
        frames,
        Terms(),
        horizon=4,
        scores={
            symbol: np.array(
                [signals.details[n].score or 0.0 if n in signals.details else 0.0 for n in range(len(signals))]
            )
            for symbol, signals in said.items()
        },
    )
    told = report_of(runner, found)
    assert found.final_equity == expected.equity[-1]
    assert len(told["trades"]) == sum(len(book.entry_index) for book in expected.books.values()) > 20
    assert told["metadata"]["purse"] == {"horizon": 4, "max_positions": 20}
    assert {name for name, end in told["end"].items() if end["pending"]} == set(expected.pending)
    dear = picking(runner, ("BTCUSDT", "ETHUSDT"), fee=0.002, slippage=0.0004)
    assert told["evidence"]["doubled_costs"]["total_return"] == dear.metrics["total_return"]


def test_picks_on_one_symbol_and_signals_on_several_have_no_common_purse(runner: Runner) -> None:
    assert report_of(runner, picking(runner, ("BTCUSDT",)))["metadata"]["purse"] is None
    assert report_of(runner, ran(runner, job(MEAN, ("BTCUSDT", "ETHUSDT"))))["metadata"]["purse"] is None
