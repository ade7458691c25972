"""Watches play bars in order, one per series."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from libs.common.commands import UnwatchSymbols, WatchSymbols
from libs.common.errors import (
    BadInputError,
    NotFoundError,
    PermanentError,
)
from libs.common.values import from_epoch_ms
from tests.support.bench import Bench
from tests.support.ingest import BenchOutlet, answer, app_of, bodies, files_below, order, play, service, stock, watch
from tests.unit.ingest.csv_cases import HEADER, HOUR, NOW, T0, row, rows


async def test_watch_of_stored_bars_plays_them_in_order_and_finishes(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await stock(bench, tmp_path, BTCUSDT=rows(4) + rows(300, 6), ETHUSDT=rows(300, 2))
        before = files_below(tmp_path)
        started = await bench.deliver(watch("btc/usdt", "ETHUSDT"))
        assert bodies(started, "bars.feed.")[0]["state"] == "started"
        published = await play(bench, BenchOutlet(bench))
        bars = bodies(published, "prices.")
        assert len(bars) == 604
        assert [(b["close_time"], b["symbol"]) for b in bars] == sorted((b["close_time"], b["symbol"]) for b in bars)
        assert {b["source"] for b in bars} == {"csv"}
        (gap,) = bodies(published, "gaps.")
        assert (gap["symbol"], gap["bars_missing"], gap["first_open_time"]) == ("BTCUSDT", 2, "2024-01-01T04:00:00Z")
        (end,) = bodies(published, "bars.feed.")
        assert (end["state"], end["bars_published"]) == ("finished", 604)
        assert json.loads(published[-1][1])["state"] == "finished"
        assert files_below(tmp_path) == before


async def test_watch_with_bounds_plays_only_what_lies_between(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await stock(bench, tmp_path, BTCUSDT=rows(20))
        await bench.deliver(watch("BTCUSDT", start=from_epoch_ms(T0 + 5 * HOUR), end=from_epoch_ms(T0 + 9 * HOUR)))
        bars = bodies(await play(bench, BenchOutlet(bench)), "prices.")
        assert [b["open_time"] for b in bars] == [f"2024-01-01T0{n}:00:00Z" for n in range(5, 9)]


async def test_two_watches_of_different_length_are_played_by_close_time(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await stock(bench, tmp_path, BTCUSDT=rows(12))
        path = tmp_path / "ETHUSDT_4h.csv"
        path.write_text(HEADER + rows(12)[: len(row(0))] + row(4) + row(8))
        await bench.deliver(order(path, timeframe="4h"))
        await bench.deliver(watch("ETHUSDT", key="4h", timeframe="4h"))
        await bench.deliver(watch("BTCUSDT", key="1h"))
        await bench.published()
        bars = bodies(await play(bench, BenchOutlet(bench)), "prices.")
        assert len(bars) == 15
        assert [b["close_time"] for b in bars] == sorted(b["close_time"] for b in bars)


@pytest.mark.parametrize(
    ("order_", "error", "pointer"),
    [
        (watch("NOSUCH"), BadInputError, "/symbols/0"),
        (watch("../x"), BadInputError, None),
        (watch("BTCUSDT", timeframe="7x"), BadInputError, None),
        (watch("BTCUSDT", timeframe="5m"), BadInputError, "/symbols/0"),
        (
            watch("BTCUSDT", start=datetime(2024, 1, 2, tzinfo=UTC), end=datetime(2024, 1, 1, tzinfo=UTC)),
            BadInputError,
            "/end",
        ),
        (watch("BTCUSDT", start=datetime(2024, 6, 1, tzinfo=UTC)), NotFoundError, "/start"),
    ],
)
async def test_watch_of_what_the_feed_does_not_have_is_refused(
    order_: WatchSymbols, error: type[PermanentError], pointer: str | None, tmp_path: Path
) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await stock(bench, tmp_path, BTCUSDT=rows(5))
        with pytest.raises(error) as refused:
            await bench.deliver(order_)
        assert refused.value.pointer == pointer
        assert bench.state == {}


async def test_second_watch_of_a_series_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await stock(bench, tmp_path, BTCUSDT=rows(5), ETHUSDT=rows(5))
        await bench.deliver(watch("BTCUSDT"))
        before = dict(bench.state)
        refused = await bench.deliver(watch("ETHUSDT", "BTCUSDT", key="other"))
        assert bodies(refused, "answers.")[0]["code"] == "watch.overlap"
        assert bench.state == before


async def test_unwatch_stops_a_watch_for_good(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await stock(bench, tmp_path, BTCUSDT=rows(2_000))
        watch_id = answer(await bench.deliver(watch("BTCUSDT")))["watch_id"]
        await app_of(bench).watcher.turn(BenchOutlet(bench))  # type: ignore[arg-type]
        await bench.published()
        stopped = await bench.deliver(UnwatchSymbols.first(key="u", at=NOW, watch_id=watch_id))
        assert bodies(stopped, "bars.feed.")[0]["state"] == "stopped"
        assert answer(stopped)["bars_published"] == 500
        again = await bench.deliver(UnwatchSymbols.first(key="u2", at=NOW, watch_id=watch_id))
        assert bodies(again, "answers.")[0]["code"] == "watch.not_running"
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        assert bench.state == {}


async def test_watch_stopped_while_a_step_is_prepared_publishes_nothing(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await stock(bench, tmp_path, BTCUSDT=rows(20))
        watch_id = answer(await bench.deliver(watch("BTCUSDT")))["watch_id"]
        running = bench.state[watch_id]
        await bench.deliver(UnwatchSymbols.first(key="u", at=NOW, watch_id=watch_id))
        await app_of(bench).watcher.step(BenchOutlet(bench), running, None, 10)  # type: ignore[arg-type]
        assert await bench.published() == []


@pytest.mark.parametrize(
    "again",
    [
        watch("BTCUSDT", key="again"),
        watch("ETHUSDT", key="other"),
        watch("BTCUSDT", key="middle", start=from_epoch_ms(T0 + 9 * HOUR)),
    ],
)
async def test_watch_of_bars_older_than_those_played_is_refused_and_says_what_to_do(
    again: WatchSymbols, tmp_path: Path
) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await stock(bench, tmp_path, BTCUSDT=rows(30), ETHUSDT=rows(30))
        await bench.deliver(watch("BTCUSDT", end=from_epoch_ms(T0 + 10 * HOUR)))
        await play(bench, BenchOutlet(bench))
        ((_, body),) = await bench.deliver(again)
        refused = json.loads(body)
        assert (refused["code"], refused["pointer"]) == ("watch.played", "/start")
        assert "2024-01-01T10:00Z" in refused["detail"]
        assert "replay" in refused["hint"]
        assert bench.state == {}


async def test_watch_goes_on_behind_the_bars_that_were_played(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await stock(bench, tmp_path, BTCUSDT=rows(10))
        await bench.deliver(watch("BTCUSDT", end=from_epoch_ms(T0 + 400 * HOUR)))
        await play(bench, BenchOutlet(bench))
        path = tmp_path / "more.csv"
        path.write_text(HEADER + rows(20, 10))
        await bench.deliver(order(path, "more", symbol="BTCUSDT"))
        await bench.deliver(watch("BTCUSDT", key="further", start=from_epoch_ms(T0 + 10 * HOUR)))
        assert len(bodies(await play(bench, BenchOutlet(bench)), "prices.")) == 20


async def test_watch_of_another_length_is_free_to_start_anywhere(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await stock(bench, tmp_path, BTCUSDT=rows(12))
        path = tmp_path / "BTCUSDT_4h.csv"
        path.write_text(HEADER + row(0) + row(4) + row(8))
        await bench.deliver(order(path, timeframe="4h"))
        await bench.deliver(watch("BTCUSDT"))
        await play(bench, BenchOutlet(bench))
        await bench.deliver(watch("BTCUSDT", key="4h", timeframe="4h"))
        assert len(bodies(await play(bench, BenchOutlet(bench)), "prices.")) == 3
