"""The read model through the API: facts in, resources out."""

import itertools
from decimal import Decimal

import pytest

from libs.common.events import StrategyDeleted, StrategyRetired
from libs.common.values import Verdict
from services.gateway.app import prune_once
from services.gateway.pruning import KEEP_PER_SYMBOL
from tests.api.facts import alert, backtest, control, feed, filled, judged, order, proposed, story
from tests.api.world import World
from tests.support.build import bar, hour, portfolio, signal


async def test_lists_without_facts_are_empty(world: World) -> None:
    for path in (
        "strategies",
        "backtests",
        "agents",
        "signals",
        "alerts",
        "decisions",
        "trades",
        "orders",
        "market/symbols",
    ):
        assert await world.get(f"/api/v1/{path}") == {"items": [], "next_cursor": None}
    assert await world.get("/api/backtests") == []


async def test_story_shows_in_every_list(world: World) -> None:
    told = story()
    await world.fold(*told.facts())
    (trade,) = (await world.get("/api/v1/trades"))["items"]
    assert trade["id"] == told.fill.event_id
    assert trade["price"] == 100.0
    assert trade["fee"] == "0.998"
    assert trade["lineage"] == f"/api/v1/lineage/fill/{told.fill.event_id}"
    (decision,) = (await world.get("/api/v1/decisions", symbol="btc/usdt"))["items"]
    assert decision == await world.get(decision["self"])
    (shown,) = (await world.get("/api/v1/orders"))["items"]
    assert (shown["id"], shown["state"]) == ("sn-1", "filled")
    (agent,) = (await world.get("/api/v1/agents"))["items"]
    assert agent["symbol"] == "BTCUSDT"
    assert agent["strategies"][0]["signal"]["id"] == told.signal.event_id


async def test_alerts_are_listed_newest_first_of_all_or_of_one_strategy_or_symbol(world: World) -> None:
    raised = [alert(1, "gap", "AAPL"), alert(2, "dip", "AAPL"), alert(3, "gap", "MSFT")]
    await world.fold(*raised)

    async def ids(**only: str) -> list[str]:
        return [one["id"] for one in (await world.get("/api/v1/alerts", **only))["items"]]

    first, second, third = (event.event_id for event in raised)
    assert await ids() == [third, second, first]
    assert await ids(strategy_id="gap") == [third, first]
    assert await ids(symbol="aapl") == [second, first]


async def test_facts_in_any_order_give_the_same_read_model(world: World) -> None:
    told = story()
    await world.fold(*reversed(told.facts()))
    await world.fold(*told.facts())
    (shown,) = (await world.get("/api/v1/orders"))["items"]
    assert shown["state"] == "filled"
    strategy = await world.get("/api/v1/strategies/s1")
    assert (strategy["status"], strategy["verdict"], strategy["promoted"]["stage"]) == ("promoted", "good", "paper")
    assert len((await world.get("/api/v1/trades"))["items"]) == 1


@pytest.mark.parametrize("states", list(itertools.permutations([("intent", 6), ("acked", 6), ("partial", 6)])))
async def test_order_states_in_any_order_end_in_the_furthest(world: World, states: list[tuple[str, float]]) -> None:
    decision = story().decision
    await world.fold(*(order(decision, state, n) for state, n in states))
    assert (await world.get("/api/v1/orders"))["items"][0]["state"] == "partial"


async def test_strategy_life_follows_the_newest_step(world: World) -> None:
    proposal = proposed()
    await world.fold(proposal)
    assert (await world.get("/api/v1/strategies/s1"))["status"] == "proposed"
    await world.fold(judged(proposal))
    assert (await world.get("/api/v1/strategies/s1"))["status"] == "judged"
    await world.fold(story().promoted, StrategyRetired.first(key="r", at=hour(3), strategy_id="s1"))
    assert (await world.get("/api/v1/strategies/s1"))["status"] == "retired"
    assert await world.get("/api/v1/agents") == {"items": [], "next_cursor": None}
    await world.fold(StrategyDeleted.first(key="d", at=hour(4), strategy_id="s1"))
    assert (await world.get("/api/v1/strategies"))["items"] == []
    assert len((await world.get("/api/v1/strategies", status="deleted"))["items"]) == 1


async def test_strategy_judged_again_while_it_runs_still_runs(world: World) -> None:
    told = story()
    await world.fold(told.proposed, told.promoted, judged(proposed(n=9), Verdict.POOR))
    strategy = await world.get("/api/v1/strategies/s1")
    assert (strategy["status"], strategy["verdict"]) == ("promoted", "poor")


