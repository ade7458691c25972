"""The documented routes against the whole system on real prices: what a curl of the documents gets."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.conftest import DATA
from tests.support.documented import example, printed
from tests.support.live import PARITY, live

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

BITCOIN = DATA / "crypto" / "BTC-USD_coinbase_1h_2017-2019.csv.gz"
STOCKS = DATA / "stocks" / "us_daily_sp500_2015-2018.csv.gz"
FIGURES = DATA / "stocks" / "keystats_sp500_2003-2013.csv.gz"

CROSSING = """
import pandas as pd

def generate_signals(df):
    # df is a pandas DataFrame with BTC hourly bars
    # must return a pd.Series of integer signals (-1,0,1)
    fast, slow = df["close"].rolling({fast}).mean(), df["close"].rolling(48).mean()
    signals = pd.Series(0, index=df.index)
    signals[fast > slow] = 1
    signals[fast < slow] = -1
    return signals
"""
SEVEN = ["AAPL", "AMZN", "INTC", "JPM", "MSFT", "NVDA", "XOM"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    """A running system with hourly Bitcoin, daily stocks and their figures, and a client in front of it."""
    if not DATA.is_dir():
        pytest.skip(f"real prices are absent: no {DATA.parent.name}/{DATA.name} beside the repository")
    async with live(tmp_path_factory.mktemp("data"), PARITY) as running:
        patient = httpx.AsyncHTTPTransport(retries=6)  # a pulse may say ready a moment before the port is open
        async with httpx.AsyncClient(base_url=running.system.gateway_url, timeout=300, transport=patient) as client:
            bars = {"path": str(BITCOIN), "symbol": "BTC-USD", "timeframe": "1h"}
            await created(client, "/api/v1/market/imports", bars)
            await created(
                client, "/api/v1/market/imports", {"path": str(STOCKS), "timeframe": "1d", "universe": "sp500"}
            )
            await created(client, "/api/v1/fundamentals", {"path": str(FIGURES)})
            yield client


async def created(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> Any:
    reply = await client.post(path, json=body)
    assert reply.status_code == 201, reply.text
    return reply.json()


async def submitted(client: httpx.AsyncClient, function: str) -> str:
    """Submit a strategy of the documents as it is printed; returns its id."""
    body = {"code": printed(function), "symbols": SEVEN, "timeframe": "1d", "name": function.replace("_", " ")}
    return str((await created(client, "/api/v1/strategies", body))["id"])


async def executed(client: httpx.AsyncClient, **body: Any) -> Any:
    reply = await client.post("/execute", json=body)
    assert reply.status_code == 200, reply.text
    return reply.json()


def check_fields(real: Any, shown: Any) -> None:
    """Fail unless every field of a documented example is there, in each entry of its lists."""
    if isinstance(shown, dict) and all(name.isupper() for name in shown):  # by symbol
        for entry in real.values():
            check_fields(entry, next(iter(shown.values())))
    elif isinstance(shown, dict):
        assert set(shown) <= set(real)
        for name in shown:
            check_fields(real[name], shown[name])
    elif isinstance(shown, list) and isinstance(shown[0], dict):
        assert real
        for entry in real:
            check_fields(entry, shown[0])


async def test_code_is_backtested_on_ninety_hourly_days_with_evidence(api: httpx.AsyncClient) -> None:
    body = {"strategy_code": CROSSING.format(fast=12)}
    reply = await api.post("/run_backtest", json=body)
    first = reply.json()
    assert (reply.status_code, first["status"], first["message"]) == (200, "success", "the backtest was run")
    assert (first["symbol"], first["timeframe"], first["bars"]) == ("BTCUSD", "1h", 90 * 24)
    assert (first["start_date"], first["end_date"]) == ("2019-07-19T10:00:00Z", "2019-10-17T10:00:00Z")
    assert first["performance"]["trades"] > 30
    assert first["evidence"]["level"] == "full"
    assert len(first["preview"]) == 10
    assert set(first["preview"]) <= {-1, 0, 1}

    again = (await api.post("/run_backtest", json={"strategy_code": "# the same\n" + body["strategy_code"]})).json()
    assert (again["status"], again["code_hash"]) == ("duplicate", first["code_hash"])
    same = ("performance", "verdict", "preview", "evidence", "backtest_id")
    assert [again[name] for name in same] == [first[name] for name in same]


async def test_verdict_set_by_hand_is_the_one_that_is_told(api: httpx.AsyncClient) -> None:
    body = {"strategy_code": CROSSING.format(fast=11)}
    first = (await api.post("/run_backtest", json=body)).json()
    wanted = "good" if first["verdict"] != "good" else "poor"
    reply = await api.post("/update_verdict", json={"code_hash": first["code_hash"], "verdict": wanted})
    assert (reply.status_code, reply.json()["status"], reply.json()["verdict"]) == (200, "success", wanted)
    again = (await api.post("/run_backtest", json=body)).json()
    assert (again["verdict"], again["computed_verdict"]) == (wanted, first["verdict"])


async def test_ten_backtests_at_once_are_all_answered(api: httpx.AsyncClient) -> None:
    posts = (api.post("/run_backtest", json={"strategy_code": CROSSING.format(fast=fast)}) for fast in range(20, 30))
    replies = await asyncio.gather(*posts)
    assert [reply.status_code for reply in replies] == [200] * 10
    assert [reply.json()["status"] for reply in replies] == ["success"] * 10
    assert len({reply.json()["code_hash"] for reply in replies}) == 10


async def test_code_that_fails_is_an_error_and_leaves_nothing_behind(api: httpx.AsyncClient) -> None:
    before = (await api.get("/api/backtests")).json()
    for code in (
        "def generate_signals(df):\n    return 1 / 0\n",
        "import os\n",
        "def generate_signals(df): return df[",
    ):
        reply = await api.post("/run_backtest", json={"strategy_code": code})
        assert (reply.status_code, reply.json()["status"]) == (422, "error")
        assert reply.json()["errors"][0]["pointer"] == "/strategy_code"
    assert (await api.get("/api/backtests")).json() == before


async def test_rules_are_backtested_with_balance_and_trades(api: httpx.AsyncClient) -> None:
    rsi, ema = {"period": 14, "buy_below": 30, "sell_above": 70}, {"period": 20}
    body = {
        "symbol": "BTC-USD",
        "strategy_json": {"symbol": "BTC-USD", "indicators": {"rsi": rsi, "ema": ema}},
        "start_date": "2019-01-01",
        "end_date": "2019-06-01T00:00:00",
    }
    reply = await api.post("/backtest/", json=body)
    found = reply.json()
    assert (reply.status_code, found["start_date"], found["end_date"]) == (
        200,
        "2019-01-01T00:00:00Z",
        "2019-06-01T00:00:00Z",
    )
    assert found["total_trades"] == len(found["trades"]) > 30
    closed = [trade for trade in found["trades"] if trade["exit_time"]]
    grown = found["initial_balance"]
    for trade in found["trades"]:
        grown *= 1 + trade["roi"] / 100
        assert trade["indicators_used"]
    assert all((trade["result"] == "win") is (trade["roi"] > 0) for trade in closed)
    assert grown == pytest.approx(found["final_balance"], rel=1e-6)
    (listed,) = [one for one in (await api.get("/api/backtests")).json() if one["id"] == found["backtest_id"]]
    assert listed["final_value"] == found["final_balance"]
    details = (await api.get(f"/api/backtests/{found['backtest_id']}")).json()
    assert len(details["trades"]) == 2 * len(closed) + (found["total_trades"] - len(closed))
    assert details["equity_curve"][-1]["value"] == found["final_balance"]


async def test_printed_classifier_runs_in_all_three_functions(api: httpx.AsyncClient) -> None:
    strategy_id = await submitted(api, "classify_symbol")
    asked = {"strategy_id": strategy_id, "universe": SEVEN}
    history = await executed(
        api, function="run_backtest", **asked, start_date="2017-01-01", end_date="2017-07-01T00:00:00"
    )
    assert (history["success"], history["strategy_id"], history["execution_mode"]) == (True, strategy_id, "backtest")
    check_fields(history, example("run_backtest of execute"))
    assert history["summary"]["symbols_processed"] == len(SEVEN)
    assert history["summary"]["total_instances"] == len(history["instances"]) > 0

    screened = await executed(api, function="RunScreening", strategy_id=strategy_id, universe="sp500", limit=5)
    assert (screened["success"], screened["execution_mode"]) == (True, "screening")
    assert screened["universe_size"] > 400
    assert len(screened["ranked_results"]) <= 5
    assert list(screened["scores"]) == [row["symbol"] for row in screened["ranked_results"]]

    alerted = await executed(api, function="run_alert", strategy_id=strategy_id, symbols=SEVEN)
    assert (alerted["success"], alerted["execution_mode"], alerted["symbols_monitored"]) == (True, "alert", len(SEVEN))
    assert {alert["symbol"] for alert in alerted["alerts"]} == set(alerted["signals"])
    everyone = await executed(api, function="RunAlert", strategy_id=strategy_id, universe="sp500")
    check_fields(everyone, example("run_alert of execute"))


async def test_printed_value_strategy_runs(api: httpx.AsyncClient) -> None:
    strategy_id = await submitted(api, "run_batch_backtest")
    found = await executed(
        api, function="RunBacktest", strategy_id=strategy_id, universe="sp500", start_date="2017-06-01"
    )
    assert (found["success"], found["errors"]) == (True, {})
    assert found["claimed"]
    assert found["summary"]["total_instances"] > 0


async def test_printed_momentum_screen_runs(api: httpx.AsyncClient) -> None:
    strategy_id = await submitted(api, "run_screening")
    found = await executed(api, function="run_screener", strategy_id=strategy_id, universe="sp500", limit=50)
    scores = [row["score"] for row in found["ranked_results"]]
    assert (found["success"], found["errors"]) == (True, {})
    assert 5 < len(scores) <= 50
    assert scores == sorted(scores, reverse=True)
    check_fields(found, example("run_screener of execute"))
