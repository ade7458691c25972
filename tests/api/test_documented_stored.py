"""`GET /api/backtests` and one of them: the verdict that counts, and the trades of a short position. The rest is in test_reports."""

from sqlalchemy import insert

from libs.common.bus.table import Tx
from libs.common.events import VerdictSet
from services.gateway.tables import LATEST
from tests.api.answers import stored
from tests.api.facts import backtest
from tests.api.world import World
from tests.support.build import hour
from tests.support.reports import MS, trade


async def overrule(world: World, backtest_id: str, verdict: str) -> None:
    """Put a person's verdict into the read model."""
    words = {"backtest_id": backtest_id, "strategy_id": None, "code_hash": "c1", "computed": "good", "reason": "why"}
    said = VerdictSet.first(key=backtest_id, at=hour(5), verdict=verdict, **words)

    async def act(tx: Tx) -> None:
        row = {"kind": "VerdictSet", "name": backtest_id, "at": said.at, "body": said.model_dump_json()}
        await tx.connection.execute(insert(LATEST).values(row))

    await world.outlet.commit(act)


async def test_verdict_set_by_hand_stands_before_the_computed_one(world: World) -> None:
    key = stored(world.settings.reports_dir, {"trades": [], "curve": {"times": [], "equity": [], "buy_and_hold": []}})
    await world.fold(backtest("b1", 2, report_key=key), backtest("b2", 3))
    await overrule(world, "b1", "poor")
    second, first = await world.get("/api/backtests")
    assert (first["verdict"], first["computed_verdict"]) == ("poor", "good")
    assert (second["verdict"], second["computed_verdict"]) == ("good", "good")
    assert (await world.get("/api/backtests/b1"))["verdict"] == "poor"


async def test_short_position_is_sold_first_and_bought_back(world: World) -> None:
    curve = {"times": [MS], "equity": [1e4], "buy_and_hold": [1e4]}
    key = stored(world.settings.reports_dir, {"trades": [trade(0, side="short")], "curve": curve})
    await world.fold(backtest(report_key=key))
    details = await world.get("/api/backtests/b1")
    assert [leg["action"] for leg in details["trades"]] == ["SELL", "BUY"]
    assert details["equity_curve"] == [{"timestamp": "2024-01-01T00:00:00Z", "value": 1e4, "benchmark": 1e4}]
