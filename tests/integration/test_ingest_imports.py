"""Imports are whole or not at all."""

import gzip
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from libs.common.errors import (
    BadInputError,
    ConflictError,
    NotFoundError,
    PermanentError,
    SentinelError,
    StoreUnavailableError,
)
from libs.market.catalog import Catalog, CatalogWriter, MergeResult
from libs.market.records import RECORD
from services.ingest.app import build
from services.ingest.core.csv_types import BadCsvError, CsvLimits
from services.ingest.importing import import_file
from services.ingest.reading import read_chunks
from services.ingest.shelf import Shelf
from tests.support.bench import Bench
from tests.support.ingest import (
    BenchOutlet,
    FixedClock,
    answer,
    app_of,
    bodies,
    files_below,
    order,
    service,
    settings,
    stock,
)
from tests.unit.ingest.csv_cases import ACCEPTED, HEADER, HOUR, REJECTED, T0, Case, row, rows

SHARED = Path(__file__).resolve().parents[2] / "../shared/data/crypto"


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


async def test_import_taken_back_leaves_readers_the_bars_they_had_mapped(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await stock(bench, tmp_path, AUSDT=rows(10))
        writer = app_of(bench)._shelf._writer
        store = tmp_path / "catalog/1h/AUSDT.bars"
        held: list[tuple[int, int]] = []

        def merge_and_be_opened(symbol: str, *rest: Any) -> MergeResult:
            result = CatalogWriter.merge(writer, symbol, *rest)
            held.append((os.open(store, os.O_RDONLY), store.stat().st_size))
            return result

        writer.merge = merge_and_be_opened  # type: ignore[method-assign, assignment]
        path = tmp_path / "all.csv"
        given = [f"AUSDT,{row(n)}" for n in range(10, 900)] + [f"BUSDT,{row(n)}" for n in range(2_000)]
        path.write_text("symbol," + HEADER + "".join(given))
        with disk_that_fills_up_at(60_000), pytest.raises(StoreUnavailableError):
            await bench.deliver(order(path))
        assert len(Catalog(tmp_path / "catalog").read("AUSDT", "1h")) == 10
        ((reader, size),) = held
        assert (size, os.fstat(reader).st_size) == (900 * RECORD.itemsize,) * 2
        os.close(reader)


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
