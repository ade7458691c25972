"""`POST /run_backtest` and `/update_verdict`: what leaves as a command, and what the answer becomes."""

from typing import Any

import pytest
import pytest_asyncio

from libs.common.commands import RunBacktest, SetVerdict
from libs.common.errors import TimedOutError
from libs.common.values import Timeframe
from libs.market.catalog import CatalogWriter
from tests.api.answers import METRICS, judged, overruled
from tests.api.facts import backtest
from tests.api.world import World, nothing_asked, refused
from tests.support.build import walk

CODE = "def generate_signals(df):\n    return [0] * len(df)\n"
DOCUMENTED = ("status", "message", "performance", "verdict", "preview", "code_hash")


@pytest_asyncio.fixture(autouse=True)
async def known(world: World) -> None:
    """The backtest that the answers speak of is in the read model already, so that no reply waits for it."""
    await world.fold(backtest())


def bars(world: World, *series: tuple[str, str, int]) -> None:
    writer = CatalogWriter(world.settings.catalog_dir)
    for symbol, timeframe, count in series:
        writer.append(symbol, timeframe, walk(count), "test", simulated=True)


async def asked(world: World, **body: Any) -> RunBacktest:
    """Return the command that a body becomes."""
    world.outlet.answer = judged
    reply = await world.client.post("/run_backtest", json={"strategy_code": CODE, **body})
    assert reply.status_code == 200, reply.text
    command = world.outlet.asked[-1]
    assert isinstance(command, RunBacktest)
    return command


async def test_code_becomes_the_command_and_its_answer_the_documented_reply(world: World) -> None:
    bars(world, ("BTCUSD", "1h", 50))
    world.outlet.answer = judged
    reply = (await world.client.post("/run_backtest", json={"strategy_code": CODE})).json()
    assert tuple(reply)[:4] == DOCUMENTED[:4]
    assert set(DOCUMENTED) <= set(reply)
    assert (reply["status"], reply["verdict"], reply["code_hash"]) == ("success", "good", "c1")
    assert reply["performance"] == {
        "cumulative_return": 0.21,
        "drawdown": 0.04,
        "trades": 40,
        "win_rate": 0.6,
        "avg_trade": 0.005,
        "sharpe": 1.5,
        "calmar": None,
    }
    assert reply["preview"] == [0, 1, 0, 0, -1, 0, 0, 0, 0, 0]
    assert (reply["symbol"], reply["start_date"], reply["message"]) == (
        "BTCUSD",
        "2024-01-01T00:00:00Z",
        "the backtest was run",
    )
    (command,) = world.outlet.asked
    assert isinstance(command, RunBacktest)
    assert (command.code, command.symbol, command.timeframe) == (CODE, "BTCUSD", "1h")
    assert (command.known_by, command.force, command.evidence, command.purpose) == (
        "definition",
        False,
        "full",
        "look",
    )


@pytest.mark.parametrize(
    ("stored", "timeframe", "chosen"),
    [
        ([("BTCUSD", "1h", 10), ("BTCUSDT", "1h", 50)], None, ("BTCUSD", "1h")),
        ([("BTCUSDT", "1h", 20), ("BTCEUR", "1h", 50), ("ETHUSDT", "1h", 90)], None, ("BTCEUR", "1h")),
        ([("BTCUSDT", "5m", 50), ("BTCUSDT", "1m", 50), ("ETHUSDT", "1h", 90)], None, ("BTCUSDT", "1m")),
        ([("AAA", "1h", 50), ("BBB", "1h", 50), ("CCC", "1h", 20), ("DDD", "1d", 90)], None, ("AAA", "1h")),
        ([("BTCUSD", "1h", 50), ("BTCUSDT", "5m", 20)], "5m", ("BTCUSDT", "5m")),
    ],
)
async def test_market_nobody_named_is_hourly_bitcoin_or_what_is_nearest(
    world: World, stored: list[tuple[str, str, int]], timeframe: str | None, chosen: tuple[str, str]
) -> None:
    bars(world, *stored)
    command = await asked(world, **({"timeframe": timeframe} if timeframe else {}))
    assert (command.symbol, command.timeframe) == chosen


async def test_reply_says_when_it_ran_on_another_market_than_the_documented_one(world: World) -> None:
    bars(world, ("BTCUSDT", Timeframe.M1, 50))
    world.outlet.answer = judged
    reply = (await world.client.post("/run_backtest", json={"strategy_code": CODE})).json()
    assert reply["message"].endswith("so it ran on BTCUSDT 1m, simulated prices")
    named = (await world.client.post("/run_backtest", json={"strategy_code": CODE, "symbol": "btc/usdt"})).json()
    assert named["message"] == "the backtest was run"


async def test_nothing_stored_is_404_and_asks_nothing(world: World) -> None:
    with nothing_asked(world):
        reply = await world.client.post("/run_backtest", json={"strategy_code": CODE})
    assert (reply.status_code, reply.json()["code"], reply.json()["status"]) == (404, "data.nothing_stored", "error")


