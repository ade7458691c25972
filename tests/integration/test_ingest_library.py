"""Company figures and universes through ingest: whole or not at all, told on the bus, and read back as they were given."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from libs.common.commands import DefineUniverse, ImportFundamentals, RemoveUniverse
from libs.common.errors import BadInputError, NotFoundError, PermanentError, StoreUnavailableError
from libs.common.events import Event, JobProgressed
from libs.common.values import to_epoch_ms
from libs.market.catalog import Catalog
from libs.market.fundamentals import Fundamentals
from libs.market.universes import Universes, version_of
from services.ingest.app import build
from services.ingest.progress import Progress, told
from tests.integration.test_ingest_imports import disk_that_fills_up_at
from tests.support.bench import Bench
from tests.support.ingest import FixedClock, answer, bodies, files_below, order, service, settings
from tests.unit.ingest.csv_cases import HEADER, NOW, Case, row
from tests.unit.ingest.figure_cases import HEAD, REJECTED, dated

STOCKS = Path(__file__).resolve().parents[2] / "../shared/data/stocks"


def figures(path: Path, key: str = "1", **changes: Any) -> ImportFundamentals:
    return ImportFundamentals.first(key=key, at=NOW, path=str(path), **changes)


def define(name: str, *symbols: str, key: str = "1") -> DefineUniverse:
    return DefineUniverse.first(key=key, at=NOW, name=name, symbols=list(symbols))


def beside(folder: Path) -> dict[str, bytes]:
    places = (folder / "fundamentals", folder / "universes")
    return {str(path): path.read_bytes() for place in places for path in sorted(place.rglob("*")) if path.is_file()}


def universes(folder: Path) -> Universes:
    return Universes(folder / "universes", Catalog(folder / "catalog"))


def given(folder: Path, data: bytes) -> Path:
    path = folder / "given.csv"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("case", REJECTED, ids=lambda case: case.name)
async def test_figures_that_are_refused_leave_every_file_as_it_was(case: Case, tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await bench.deliver(figures(given(tmp_path, f"{HEAD}AAA,Energy,9,1e9\n".encode()), "first"))
        before = beside(tmp_path)
        with pytest.raises(PermanentError) as refused:
            await bench.deliver(figures(given(tmp_path, case.data), "second", **case.options))
        assert case.says in refused.value.detail
        assert beside(tmp_path) == before


async def test_figures_are_stored_told_and_read_back(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        path = given(tmp_path, dated("2024-02-01,aaa,1.5", "2024-03-01,AAA,"))
        published = await bench.deliver(figures(path))
        done, (told_,) = answer(published), bodies(published, "bars.fundamentals.")
        held = Fundamentals(tmp_path / "fundamentals")
        assert (done["version"], told_["version"], done["changed"]) == (held.hash, held.hash, True)
        assert (done["symbols_total"], done["rows_read"], done["missing"]) == (1, 2, {"pe_ratio": 1})
        assert (done["first_known"], told_["last_known"]) == ("2024-02-02T00:00:00Z", "2024-03-02T00:00:00Z")
        assert held.as_of("AAA", to_epoch_ms(datetime(2024, 2, 15, tzinfo=UTC))) == {"pe_ratio": 1.5}
        before = beside(tmp_path)
        again = answer(await bench.deliver(figures(path, "2")))
        assert (again["changed"], again["version"], beside(tmp_path)) == (False, held.hash, before)


async def test_second_import_adds_to_the_first_and_the_first_version_stays(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await bench.deliver(figures(given(tmp_path, b"symbol,pe\nAAA,1\n"), "1"))
        first = Fundamentals(tmp_path / "fundamentals")
        done = answer(await bench.deliver(figures(given(tmp_path, b"symbol,eps\nBBB,2\n"), "2")))
        assert (done["symbols_total"], done["stored_symbols_total"]) == (1, 2)
        both = Fundamentals(tmp_path / "fundamentals")
        assert (both.symbols, both.as_of("BBB", 0)) == (("AAA", "BBB"), {"pe_ratio": None, "eps": 2.0})
        assert Fundamentals(tmp_path / "fundamentals", first.hash).symbols == ("AAA",)
        await bench.deliver(figures(given(tmp_path, b"symbol,pe\nCCC,1\n"), "3", replace=True))
        assert Fundamentals(tmp_path / "fundamentals").symbols == ("CCC",)


async def test_figures_damaged_on_the_disk_are_not_added_to_but_can_be_replaced(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await bench.deliver(figures(given(tmp_path, b"symbol,pe\nAAA,1\n"), "1"))
        (table,) = (tmp_path / "fundamentals").glob("*.npy")
        table.write_bytes(table.read_bytes()[:-8])
        path = given(tmp_path, b"symbol,pe\nBBB,1\n")
        with pytest.raises(BadInputError) as refused:
            await bench.deliver(figures(path, "2"))
        assert (refused.value.code, refused.value.hint) == (
            "data.bad_fundamentals",
            "import them again, with --replace",
        )
        await bench.deliver(figures(path, "3", replace=True))
        assert Fundamentals(tmp_path / "fundamentals").symbols == ("BBB",)


async def test_disk_that_fails_leaves_the_version_that_counted(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await bench.deliver(figures(given(tmp_path, b"symbol,pe\nAAA,1\n"), "1"))
        before = Fundamentals(tmp_path / "fundamentals").hash
        path = given(tmp_path, b"symbol,pe\n" + b"".join(b"S%d,1\n" % n for n in range(5_000)))
        with disk_that_fills_up_at(20_000), pytest.raises(StoreUnavailableError, match="cannot be written"):
            await bench.deliver(figures(path, "2"))
        assert Fundamentals(tmp_path / "fundamentals").hash == before
        assert not list((tmp_path / "fundamentals").glob("*.new"))
        await bench.deliver(figures(path, "2"))
        assert len(Fundamentals(tmp_path / "fundamentals").symbols) == 5_001


async def test_universe_is_defined_defined_anew_and_removed(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        published = await bench.deliver(define("Tech", "aapl", "brk.b", "AAPL"))
        (told_,) = bodies(published, "bars.universe.tech")
        assert answer(published) == {"name": "tech", "version": version_of(["AAPL", "BRK-B"]), "symbols_total": 2}
        assert (told_["symbols"], told_["state"]) == (["AAPL", "BRK-B"], "defined")
        await bench.deliver(define("tech", "MSFT", key="2"))
        assert universes(tmp_path).get("tech").symbols == ("MSFT",)
        assert universes(tmp_path).version(version_of(["AAPL", "BRK-B"])) == ("AAPL", "BRK-B")
        forget = RemoveUniverse.first(key="3", at=NOW, name="TECH")
        published = await bench.deliver(forget)
        assert bodies(published, "bars.universe.tech")[0]["state"] == "removed"
        assert universes(tmp_path).names() == ("all",)
        assert await bench.deliver(forget) == []
        with pytest.raises(NotFoundError):
            await bench.deliver(RemoveUniverse.first(key="4", at=NOW, name="tech"))


@pytest.mark.parametrize(
    ("name", "symbols", "pointer"),
    [("all", ["A"], "/name"), ("a b", ["A"], "/name"), ("x", ["A", "../x"], "/symbols/1")],
)
async def test_universe_that_cannot_be_is_refused(name: str, symbols: list[str], pointer: str, tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        with pytest.raises(BadInputError) as refused:
            await bench.deliver(define(name, *symbols))
        assert (refused.value.pointer, beside(tmp_path)) == (pointer, {})


async def test_import_keeps_the_symbols_of_its_file_as_a_universe(tmp_path: Path) -> None:
    text = "Name," + HEADER + "".join(f"{name},{row(n)}" for name in ("bbb", "AAA") for n in range(3))
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        wish = {"by_column": "name", "universe": "Two"}
        published = await bench.deliver(order(given(tmp_path, text.encode()), **wish))
        assert answer(published)["universe"] == {"name": "two", "version": version_of(["AAA", "BBB"]), "symbols": 2}
        assert bodies(published, "bars.universe.two")[0]["origin"] == "the symbols of given.csv"
        assert universes(tmp_path).symbols("two", "1h") == ("AAA", "BBB")
        before = (beside(tmp_path), files_below(tmp_path))
        assert answer(await bench.deliver(order(given(tmp_path, text.encode()), "2", **wish)))["rows_added"] == 0
        assert (beside(tmp_path), files_below(tmp_path)) == before


@pytest.mark.parametrize(
    ("options", "pointer"),
    [
        ({"by_column": "ticker", "symbol": "A"}, "/by_column"),
        ({"universe": "all"}, "/universe"),
        ({"universe": ".."}, "/universe"),
    ],
)
async def test_import_with_options_that_contradict_stores_nothing(
    options: dict[str, str], pointer: str, tmp_path: Path
) -> None:
    path = given(tmp_path, ("ticker," + HEADER + "A," + row(0)).encode())
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        with pytest.raises(BadInputError) as refused:
            await bench.deliver(order(path, timeframe="1h", **{"by_column": "ticker", **options}))
        assert refused.value.pointer == pointer
        assert (beside(tmp_path), files_below(tmp_path)) == ({}, {})


class Listener:
    """An outlet that keeps what is told."""

    def __init__(self) -> None:
        self.told: list[Event] = []

    async def tell(self, event: Event) -> None:
        self.told.append(event)


async def test_import_tells_how_far_it_has_come(tmp_path: Path) -> None:
    path = given(tmp_path, ("ticker," + HEADER + "".join(f"S{n}," + row(0) for n in range(9))).encode())
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        listener, command = Listener(), order(path, timeframe="1h", by_column="ticker")
        bench.row(command).work.__self__.librarian.outlet = listener  # type: ignore[union-attr]
        await bench.deliver(command)
    last = listener.told[-1]
    assert isinstance(last, JobProgressed)
    assert last.subject_name() == f"progress.ingest.{command.event_id}"
    assert (last.phase, last.done, last.total, last.rate) == ("storing symbols", 9, 9, None)


async def test_progress_is_told_while_the_work_goes_on(tmp_path: Path) -> None:
    listener, clock = Listener(), FixedClock()
    progress = Progress(clock)
    async with told(progress, order("/x.csv"), listener, clock):  # type: ignore[arg-type]
        progress.of("reading bytes")(3, 9)
        while not listener.told:
            await asyncio.sleep(0)
    assert len(listener.told) == 1


def real(name: str) -> Path:
    path = (STOCKS / name).resolve()
    if not path.exists():
        pytest.skip(f"{name} absent")
    return path


async def test_import_of_423_stocks_finds_no_gap_and_their_universe(tmp_path: Path) -> None:
    path = real("us_daily_sp500_2015-2018.csv.gz")
    async with Bench.open(build(settings(tmp_path)), tmp_path) as bench:
        done = answer(await bench.deliver(order(path, by_column="symbol", universe="sp500")))
    told_ = [done[name] for name in ("rows_read", "rows_added", "symbols_total", "sessions", "gaps_total", "timeframe")]
    assert told_ == [328_892, 328_892, 423, 782, 0, "1d"]
    assert {one["rows_read"] for one in done["symbols"] if one["symbol"] in ("AAPL", "PYPL")} == {782, 656}
    assert len(universes(tmp_path).symbols("sp500", "1d")) == 423


async def test_figures_of_2018_and_of_2003_to_2013_are_what_the_files_say(tmp_path: Path) -> None:
    today, history = real("fundamentals_sp500_2018-02-08.csv"), real("keystats_sp500_2003-2013.csv.gz")
    moment = to_epoch_ms(datetime(2011, 6, 30, tzinfo=UTC))
    async with Bench.open(build(settings(tmp_path)), tmp_path) as bench:
        done = answer(await bench.deliver(figures(today)))
        assert (done["symbols_total"], done["missing"], done["point_in_time"]) == (
            505,
            {"pe_ratio": 2, "pb_ratio": 8},
            False,
        )
        held = Fundamentals(tmp_path / "fundamentals")
        apple = held.as_of("AAPL", moment)
        assert (apple["market_cap"], apple["pe_ratio"], apple["sector"]) == (
            809_508_034_020,
            16.86,
            "Information Technology",
        )
        assert all(row["week_52_low"] < row["week_52_high"] for row in held.all_as_of(moment).values())  # type: ignore[operator]
        cheap = held.scan({"max_pe_ratio": 15, "min_market_cap": 1e9, "sector": "Financials"}, moment)
        assert len(cheap) == 25
        done = answer(await bench.deliver(figures(history, "2", replace=True)))
        assert (done["symbols_total"], done["rows_read"], done["point_in_time"]) == (471, 8_682, True)
        held = Fundamentals(tmp_path / "fundamentals")
        assert (held.as_of("AAPL", moment)["pe_ratio"], held.as_of("AAPL", 0)) == (15.97, {})
        assert "stock_p_change" in done["ignored_columns"]
        ratios = [row["debt_to_equity"] for _, row in held.history("IBM")]
        assert max(ratio for ratio in ratios if isinstance(ratio, float)) < 3
