"""Watches survive crashes, and pace themselves."""

import os
from pathlib import Path

import pytest

from libs.common.commands import UnwatchSymbols
from libs.common.errors import (
    BadInputError,
    StoreUnavailableError,
)
from libs.common.values import Timeframe, from_epoch_ms
from libs.market.catalog import Catalog
from services.ingest.settings import Settings
from tests.support.bench import Bench
from tests.support.ingest import BenchOutlet, answer, app_of, bodies, files_below, play, service, stock, watch
from tests.unit.ingest.csv_cases import NOW, rows


async def test_crash_between_storing_and_publishing_publishes_the_stored_bars_once(tmp_path: Path) -> None:
    simulated = {"feed": "simulated", "timeframe": "1h", "symbols": "BTCUSDT,ETHUSDT"}
    async with Bench.open(service(tmp_path, **simulated), tmp_path) as bench:
        outlet = BenchOutlet(bench)
        app = app_of(bench)
        await app.start_initial(outlet)  # type: ignore[arg-type]
        await bench.published()
        before = bench.state["default"]
        outlet.failures = 1
        with pytest.raises(StoreUnavailableError):
            await app.watcher.step(outlet, before, None, 8)  # type: ignore[arg-type]
        assert await bench.published() == []
        assert bench.state["default"] == before
        stored = Catalog(tmp_path / "catalog").read("BTCUSDT", "1h", before.next_ms)
        assert len(stored) == 4
    async with Bench.open(service(tmp_path, **simulated), tmp_path) as bench:
        app = app_of(bench)
        await app.watcher.step(BenchOutlet(bench), bench.state["default"], None, 8)  # type: ignore[arg-type]
        bars = bodies(await bench.published(), "prices.")
        assert [b["close"] for b in bars if b["symbol"] == "BTCUSDT"] == stored.close.tolist()
        assert len({b["event_id"] for b in bars}) == len(bars) == 8
        catalog = Catalog(tmp_path / "catalog").read("BTCUSDT", "1h")
        assert len(catalog) == len(set(catalog.ts.tolist())) == 54


async def test_crash_after_half_a_group_was_stored_completes_the_group(tmp_path: Path) -> None:
    simulated = {"feed": "simulated", "timeframe": "1h", "symbols": "BTCUSDT,ETHUSDT"}
    async with Bench.open(service(tmp_path, **simulated), tmp_path) as bench:
        outlet = BenchOutlet(bench)
        await app_of(bench).start_initial(outlet)  # type: ignore[arg-type]
        await app_of(bench).watcher.step(outlet, bench.state["default"], None, 2)  # type: ignore[arg-type]
        whole = files_below(tmp_path)
        path = tmp_path / "catalog/1h/ETHUSDT.bars"
        os.truncate(path, path.stat().st_size - 48)
        bench.transactor.state = {"default": bench.state["default"].moved(bench.state["default"].start_ms, 0)}
        await bench.published()
        await app_of(bench).watcher.step(outlet, bench.state["default"], None, 2)  # type: ignore[arg-type]
        assert [b["symbol"] for b in bodies(await bench.published(), "prices.")] == ["BTCUSDT", "ETHUSDT"]
        assert files_below(tmp_path) == whole