async def test_pages_by_cursor_show_every_item_once_while_new_ones_arrive(world: World) -> None:
    await world.fold(*(signal(bar(n)) for n in range(7)))
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await world.get("/api/v1/signals", limit=3, **cursor)
        seen += [item["id"] for item in page["items"]]
        await world.fold(signal(bar(100 + len(seen))))
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == [signal(bar(n)).event_id for n in reversed(range(7))]


async def test_strategies_page_by_cursor_with_filter(world: World) -> None:
    await world.fold(*(proposed(f"s{n}", n, symbols=("ETHUSDT" if n % 2 else "BTCUSDT",)) for n in range(9)))
    first = await world.get("/api/v1/strategies", limit=2, symbol="ethusdt")
    second = await world.get("/api/v1/strategies", limit=2, symbol="ethusdt", cursor=first["next_cursor"])
    names = [item["id"] for item in first["items"] + second["items"]]
    assert names == ["s7", "s5", "s3", "s1"]
    assert second["next_cursor"] is None


async def test_signals_narrow_by_action_time_and_strategy(world: World) -> None:
    await world.fold(signal(bar(1), "hold"), signal(bar(2), "sell"), signal(bar(3), "buy", "other"))
    only = await world.get("/api/v1/signals", action="sell")
    assert [item["action"] for item in only["items"]] == ["sell"]
    late = await world.get("/api/v1/signals", since=hour(3.5).isoformat())
    assert [item["strategy_id"] for item in late["items"]] == ["other"]


async def test_portfolio_shows_newest_books_and_points(world: World) -> None:
    assert (await world.client.get("/api/v1/portfolio")).status_code == 404
    await world.fold(portfolio(2, cash="10100", held=("BTCUSDT",)), portfolio(1), portfolio(2, "other"))
    books = await world.get("/api/v1/portfolio", points=10)
    assert (books["cash"], books["at"]) == ("10100", "2024-01-01T03:00:00Z")
    assert [point["equity"] for point in books["equity_points"]] == [10_000.0, 10_100.0]
    assert (await world.get("/api/v1/portfolio", account="other"))["account"] == "other"


async def test_kill_switch_shows_the_newest_state(world: World) -> None:
    assert (await world.get("/api/v1/control/kill-switch"))["state"] == "unknown"
    await world.fold(control("halted", 5), control("trading", 1))
    assert (await world.get("/api/v1/control/kill-switch"))["state"] == "halted"


async def test_watches_show_whether_prices_are_simulated(world: World) -> None:
    await world.fold(feed(), feed(simulated=False, watch_id="w2"))
    first = await world.get("/api/v1/market/watches", limit=1)
    rest = await world.get("/api/v1/market/watches", cursor=first["next_cursor"])
    shown = [(item["id"], item["simulated"]) for item in first["items"] + rest["items"]]
    assert shown == [("w1", True), ("w2", False)]
    assert rest["next_cursor"] is None


async def test_backtest_answered_again_is_listed_once(world: World) -> None:
    await world.fold(backtest(), backtest(n=3, duplicate=True), backtest("b2", 4))
    assert [item["id"] for item in (await world.get("/api/v1/backtests"))["items"]] == ["b2", "b1"]
    assert (await world.get("/api/v1/backtests/b1"))["duplicate"] is False


async def test_pruning_keeps_the_newest_signals_and_those_that_became_decisions(world: World) -> None:
    told = story()
    await world.fold(*told.facts())
    await world.bench.deliver(*(signal(bar(n)) for n in range(10, 10 + KEEP_PER_SYMBOL + 5)))
    await prune_once(world.outlet)
    page = await world.get("/api/v1/signals", limit=1)
    assert page["items"][0]["open_time"] == hour(10 + KEEP_PER_SYMBOL + 4).isoformat().replace("+00:00", "Z")
    early = await world.get("/api/v1/signals", until=hour(16).isoformat())
    assert [item["id"] for item in early["items"]] == [signal(bar(15)).event_id, told.signal.event_id]


async def test_second_fill_of_a_sell_carries_its_profit(world: World) -> None:
    sell = filled(story().filled, 9, side="sell", realized_pnl=Decimal("-1.5"), entry_price=100.0)
    await world.fold(sell)
    assert (await world.get("/api/v1/trades"))["items"][0]["realized_pnl"] == "-1.5"
