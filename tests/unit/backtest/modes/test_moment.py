"""Screens and alerts by rules, on bars on disk, without a sandbox."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from libs.common.studies import RunAlert, RunScreen
from libs.common.values import from_epoch_ms, to_epoch_ms
from libs.market.catalog import CatalogWriter
from libs.market.frame import Frame
from libs.strategy.runtime import evaluate
from libs.strategy.spec import parse
from services.backtest.modes.market import Market
from services.backtest.modes.moment import contract_of, cut
from services.backtest.modes.request import study_of, task_of
from services.backtest.modes.task import Task
from tests.support.build import START, hour
from tests.support.jobs import RSI, merged, stock, walk
from tests.unit.market.test_fundamentals import stored

ALWAYS = {"entry": [{"condition": "close > 0"}], "exit": [{"condition": "close < 0"}]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    stock(tmp_path, 8, 300)
    return tmp_path


def asked(kind: Any, **fields: Any) -> Any:
    return kind.first(key="x", at=START, asked_by="test", **{"rules": RSI, "timeframe": "1h", **fields})


def task(folder: Path, command: Any) -> Task:
    market = Market(folder, None)
    return task_of(study_of(command, {}, market), None, market)


def said(folder: Path, bars: int = 300) -> dict[str, int]:
    market = Market(folder, None)
    rules = parse(rules=RSI, symbols=["S000"])
    frames = {f"S{n:03d}": market.read([f"S{n:03d}"], rules.timeframe, 0, 2**53, None)[f"S{n:03d}"] for n in range(8)}
    return {
        symbol: int(evaluate(rules, frame.tail(300).until(int(frame.ts[bars - 1]))).actions[-1])
        for symbol, frame in frames.items()
    }


def test_screen_picks_exactly_the_symbols_that_say_buy_now(folder: Path) -> None:
    for bars in (120, 180, 300):
        told = merged(asked(RunScreen, end=hour(bars)), folder).document
        assert [row["symbol"] for row in told["ranked_results"]] == [
            symbol for symbol, action in said(folder, bars).items() if action == 1
        ]
        assert told["universe_size"] == told["symbols_screened"] == 8
        assert from_epoch_ms(0) < hour(bars)
        assert told["as_of"] == hour(bars).isoformat().replace("+00:00", "Z")


def test_alert_tells_sells_too_and_why(folder: Path) -> None:
    speaking = {symbol: action for symbol, action in said(folder, 180).items() if action}
    told = merged(asked(RunAlert, end=hour(180), name="dip"), folder).document
    assert {symbol: signal["action"] for symbol, signal in told["signals"].items()} == {
        symbol: {1: "buy", -1: "sell"}[action] for symbol, action in speaking.items()
    }
    assert speaking
    for alert in told["alerts"]:
        assert alert["message"].startswith(f"{alert['symbol']} triggered dip alert: {alert['action']} (rsi(14) ")
        assert told["signals"][alert["symbol"]]["signal"] is (alert["action"] == "buy")


def test_symbol_that_stopped_trading_is_not_asked_and_is_named(folder: Path) -> None:
    CatalogWriter(folder / "catalog").append("OLD", "1h", walk(50, 9, hours=-500), "test", True)
    told = merged(asked(RunScreen), folder).document
    assert told["stale"] == ["OLD"]
    assert (told["universe_size"], told["symbols_screened"]) == (9, 8)


def test_limit_cuts_the_ranking_and_not_the_count(folder: Path) -> None:
    told = merged(asked(RunScreen, rules=ALWAYS, limit=3), folder).document
    assert ([row["symbol"] for row in told["ranked_results"]], told["hits"]) == (["S000", "S001", "S002"], 8)
    assert set(told["scores"]) == {"S000", "S001", "S002"}


def test_sector_is_the_one_known_at_the_moment(tmp_path: Path) -> None:
    day, ones = 86_400_000, np.ones(2)
    frame = Frame.of(np.array([0, day], np.int64), *(ones for _ in range(5)))
    CatalogWriter(tmp_path / "catalog").append("AAA", "1d", frame, "test", True)
    stored(tmp_path / "fundamentals")
    told = merged(asked(RunScreen, rules=ALWAYS, timeframe="1d"), tmp_path).document
    assert told["fundamentals"] is None
    assert [(row["symbol"], row["sector"]) for row in told["ranked_results"]] == [("AAA", "Energy")]


def test_task_reads_back_from_its_bytes_and_equal_questions_give_equal_bytes(folder: Path) -> None:
    found = task(folder, asked(RunScreen))
    assert Task.from_bytes(found.to_bytes()) == found
    assert found.to_bytes() == task(folder, asked(RunScreen)).to_bytes()
    assert found.as_of_ms == to_epoch_ms(hour(300))


def test_pieces_are_cut_by_the_bars_they_have(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.backtest.modes.chunks.by_weight.__defaults__", (700,))
    plan = cut(task(folder, asked(RunScreen)), Market(folder, None))
    assert [len(part["symbols"]) for part in plan.parts] == [2, 2, 2, 2]
    assert plan.sizes == (2, 2, 2, 2)


def test_screening_function_answers_a_screen_before_a_classifier() -> None:
    code = "def classify_symbol(symbol):\n    return True\n\ndef run_screening(universe, limit):\n    return []\n"
    assert contract_of(parse(code=code, symbols=["AAA"], kind="python.classify")).kind == "python.batch"
    only = "def classify_symbol(symbol):\n    return True\n"
    assert contract_of(parse(code=only, symbols=["AAA"])).kind == "python.classify"
