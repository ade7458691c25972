"""Backtests with their report file, in `/api/v1` and in the documented form; bars from the catalog."""

import hashlib
import json
from pathlib import Path
from typing import Any

from libs.common.events import BacktestFailed, BarsImported, GapFound
from libs.common.values import Timeframe, to_epoch_ms
from libs.market.catalog_writer import CatalogWriter
from tests.api.facts import backtest
from tests.api.world import World
from tests.support.build import START, frame, hour

MS = to_epoch_ms(START)
HOUR = 3_600_000


def round_trip(number: int, *, is_open: bool = False) -> dict[str, Any]:
    entry = MS + 10 * number * HOUR
    return {
        "symbol": "BTCUSDT",
        "open": is_open,
        "entry_time": entry,
        "entry_price": 100.0,
        "entry_reason": "RSI 28 < 30",
        "exit_time": None if is_open else entry + 5 * HOUR,
        "exit_price": 110.0,
        "exit_reason": None if is_open else "RSI 72 > 70",
        "pnl": 10.0,
    }


def store_report(root: Path) -> str:
    curve = {"every_bars": 1, "times": [MS, MS + HOUR], "equity": [10_000.0, 12_100.0], "buy_and_hold": [1e4, 9e3]}
    report = {"trades": [round_trip(0), round_trip(1), round_trip(2, is_open=True)], "curve": curve}
    raw = json.dumps(report).encode()
    key = hashlib.sha256(raw).hexdigest()
    (root / key[:2]).mkdir(parents=True)
    (root / key[:2] / f"{key}.json").write_bytes(raw)
    return key


async def test_report_and_trades_come_from_the_file(world: World) -> None:
    key = store_report(world.settings.reports_dir)
    await world.fold(backtest(report_key=key))
    assert (await world.get("/api/v1/backtests/b1/report.json"))["curve"]["every_bars"] == 1
    first = await world.get("/api/v1/backtests/b1/trades", limit=2)
    rest = await world.get("/api/v1/backtests/b1/trades", limit=2, cursor=first["next_cursor"])
    assert [trade["number"] for trade in first["items"] + rest["items"]] == [0, 1, 2]
    assert first["items"][0]["exit_time"] == "2024-01-01T05:00:00Z"
    assert (rest["items"][0]["exit_time"], rest["next_cursor"]) == (None, None)


async def test_documented_backtest_has_curve_and_trades(world: World) -> None:
    await world.fold(backtest(report_key=store_report(world.settings.reports_dir)))
    (summary,) = await world.get("/api/backtests")
    assert (summary["sharpe_ratio"], summary["max_drawdown"], summary["final_value"]) == (1.5, -0.04, 12_100.0)
    details = await world.get("/api/backtests/b1")
    assert details["equity_curve"][1] == {"timestamp": "2024-01-01T01:00:00Z", "value": 12_100.0, "benchmark": 9e3}
    assert [trade["action"] for trade in details["trades"]] == ["BUY", "SELL", "BUY", "SELL", "BUY"]
    assert details["trades"][1] == {
        "id": 2,
        "timestamp": "2024-01-01T05:00:00Z",
        "asset": "BTC",
        "action": "SELL",
        "price": 110.0,
        "reasoning": "RSI 72 > 70",
        "confidence": None,
    }


async def test_report_that_is_gone_or_changed_is_a_problem(world: World) -> None:
    key = store_report(world.settings.reports_dir)
    await world.fold(backtest(report_key="f" * 64), backtest("b2", report_key=key), backtest("b3", report_key="../x"))
    (world.settings.reports_dir / key[:2] / f"{key}.json").write_text("{}")
    for backtest_id, status in (("b1", 404), ("b2", 503), ("b3", 404)):
        assert (await world.client.get(f"/api/v1/backtests/{backtest_id}/report.json")).status_code == status
        assert (await world.client.get(f"/api/backtests/{backtest_id}")).status_code == status


async def test_failed_backtest_is_listed_and_has_no_report(world: World) -> None:
    fields = {"backtest_id": "b9", "strategy_id": None, "code": "data.unknown_symbol", "detail": "no bars"}
    await world.fold(BacktestFailed.first(key="b9", at=START, **fields))
    assert (await world.get("/api/v1/backtests/b9"))["status"] == "failed"
    reply = await world.client.get("/api/v1/backtests/b9/trades")
    assert (reply.status_code, reply.json()["detail"]) == (409, "this backtest failed: no bars")
    assert await world.get("/api/backtests") == []


async def test_markets_show_bars_source_and_gaps(world: World) -> None:
    writer = CatalogWriter(world.settings.catalog_dir)
    for symbol in ("BTCUSDT", "ETHUSDT"):
        writer.append(symbol, "1h", frame([100.0] * 4), "binance", simulated=False)
    fields = {"symbol": "BTCUSDT", "timeframe": Timeframe.H1, "first_open_time": START, "last_open_time": hour(2)}
    await world.fold(GapFound.first(key="g", at=START, **fields, bars_missing=3))
    first = await world.get("/api/v1/market/symbols", limit=1)
    rest = await world.get("/api/v1/market/symbols", cursor=first["next_cursor"])
    (bitcoin,), (ether,) = first["items"], rest["items"]
    assert (bitcoin["symbol"], bitcoin["bars"], bitcoin["gaps"], bitcoin["bars_missing"]) == ("BTCUSDT", 4, 1, 3)
    assert (ether["symbol"], ether["gaps"], ether["simulated"], ether["source"]) == ("ETHUSDT", 0, False, "binance")


async def test_ohlcv_is_cut_by_window_and_limit(world: World) -> None:
    CatalogWriter(world.settings.catalog_dir).append("BTCUSDT", "1h", frame(list(range(1, 11))), "test", simulated=True)
    newest = await world.get("/api/v1/market/ohlcv", symbol="btc/usdt", limit=2)
    assert (newest["close"], newest["next_start"]) == ([9.0, 10.0], None)
    window = await world.get("/api/v1/market/ohlcv", symbol="BTCUSDT", start="2024-01-01T02:00:00Z", limit=2)
    assert (window["ts"][0], window["close"]) == (MS // 1_000 + 7_200, [3.0, 4.0])
    following = await world.get(
        "/api/v1/market/ohlcv", symbol="BTCUSDT", start=window["next_start"], end="2024-01-01T06:00Z"
    )
    assert (following["close"], following["next_start"]) == ([5.0, 6.0], None)
    reply = await world.client.get("/api/v1/market/ohlcv?symbol=BTCUSD")
    assert (reply.status_code, reply.json()["hint"]) == (404, "did you mean BTCUSDT")


async def test_imports_are_listed(world: World) -> None:
    counts = {"rows_read": 5, "rows_added": 4, "duplicates": 1, "gaps": 0, "bars_missing": 0}
    times = {"first_open_time": START, "last_open_time": hour(3)}
    fields = {"symbol": "BTCUSDT", "timeframe": Timeframe.H1, "source": "csv", **counts, **times}
    await world.fold(BarsImported.first(key="i", at=START, **fields))
    (shown,) = (await world.get("/api/v1/market/imports"))["items"]
    assert (shown["rows_added"], shown["duplicates"]) == (4, 1)
