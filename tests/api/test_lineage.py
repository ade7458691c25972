"""Why: the walk from a fill to its first causes."""

from libs.common.events import BarClosed
from libs.common.values import Verdict
from libs.market.catalog_writer import CatalogWriter
from tests.api.facts import judged, proposed, story
from tests.api.world import World
from tests.support.build import frame


async def test_lineage_of_a_fill_reaches_bar_strategy_and_verdict(world: World) -> None:
    told = story()
    CatalogWriter(world.settings.catalog_dir).append("BTCUSDT", "1h", frame([100.0] * 8), "test", simulated=False)
    await world.fold(*told.facts())
    steps = (await world.get(f"/api/v1/lineage/fill/{told.fill.event_id}"))["steps"]
    assert [step["kind"] for step in steps] == ["fill", "order", "decision", "signal", "bar", "strategy", "verdict"]
    assert not any(step["missing"] for step in steps)
    by_kind = {step["kind"]: step for step in steps}
    assert by_kind["order"]["of"] == told.fill.event_id
    assert by_kind["bar"]["of"] == by_kind["strategy"]["of"] == told.signal.event_id
    assert by_kind["bar"]["id"] == told.bar.event_id == BarClosed.id_of("BTCUSDT", "1h", told.bar.open_time)
    assert by_kind["bar"]["fact"]["close"] == 100.0
    assert by_kind["verdict"]["fact"]["deciding_rule"] == "return >= 15 %"


async def test_lineage_tells_the_verdict_that_opened_the_gate_not_a_later_one(world: World) -> None:
    told = story()
    await world.fold(*told.facts(), judged(proposed(n=9), Verdict.POOR))
    steps = (await world.get("/api/v1/lineage/strategy/s1"))["steps"]
    assert [(step["kind"], step["fact"].get("verdict")) for step in steps] == [
        ("strategy", "poor"),
        ("verdict", "good"),
    ]


async def test_lineage_names_a_step_that_is_not_stored(world: World) -> None:
    told = story()
    await world.fold(told.proposed, told.decision, told.filled, told.fill)
    steps = (await world.get(f"/api/v1/lineage/fill/{told.fill.event_id}"))["steps"]
    assert [(step["kind"], step["missing"]) for step in steps] == [
        ("fill", False),
        ("order", False),
        ("decision", False),
        ("signal", True),
        ("strategy", False),
    ]


async def test_lineage_without_the_order_still_finds_the_decision(world: World) -> None:
    told = story()
    await world.fold(told.decision, told.fill)
    steps = (await world.get(f"/api/v1/lineage/fill/{told.fill.event_id}"))["steps"]
    assert [step["kind"] for step in steps[:3]] == ["fill", "order", "decision"]
    assert [step["missing"] for step in steps[:3]] == [False, True, False]


async def test_lineage_of_an_unknown_fill_is_not_found(world: World) -> None:
    reply = await world.client.get("/api/v1/lineage/fill/nobody")
    assert (reply.status_code, reply.json()["code"]) == (404, "not_found")
    assert (await world.client.get("/api/v1/lineage/rumour/x")).status_code == 422
