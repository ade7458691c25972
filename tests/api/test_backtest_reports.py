"""What the routes of a backtest tell of its report: page, series, signals, checks, and several side by side."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.api.facts import backtest
from tests.api.world import World
from tests.support.reports import HOUR, MS, hostile, report

BASE = "/api/v1/backtests"


def store(root: Path, tree: dict[str, Any]) -> str:
    raw = json.dumps(tree).encode()
    key = hashlib.sha256(raw).hexdigest()
    (root / key[:2]).mkdir(parents=True, exist_ok=True)
    (root / key[:2] / f"{key}.json").write_bytes(raw)
    return key


async def known(world: World, tree: dict[str, Any], backtest_id: str = "b1", **changes: Any) -> None:
    await world.fold(backtest(backtest_id, report_key=store(world.settings.reports_dir, tree), **changes))


async def test_page_is_html_without_an_origin_of_its_own(world: World) -> None:
    await known(world, hostile())
    reply = await world.client.get(f"{BASE}/b1/report.html")
    assert (reply.status_code, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert reply.headers["content-security-policy"] == "sandbox allow-scripts allow-downloads; frame-ancestors 'none'"
    assert b"default-src 'none'" in reply.content
    assert b"<script>window" not in reply.content


async def test_report_this_version_cannot_show_is_a_problem(world: World) -> None:
    await known(world, {"trades": []})
    reply = await world.client.get(f"{BASE}/b1/report.html")
    assert (reply.status_code, reply.json()["code"]) == (422, "report.malformed")


async def test_series_are_columns_with_epoch_seconds(world: World) -> None:
    await known(world, report(200))
    found = await world.get(f"{BASE}/b1/series")
    assert found["ts"][:2] == [MS // 1_000, MS // 1_000 + 3_600]
    assert {len(found[name]) for name in ("ts", "equity", "buy_and_hold", "drawdown", "exposure")} == {200}
    assert (found["points_in_range"], found["every_bars"]) == (200, 1)


async def test_series_are_cut_thinned_and_chosen(world: World) -> None:
    tree = report(200)
    tree["curve"]["equity"][77] = 99_999.0
    await known(world, tree)
    window = {"from": "2024-01-02T00:00:00Z", "to": "2024-01-07T00:00:00Z"}
    found = await world.get(f"{BASE}/b1/series", **window, columns="equity", max_points=20)
    assert found["points_in_range"] == 120
    assert len(found["ts"]) == len(found["equity"]) <= 21
    assert 99_999.0 in found["equity"]
    assert found["ts"][0] == (MS + 24 * HOUR) // 1_000
    assert "drawdown" not in found


async def test_series_of_an_empty_window_are_empty(world: World) -> None:
    await known(world, report(50))
    found = await world.get(f"{BASE}/b1/series", **{"from": "2030-01-01T00:00:00Z"})
    assert (found["ts"], found["equity"], found["points_in_range"]) == ([], [], 0)


@pytest.mark.parametrize(
    "query",
    [{"columns": "equity,nonsense"}, {"max_points": 9}, {"max_points": 50_001}, {"from": "soon"}, {"until": "x"}],
)
async def test_series_refuse_what_they_do_not_have(world: World, query: dict[str, Any]) -> None:
    await known(world, report(50))
    assert (await world.client.get(f"{BASE}/b1/series", params=query)).status_code == 422


async def test_signals_are_told_by_change_and_page(world: World) -> None:
    await known(world, report(50, symbols=("BTCUSDT", "ETHUSDT")))
    first = await world.get(f"{BASE}/b1/signals", limit=4)
    rest = await world.get(f"{BASE}/b1/signals", limit=4, cursor=first["next_cursor"])
    assert [one["number"] for one in first["items"] + rest["items"]] == list(range(6))
    assert first["items"][2] == {
        "number": 2,
        "symbol": "BTCUSDT",
        "from": "2024-01-01T10:00:00Z",
        "signal": 1,
        "action": "buy",
    }
    only = await world.get(f"{BASE}/b1/signals", symbol="ETH/USDT")
    assert [one["action"] for one in only["items"]] == ["hold", "buy", "sell"]


async def test_signals_of_positions_are_named_as_positions(world: World) -> None:
    await known(world, report(50, signal_mode="position"))
    assert [one["action"] for one in (await world.get(f"{BASE}/b1/signals"))["items"]] == ["flat", "long", "short"]


async def test_checks_have_every_limit_the_gate_and_the_evidence(world: World) -> None:
    await known(world, report(50))
    found = await world.get(f"{BASE}/b1/checks")
    assert found["deciding_rule"] == "reject: 2 closed trades < 30"
    assert found["checks"][0]["limit"] == 30
    assert found["gate"] == ["alert"]
    assert found["reasons"][1]["words"] == "live: DSR 0.41 < 0.95 after 37 tries"
    assert found["evidence"]["luck"]["tries"] == 37


async def test_compared_backtests_stand_side_by_side(world: World) -> None:
    await world.fold(backtest("b1"), backtest("b2", metrics={"total_return": 0.1, "sqn": None}, data_hash="other"))
    found = await world.get(f"{BASE}/compare", ids="b2,b1")
    assert [one["id"] for one in found["items"]] == ["b2", "b1"]
    assert found["metrics"]["total_return"] == [0.1, 0.21]
    assert found["metrics"]["sharpe"] == [None, 1.5]
    assert (found["same_bars"], found["same_window"]) == (False, True)


@pytest.mark.parametrize(
    ("ids", "status"), [("b1", 422), ("b1,b1", 422), ("a,b,c,d,e,f", 422), ("b1,../x", 422), ("", 422), ("b1,b9", 404)]
)
async def test_compare_refuses_what_is_not_two_to_five_backtests(world: World, ids: str, status: int) -> None:
    await world.fold(backtest("b1"))
    assert (await world.client.get(f"{BASE}/compare", params={"ids": ids})).status_code == status
