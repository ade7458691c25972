"""Ingest with its real database, catalog and handlers: imports that are whole or not at all, watches that survive crashes."""

import gzip
import json
import os
import resource
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from libs.common.bus import Service, Tx
from libs.common.commands import ImportBars, UnwatchSymbols, WatchSymbols
from libs.common.errors import (
    BadInputError,
    ConflictError,
    NotFoundError,
    PermanentError,
    SentinelError,
    StoreUnavailableError,
)
from libs.common.values import Timeframe, from_epoch_ms
from libs.market.catalog import Catalog
from services.ingest.app import Ingest, build
from services.ingest.core.csv_types import BadCsvError, CsvLimits
from services.ingest.importing import import_file
from services.ingest.reading import read_chunks
from services.ingest.settings import Settings
from services.ingest.shelf import Shelf
from tests.support.bench import Bench
from tests.unit.ingest.csv_cases import ACCEPTED, HEADER, HOUR, NOW, REJECTED, T0, Case, row, rows

SHARED = Path(__file__).resolve().parents[2] / "../shared/data/crypto"


class FixedClock:
    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0


class BenchOutlet:
    """The outlet of a service on the bench; `failures` commits are lost before it works, `lagging` slows it down."""

    def __init__(self, bench: Bench):
        self.bench = bench
        self.failures = 0
        self.lagging = 0

    @property
    def state(self) -> Any:
        return self.bench.state

    async def commit(self, act: Callable[[Tx], Awaitable[None]]) -> None:
        async def then_fail(tx: Tx) -> None:
            await act(tx)
            if self.failures:
                self.failures -= 1
                raise StoreUnavailableError("the disk is full")

        await self.bench.transactor.commit(then_fail)

    async def lag(self, stream: str) -> int:
        assert stream == "PRICES"
        return self.lagging


def settings(folder: Path, **changes: Any) -> Settings:
    return Settings(data_dir=folder, **{"feed": "files", "simulation_speed": 0, "history_bars": 50, **changes})


def service(folder: Path, **changes: Any) -> Service:
    return build(settings(folder, **changes), FixedClock())


def app_of(bench: Bench) -> Ingest:
    owner: Ingest = bench.service.tasks[0].__self__  # type: ignore[attr-defined]
    return owner


def order(path: Path | str, key: str = "1", **changes: Any) -> ImportBars:
    return ImportBars.first(key=key, at=NOW, path=str(path), **changes)


def watch(*symbols: str, key: str = "w", **changes: Any) -> WatchSymbols:
    return WatchSymbols.first(key=key, at=NOW, symbols=list(symbols), **changes)


def files_below(folder: Path) -> dict[str, bytes]:
    found = sorted(path for path in (folder / "catalog").rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def answer(published: list[tuple[str, bytes]]) -> dict[str, Any]:
    (body,) = [body for subject, body in published if subject.startswith("answers.")]
    found: dict[str, Any] = json.loads(body)["result"]
    return found


def bodies(published: list[tuple[str, bytes]], prefix: str) -> list[dict[str, Any]]:
    return [json.loads(body) for subject, body in published if subject.startswith(prefix)]


async def play(bench: Bench, outlet: BenchOutlet, turns: int = 1_000) -> list[tuple[str, bytes]]:
    """Take turns until no watch runs any more."""
    while bench.state and turns:
        await app_of(bench).watcher.turn(outlet)  # type: ignore[arg-type]
        turns -= 1
    return await bench.published()


async def stock(bench: Bench, folder: Path, **texts: str) -> None:
    """Import hourly bars, one file per symbol."""
    for symbol, text in texts.items():
        path = folder / f"{symbol}_stock.csv"
        path.write_text(HEADER + text)
        await bench.deliver(order(path, f"stock {symbol}"))
    await bench.published()


@pytest.mark.parametrize("case", REJECTED, ids=lambda case: case.name)
async def test_import_that_is_refused_leaves_the_catalog_byte_identical(case: Case, tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await stock(bench, tmp_path, BTCUSDT=rows(2, 100))
        before = files_below(tmp_path)
        path = tmp_path / "given.csv"
        path.write_bytes(case.data)
        with pytest.raises(PermanentError) as refused:
            await bench.deliver(order(path, **{"symbol": "BTCUSDT", **case.options}))
        assert case.says in f"{refused.value.detail} {refused.value.pointer}"
        assert files_below(tmp_path) == before
        assert await bench.published() == []


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case.name)
async def test_import_that_is_odd_but_sound_stores_its_bars(case: Case, tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        path = tmp_path / "given.csv"
        path.write_bytes(case.data)
        done = answer(await bench.deliver(order(path, **{"symbol": "BTCUSDT", **case.options})))
        assert (done["rows_read"], done["rows_added"], done["timeframe"]) == (3, 3, "1h")
    assert Catalog(tmp_path / "catalog").read("BTCUSDT", "1h").ts.tolist() == [T0, T0 + HOUR, T0 + 2 * HOUR]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("../../x.csv", BadInputError),
        ("x.csv", BadInputError),
        ("/tmp/../etc/passwd", BadInputError),
        ("/tmp/a\0b.csv", BadInputError),
        ("/tmp/a\nb.csv", BadInputError),
        ("http://example.org/x.csv", BadInputError),
        ("file:///etc/passwd", BadInputError),
        ("/nowhere/x.csv", NotFoundError),
        ("/dev/zero", BadInputError),
        ("/tmp", BadInputError),
        ("/" + "x" * 4_000, BadInputError),
    ],
)
async def test_import_from_a_path_that_is_no_plain_file_is_refused(
    name: str, error: type[Exception], tmp_path: Path
) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        with pytest.raises(error) as refused:
            await bench.deliver(order(name, symbol="BTCUSDT"))
        assert isinstance(refused.value, SentinelError)
        assert refused.value.pointer == "/path"
        assert len(refused.value.detail) < 300


