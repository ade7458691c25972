"""`POST /backtest/` under its three names, and the last ten trades."""

from pathlib import Path
from typing import Any

import pytest

from libs.common.commands import Command, RunBacktest
from libs.common.events import CommandDone
from tests.api.answers import judged, stored
from tests.api.facts import filled, story
from tests.api.world import World, refused
from tests.support.build import RSI_EMA
from tests.support.reports import HOUR, MS, still_open, trade

PATHS = ("/backtest/", "/api/backtest", "/api/backtest/run")
BODY = {"symbol": "BTCUSDT", "strategy_json": RSI_EMA, "start_date": "2024-01-01", "end_date": "2024-02-01"}


def answering(root: Path, *trades: dict[str, Any]) -> Any:
    key = stored(root, {"trades": list(trades)})

    def answer(command: Command) -> CommandDone:
        return judged(command, report_key=key)

    return answer


@pytest.mark.parametrize("path", PATHS)
async def test_rules_become_the_command_and_its_report_the_documented_reply(world: World, path: str) -> None:
    trades = trade(10), trade(30, pnl=-5.0, gain=-0.0005, side="short"), still_open(50)
    world.outlet.answer = answering(world.settings.reports_dir, *trades)
    reply = await world.client.post(path, json=BODY)
    assert reply.status_code == 200, reply.text
    body = reply.json()
    assert (body["symbol"], body["start_date"], body["end_date"]) == (
        "BTCUSDT",
        "2024-01-01T00:00:00Z",
        "2024-02-01T00:00:00Z",
    )
    assert (body["initial_balance"], body["final_balance"], body["total_trades"]) == (10_000.0, 12_100.0, 3)
    assert (body["status"], body["verdict"], body["performance"]["win_rate"]) == ("success", "good", 0.6)
    (command,) = world.outlet.asked
    assert isinstance(command, RunBacktest)
    assert (command.rules, command.symbol, str(command.start)) == (RSI_EMA, "BTCUSDT", "2024-01-01 00:00:00+00:00")
    assert command.known_by == "data"


async def test_trade_is_the_documented_log_with_percent_and_seconds(world: World) -> None:
    world.outlet.answer = answering(world.settings.reports_dir, trade(10, gain=0.02, pnl=200.0), still_open(50))
    closed, still = (await world.client.post("/backtest/", json=BODY)).json()["trades"]
    assert closed == {
        "symbol": "BTCUSDT",
        "entry_time": "2024-01-01T10:00:00Z",
        "exit_time": "2024-01-01T15:00:00Z",
        "entry_price": trade(10)["entry_price"],
        "exit_price": trade(10)["exit_price"],
        "position_type": "long",
        "result": "win",
        "strategy_name": "dip",
        "indicators_used": ["rsi(14)"],
        "confidence_score": None,
        "roi": 2.0,
        "drawdown": 1.0,
        "duration": 5 * 3_600,
        "notes": "rsi(14) 27.4 < 30; rsi(14) 71.2 > 70",
    }
    assert still_open(50)["entry_time"] == MS + 50 * HOUR
    assert [still[name] for name in ("exit_time", "exit_price", "result", "duration")] == [None] * 4
    assert still["notes"] == "rsi(14) 27.4 < 30"


@pytest.mark.parametrize(("pnl", "result"), [(0.01, "win"), (-0.01, "loss"), (0.0, "breakeven")])
async def test_result_of_a_trade_is_told_by_its_profit(world: World, pnl: float, result: str) -> None:
    world.outlet.answer = answering(world.settings.reports_dir, trade(10, pnl=pnl))
    assert (await world.client.post("/backtest/", json=BODY)).json()["trades"][0]["result"] == result


@pytest.mark.parametrize(
    ("told", "place"),
    [
        ("/rules/indicators/rsi/period", "/strategy_json/indicators/rsi/period"),
        ("/rules", "/strategy_json"),
        ("/start", "/start_date"),
        ("/end", "/end_date"),
        ("/symbol", "/symbol"),
        ("3:7", "3:7"),
    ],
)
async def test_refusal_points_at_the_names_of_the_body(world: World, told: str, place: str) -> None:
    world.outlet.answer = lambda command: refused(command, "strategy.invalid", pointer=told)
    reply = await world.client.post("/backtest/", json=BODY)
    assert (reply.status_code, reply.json()["errors"][0]["pointer"]) == (422, place)
    assert (reply.json()["detail"], reply.headers["content-type"]) == ("no", "application/problem+json")


async def test_results_are_the_last_ten_trades_with_their_symbol(world: World) -> None:
    assert await world.get("/backtest/results") == []
    told = story()
    await world.fold(*(filled(told.filled, n) for n in range(7, 19)))
    shown = await world.get("/backtest/results")
    assert [item["timestamp"][11:13] for item in shown] == [f"{n:02}" for n in range(18, 8, -1)]
    assert shown[0] == {
        "id": 12,
        "timestamp": "2024-01-01T18:00:00Z",
        "asset": "BTC",
        "action": "BUY",
        "price": 100.0,
        "reasoning": "RSI 28 < 30",
        "confidence": 85,
        "symbol": "BTCUSDT",
    }
    assert await world.get("/api/backtest/results") == shown