async def test_dates_without_zone_are_utc_and_options_reach_the_command(world: World) -> None:
    command = await asked(
        world,
        symbol="BTC-USD",
        start_date="2024-01-01T05:00:00",
        end_date="2024-03-31",
        fee=0.0,
        parameters={"fast": 3},
        force=True,
        known_by="data",
    )
    assert str(command.start) == "2024-01-01 05:00:00+00:00"
    assert str(command.end) == "2024-03-31 00:00:00+00:00"
    assert (command.symbol, command.fee, command.parameters, command.force) == ("BTCUSD", 0.0, {"fast": 3}, True)
    assert command.known_by == "data"


async def test_known_code_is_a_duplicate_with_the_stored_result(world: World) -> None:
    world.outlet.answer = lambda command: judged(command, known=True)
    reply = await world.client.post("/run_backtest", json={"strategy_code": CODE, "symbol": "BTCUSDT"})
    assert (reply.status_code, reply.json()["status"]) == (200, "duplicate")
    assert reply.json()["performance"]["cumulative_return"] == METRICS["total_return"]


async def test_verdict_set_by_hand_stands_before_the_computed_one(world: World) -> None:
    world.outlet.answer = lambda command: judged(command, known=True, verdict_set={"verdict": "poor"})
    reply = (await world.client.post("/run_backtest", json={"strategy_code": CODE, "symbol": "BTCUSDT"})).json()
    assert (reply["verdict"], reply["computed_verdict"]) == ("poor", "good")


async def test_refused_code_is_an_error_in_the_documented_words_and_names(world: World) -> None:
    words = {"pointer": "/code", "hint": "leave it out", "diagnostics": ({"line": 1},)}
    world.outlet.answer = lambda command: refused(command, "strategy.rejected", **words)
    reply = await world.client.post("/run_backtest", json={"strategy_code": "import os", "symbol": "BTCUSDT"})
    body = reply.json()
    assert (reply.status_code, reply.headers["content-type"]) == (422, "application/json")
    assert (body["status"], body["message"], body["detail"]) == ("error", "no", "no")
    assert (body["performance"], body["verdict"], body["preview"], body["code_hash"]) == (None, None, [], None)
    assert (body["code"], body["hint"], body["diagnostics"]) == ("strategy.rejected", "leave it out", [{"line": 1}])
    assert body["errors"] == [{"pointer": "/strategy_code", "detail": "no"}]
    assert body["instance"] == reply.headers["x-request-id"]


async def test_slow_backtest_is_504_in_the_documented_words(world: World) -> None:
    def late(_: object) -> Any:
        raise TimedOutError("no answer")

    world.outlet.answer = late
    reply = await world.client.post("/run_backtest", json={"strategy_code": CODE, "symbol": "BTCUSDT"})
    assert (reply.status_code, reply.json()["status"], reply.json()["code"]) == (504, "error", "timeout")


async def test_both_names_of_one_field_are_refused(world: World) -> None:
    body = {"strategy_code": CODE, "symbol": "BTCUSDT", "start_date": "2024-01-01", "start": "2024-01-01"}
    with nothing_asked(world):
        reply = await world.client.post("/run_backtest", json=body)
    assert (reply.status_code, reply.json()["errors"][0]["pointer"]) == (422, "/start_date")


async def test_same_key_asks_the_same_backtest_again(world: World) -> None:
    world.outlet.answer = judged
    body, headers = {"strategy_code": CODE, "symbol": "BTCUSDT"}, {"Idempotency-Key": "once"}
    await world.client.post("/run_backtest", json=body, headers=headers)
    again = await world.client.post("/run_backtest", json=body, headers=headers)
    assert again.headers["idempotency-replayed"] == "true"
    assert len({command.event_id for command in world.outlet.asked}) == 1


@pytest.mark.parametrize(("given", "verdict"), [("good", "good"), ("Excellent", "excellent"), (" REJECT ", "reject")])
async def test_verdict_is_set_on_the_newest_backtest_of_a_code(world: World, given: str, verdict: str) -> None:
    world.outlet.answer = overruled
    reply = await world.client.post("/update_verdict", json={"code_hash": "c1", "verdict": given})
    assert reply.status_code == 200, reply.text
    assert reply.json() == {
        "status": "success",
        "message": f"the verdict of b1 is {verdict}, computed was poor",
        "code_hash": "c1",
        "verdict": verdict,
        "computed_verdict": "poor",
        "backtest_id": "b1",
        "reason": "set by hand through /update_verdict",
    }
    (command,) = world.outlet.asked
    assert isinstance(command, SetVerdict)
    assert (command.code_hash, command.backtest_id, command.asked_by) == ("c1", None, "gateway")


async def test_reason_of_a_verdict_is_kept(world: World) -> None:
    world.outlet.answer = overruled
    body = {"code_hash": "c1", "verdict": "good", "reason": "I know better"}
    assert (await world.client.post("/update_verdict", json=body)).json()["reason"] == "I know better"


async def test_unknown_code_hash_is_404(world: World) -> None:
    world.outlet.answer = lambda command: refused(command, "backtest.unknown", pointer="/code_hash")
    reply = await world.client.post("/update_verdict", json={"code_hash": "c9", "verdict": "good"})
    assert (reply.status_code, reply.json()["errors"][0]["pointer"]) == (404, "/code_hash")