async def test_import_through_a_symlink_or_a_pipe_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text(HEADER + rows(3))
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        for name in ("link.csv", "pipe.csv"):
            with pytest.raises(BadInputError) as refused:
                await bench.deliver(order(tmp_path / name, symbol="BTCUSDT"))
            assert refused.value.pointer == "/path"


def test_import_of_a_gzip_bomb_is_refused_within_its_bounds(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(HEADER.encode() + b"\n" * 50_000_000)
    limits = CsvLimits(max_bytes=1_000_000)
    assert path.stat().st_size < limits.max_bytes
    chunks = read_chunks(str(path), limits)
    assert max(map(len, islice(chunks, 5))) <= 1 << 20
    with pytest.raises(BadCsvError, match="larger than 1,000,000 bytes"):
        import_file(order(path, symbol="BTCUSDT"), Shelf(tmp_path / "catalog"), FixedClock(), limits)


def test_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "growing.csv"
    path.write_bytes(b"x" * 3_000_000)
    chunks = read_chunks(str(path), CsvLimits())
    next(chunks)
    with path.open("ab") as file:
        file.write(b"more")
    with pytest.raises(ConflictError) as refused:
        list(chunks)
    assert refused.value.pointer == "/path"


async def test_import_twice_adds_nothing_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT_1h.csv"
    path.write_text(HEADER + rows(5) + rows(5, 8))
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        first = await bench.deliver(order(path, "1"))
        before = files_below(tmp_path)
        second = await bench.deliver(order(path, "2"))
        assert (answer(first)["rows_added"], answer(second)["rows_added"]) == (10, 0)
        assert answer(second)["duplicates"] == 10
        assert files_below(tmp_path) == before
        assert bodies(first, "gaps.") == bodies(second, "gaps.")
        (told,) = bodies(first, "bars.imported.BTCUSDT")
        assert (told["gaps"], told["bars_missing"], told["rows_added"]) == (1, 3, 10)


async def test_import_of_the_same_command_again_publishes_nothing_more(tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT_1h.csv"
    path.write_text(HEADER + rows(5))
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await bench.deliver(order(path))
        assert await bench.deliver(order(path)) == []


async def test_import_that_contradicts_a_stored_bar_stores_no_symbol_at_all(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await stock(bench, tmp_path, ETHUSDT=rows(5))
        before = files_below(tmp_path)
        path = tmp_path / "both.csv"
        path.write_text("symbol," + HEADER + "".join(f"BTCUSDT,{row(n)}" for n in range(5)) + "ETHUSDT," + row(4, "7"))
        with pytest.raises(ConflictError, match="ETHUSDT 2024-01-01T04:00Z") as refused:
            await bench.deliver(order(path, timeframe="1h"))
        assert refused.value.code == "data.conflicting_bars"
        assert files_below(tmp_path) == before


@contextmanager
def disk_that_fills_up_at(size: int) -> Iterator[None]:
    """No file of this process may grow beyond `size` bytes; the kernel refuses the write."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("start", [0, 30], ids=["rewritten", "appended"])
async def test_import_whose_disk_fails_midway_takes_back_what_it_stored(start: int, tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await stock(bench, tmp_path, AUSDT=rows(10, 10))
        before = files_below(tmp_path)
        path = tmp_path / "all.csv"
        text = "".join(
            f"{name},{row(n)}"
            for name, count in (("AUSDT", 8), ("BUSDT", 9), ("CUSDT", 90))
            for n in range(start, start + count)
        )
        path.write_text("symbol," + HEADER + text)
        with disk_that_fills_up_at(2_000), pytest.raises(StoreUnavailableError, match="File too large"):
            await bench.deliver(order(path))
        assert files_below(tmp_path) == before
        done = answer(await bench.deliver(order(path)))
        assert done["rows_added"] == 8 + 9 + 90
        assert not [name for name in files_below(tmp_path) if name.endswith((".before", ".new"))]


async def test_import_into_simulated_bars_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT_1m.csv"
    path.write_text(HEADER + rows(3))
    async with Bench.open(service(tmp_path, feed="simulated", timeframe="1h"), tmp_path) as bench:
        await app_of(bench).start_initial(BenchOutlet(bench))  # type: ignore[arg-type]
        before = files_below(tmp_path)
        with pytest.raises(ConflictError) as refused:
            await bench.deliver(order(path))
        assert refused.value.code == "data.mixed_origin"
        assert files_below(tmp_path) == before


@pytest.mark.parametrize("source", ["simulated", " "])
async def test_import_under_a_source_that_is_no_name_of_its_own_is_refused(source: str, tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        with pytest.raises(BadInputError) as refused:
            await bench.deliver(order("/nowhere/x.csv", source=source))
        assert refused.value.pointer == "/source"


def real(name: str) -> Path:
    path = (SHARED / name).resolve()
    if not path.exists():
        pytest.skip(f"{name} absent")
    return path


async def test_import_of_five_years_of_hours_reports_the_gaps_as_they_are(tmp_path: Path) -> None:
    path = real("BTCUSDT_binance-spot_1h_2017-2022.csv.gz")
    async with Bench.open(build(settings(tmp_path)), tmp_path) as bench:
        published = await bench.deliver(order(path))
        done = answer(published)
        assert (done["rows_read"], done["rows_added"], done["timeframe"]) == (46_981, 46_981, "1h")
        assert (done["gaps_total"], done["bars_missing"], done["quarantined"]) == (27, 127, 0)
        assert len(bodies(published, "gaps.BTCUSDT")) == 27
        again = answer(await bench.deliver(order(path, "2")))
        assert (again["rows_added"], again["duplicates"]) == (0, 46_981)


async def test_import_of_24_pairs_splits_them_by_symbol(tmp_path: Path) -> None:
    path = real("spot_binance_24pairs_1h_2024-01_2024-05.csv.gz")
    async with Bench.open(build(settings(tmp_path)), tmp_path) as bench:
        published = await bench.deliver(order(path))
        assert (answer(published)["rows_added"], answer(published)["gaps_total"]) == (87_552, 0)
        assert len(bodies(published, "bars.imported.")) == 24
    assert len(Catalog(tmp_path / "catalog").read("XRPUSDT", "1h")) == 3_648


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


async def test_simulation_with_another_seed_fails_its_watch_and_says_why(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path, feed="simulated"), tmp_path) as bench:
        await app_of(bench).start_initial(BenchOutlet(bench))  # type: ignore[arg-type]
    before = files_below(tmp_path)
    async with Bench.open(service(tmp_path, feed="simulated", seed=8), tmp_path) as bench:
        outlet = BenchOutlet(bench)
        await app_of(bench).start_initial(outlet)  # type: ignore[arg-type]
        await app_of(bench).watcher.turn(outlet)  # type: ignore[arg-type]
        (end,) = bodies(await bench.published(), "bars.feed.")
        assert (end["state"], "seed 7" in end["detail"]) == ("failed", True)
        assert bench.state == {}
    assert files_below(tmp_path) == before


async def test_simulated_watch_of_a_person_starts_where_the_event_clock_stands(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path, feed="simulated"), tmp_path) as bench:
        outlet = BenchOutlet(bench)
        await app_of(bench).start_initial(outlet)  # type: ignore[arg-type]
        await app_of(bench).watcher.turn(outlet)  # type: ignore[arg-type]
        done = answer(await bench.deliver(watch("DOGEUSDT", timeframe="1h")))
        assert done["start"] == "2024-01-01T02:00:00+00:00"


async def test_publishing_waits_while_consumers_lag(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await stock(bench, tmp_path, BTCUSDT=rows(20))
        await bench.deliver(watch("BTCUSDT"))
        outlet = BenchOutlet(bench)
        outlet.lagging = 5_000
        assert await app_of(bench).watcher.turn(outlet) > 0  # type: ignore[arg-type]
        assert await bench.published() == []
        outlet.lagging = 4_999
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
