"""A whole run on stored bars: what it says, what it refuses, and that it says the same every time."""

from datetime import UTC, datetime

import numpy as np
import orjson
import pytest

from libs.common.values import from_epoch_ms
from libs.market.catalog import CatalogWriter
from libs.strategy.runtime import evaluate
from libs.strategy.spec import parse
from services.backtest.core import report
from services.backtest.core.engine import Terms
from services.backtest.core.job import Failed, Job
from services.backtest.families import Family
from services.backtest.runner import Done, Runner
from tests.unit.backtest.builders import HOUR_MS, START_MS, walk

RSI = {"indicators": {"rsi": {"period": 5, "buy_below": 40, "sell_above": 60}}}


@pytest.fixture
def stored(tmp_path):
    writer = CatalogWriter(tmp_path / "catalog")
    writer.append("BTCUSDT", "1h", walk(400, 1), "test", False)
    writer.append("ETHUSDT", "1h", walk(300, 2), "test", True)
    return Runner(tmp_path / "catalog", tmp_path / "reports")


def job_of(symbols=("BTCUSDT",), rules=RSI, start=None, end=None, mode="action", **terms):
    strategy = parse(rules=rules, symbols=list(symbols), name="test", signal_mode=mode)
    return Job(strategy, None, "fam", Terms(**terms), start, end)


AT = datetime(2024, 1, 1, tzinfo=UTC)


def ran(runner, job, family=None):
    done = runner.run(job, family or Family("fam", AT))
    assert isinstance(done, Done)
    return done.summary


def report_of(runner, summary):
    return orjson.loads(runner.reports.read(summary.report_key))


def test_run_is_told_the_same_way_in_summary_and_report(stored):
    found = ran(stored, job_of())
    told = report_of(stored, found)
    assert told["metrics"] == dict(found.metrics)
    assert told["verdict"]["deciding_rule"] == found.deciding_rule
    assert told["metadata"]["backtest_id"] == found.backtest_id
    assert told["metadata"]["costs"] == {
        "fee": 0.001,
        "fraction": 1,
        "initial_capital": 1e4,
        "lot": 1e-8,
        "slippage": 2e-4,
        "stop_loss": 0,
        "take_profit": 0,
        "trailing_stop": 0,
        "volume_cap": 0,
    }
    assert told["curve"]["equity"][-1] == found.final_equity
    assert len(told["curve"]["times"]) == found.bars == 400
    assert found.window_start == from_epoch_ms(START_MS)
    assert found.window_end == from_epoch_ms(START_MS + 400 * HOUR_MS)
    assert len(told["trades"]) == found.metrics["closed_trades"] + found.metrics["open_trades"] > 5


def test_run_three_times_in_fresh_runners_gives_identical_bytes(stored, tmp_path):
    runs = [ran(Runner(tmp_path / "catalog", tmp_path / f"r{n}"), job_of(["BTCUSDT", "ETHUSDT"])) for n in range(3)]
    assert len({run.report_key for run in runs}) == 1
    assert len({run.backtest_id for run in runs}) == 1


def test_report_trades_carry_the_reason_of_the_bar_before_the_fill(stored):
    told = report_of(stored, ran(stored, job_of()))
    frame = stored.bars.catalog.read("BTCUSDT", "1h")
    signals = evaluate(job_of().strategy, frame)
    for trade in told["trades"]:
        decided = int(np.searchsorted(frame.ts, trade["entry_time"])) - 1
        assert signals.actions[decided] == 1
        assert trade["entry_reason"] == signals.reason(decided)
        assert trade["entry_reason"].startswith("rsi(5) ")
        assert trade["open"] == (trade["exit_time"] is None) == (trade["exit_reason"] is None)


def test_report_signals_rebuild_every_action(stored):
    told = report_of(stored, ran(stored, job_of()))["signals"]["BTCUSDT"]
    frame = stored.bars.catalog.read("BTCUSDT", "1h")
    place = np.searchsorted(told["from"], frame.ts, side="right") - 1
    actions = evaluate(job_of().strategy, frame).actions
    np.testing.assert_array_equal(np.array(told["action"])[place], actions)
    assert told["buys"] == int((actions == 1).sum())


def test_report_of_a_long_curve_is_thinned_and_keeps_its_end(stored, monkeypatch):
    monkeypatch.setattr(report, "MAX_POINTS", 90)
    found = ran(stored, job_of())
    told = report_of(stored, found)["curve"]
    assert told["every_bars"] == 5
    assert len(told["times"]) == 81
    assert told["equity"][-1] == found.final_equity


def test_run_on_a_window_uses_the_bars_that_open_and_close_in_it(stored):
    start, end = from_epoch_ms(START_MS + 100 * HOUR_MS), from_epoch_ms(START_MS + 200 * HOUR_MS)
    found = ran(stored, job_of(start=start, end=end))
    assert (found.bars, found.window_start, found.window_end) == (100, start, end)


def test_run_of_several_symbols_shares_the_capital_and_lists_those_without_bars(stored):
    found = ran(stored, job_of(["BTCUSDT", "ETHUSDT", "XRPUSDT"]))
    told = report_of(stored, found)
    assert found.symbols == ("BTCUSDT", "ETHUSDT")
    assert found.simulated
    assert told["metadata"]["symbols_without_bars"] == ["XRPUSDT"]
    assert told["curve"]["equity"][0] == 10_000
    alone = [ran(stored, job_of([symbol], initial_capital=5_000.0)).final_equity for symbol in found.symbols]
    assert found.final_equity == pytest.approx(sum(alone), abs=1e-6)
    assert {trade["symbol"] for trade in told["trades"]} == {"BTCUSDT", "ETHUSDT"}


def test_run_in_position_mode_trades_otherwise(stored):
    action, position = ran(stored, job_of()), ran(stored, job_of(mode="position"))
    assert position.metrics["closed_trades"] > action.metrics["closed_trades"]
    assert position.backtest_id != action.backtest_id


@pytest.mark.parametrize(
    ("job", "code"),
    [
        (job_of(["XRPUSDT"]), "data.unknown_symbol"),
        (job_of(start=datetime(2030, 1, 1, tzinfo=UTC)), "backtest.no_bars"),
        (job_of(start=from_epoch_ms(START_MS), end=from_epoch_ms(START_MS + HOUR_MS)), "backtest.no_bars"),
        (job_of(start=from_epoch_ms(START_MS), end=from_epoch_ms(START_MS)), "backtest.window_empty"),
    ],
)
def test_run_that_cannot_be_done_fails_with_a_code_and_writes_nothing(stored, tmp_path, job, code):
    found = stored.run(job, Family("fam", AT))
    assert isinstance(found, Failed)
    assert found.error.code == code
    assert not (tmp_path / "reports").exists()