async def test_simulation_prepares_history_once_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    simulated = {"feed": "simulated", "timeframe": "1m"}
    told: list[tuple[str, str]] = []
    for turns in (3, 4):
        async with Bench.open(service(tmp_path, **simulated), tmp_path) as bench:
            outlet = BenchOutlet(bench)
            await app_of(bench).start_initial(outlet)  # type: ignore[arg-type]
            for _ in range(turns):
                await app_of(bench).watcher.turn(outlet)  # type: ignore[arg-type]
            bars = bodies(await bench.published(), "prices.")
            assert {(b["source"], b["simulated"]) for b in bars} == {("simulated", True)}
            told += [(b["open_time"], b["symbol"]) for b in bars]
    assert told[0] == ("2024-01-01T00:00:00Z", "ADAUSDT")
    assert len(told) == len(set(told)) == 7 * (500 // 6) * 6
    assert told == sorted(told)
    catalog = Catalog(tmp_path / "catalog")
    assert catalog.info("BTCUSDT", "1m").simulated
    assert len(catalog.read("BTCUSDT", "1m")) == 50 + 7 * (500 // 6)


async def test_simulation_that_was_stopped_stays_stopped_and_a_new_watch_goes_on_behind_it(tmp_path: Path) -> None:
    simulated = {"feed": "simulated", "timeframe": "1m"}
    async with Bench.open(service(tmp_path, **simulated), tmp_path) as bench:
        outlet = BenchOutlet(bench)
        await app_of(bench).start_initial(outlet)  # type: ignore[arg-type]
        await app_of(bench).watcher.turn(outlet)  # type: ignore[arg-type]
        reached = bench.state["default"].next_ms
        await bench.deliver(UnwatchSymbols.first(key="u", at=NOW, watch_id="default"))
        await bench.published()
    async with Bench.open(service(tmp_path, **simulated), tmp_path) as bench:
        await app_of(bench).start_initial(BenchOutlet(bench))  # type: ignore[arg-type]
        assert bench.state == {}
        assert await bench.published() == []
        done = answer(await bench.deliver(watch("BTCUSDT", timeframe="1m")))
        assert done["start"] == from_epoch_ms(reached).isoformat()


async def test_simulation_with_another_seed_fails_its_watch_and_says_why(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path, feed="simulated"), tmp_path) as bench:
        await app_of(bench).start_initial(BenchOutlet(bench))  # type: ignore[arg-type]
    before = files_below(tmp_path)
    async with Bench.open(service(tmp_path, feed="simulated", seed=8), tmp_path) as bench:
        outlet = BenchOutlet(bench)
        await app_of(bench).start_initial(outlet)  # type: ignore[arg-type]
        await app_of(bench).watcher.turn(outlet)  # type: ignore[arg-type]
        (end,) = bodies(await bench.published(), "bars.feed.")
        assert (end["state"], "seed 66" in end["detail"]) == ("failed", True)
        assert bench.state == {}
    assert files_below(tmp_path) == before


async def test_simulated_watch_of_a_person_starts_where_the_event_clock_stands(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path, feed="simulated"), tmp_path) as bench:
        outlet = BenchOutlet(bench)
        await app_of(bench).start_initial(outlet)  # type: ignore[arg-type]
        await app_of(bench).watcher.turn(outlet)  # type: ignore[arg-type]
        done = answer(await bench.deliver(watch("DOGEUSDT", timeframe="1h")))
        assert done["start"] == "2024-01-01T02:00:00+00:00"


@pytest.mark.parametrize("stream", ["PRICES", "SIGNALS"])
async def test_publishing_waits_while_consumers_lag(stream: str, tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await stock(bench, tmp_path, BTCUSDT=rows(20))
        await bench.deliver(watch("BTCUSDT"))
        outlet = BenchOutlet(bench)
        outlet.lagging = {stream: 5_000}
        assert await app_of(bench).watcher.turn(outlet) > 0  # type: ignore[arg-type]
        assert await bench.published() == []
        outlet.lagging = {stream: 4_999}
        assert len(bodies(await play(bench, outlet), "prices.")) == 20


async def test_paced_watch_publishes_a_group_and_then_waits_for_its_time(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path, feed="simulated", simulation_speed=60), tmp_path) as bench:
        outlet = BenchOutlet(bench)
        await app_of(bench).start_initial(outlet)  # type: ignore[arg-type]
        await app_of(bench).watcher.turn(outlet)  # type: ignore[arg-type]
        assert await app_of(bench).watcher.turn(outlet) > 0.1  # type: ignore[arg-type]
        assert len(bodies(await bench.published(), "prices.")) == 6


def test_settings_read_symbols_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTINEL_SYMBOLS", " eth/usdt, BTCUSDT,")
    monkeypatch.setenv("SENTINEL_TIMEFRAME", "5m")
    read = Settings()
    assert (read.symbols, read.timeframe) == (("BTCUSDT", "ETHUSDT"), Timeframe.M5)


def test_service_with_a_symbol_the_simulation_lacks_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="NOSUCHUSDT"):
        service(tmp_path, feed="simulated", symbols="NOSUCHUSDT")
