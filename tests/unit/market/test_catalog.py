import gc
import shutil
from pathlib import Path

import numpy as np
import psutil
import pytest

from libs.common.errors import BadBarsError, BadSymbolError, BadTimeframeError, NotFoundError
from libs.market.catalog import BarsInfo, Catalog, CatalogWriter
from libs.market.frame import COLUMNS, Frame
from tests.unit.market.series import HOUR, START, real_btc, walk


def equal(first: Frame, second: Frame) -> bool:
    return all(np.array_equal(getattr(first, name), getattr(second, name)) for name in ("ts", *COLUMNS))


@pytest.fixture
def stored(tmp_path: Path) -> Frame:
    frame = walk(100)
    CatalogWriter(tmp_path).append("BTCUSDT", "1h", frame, "test", True)
    return frame


def test_read_of_stored_bars_gives_them_back(tmp_path: Path, stored: Frame) -> None:
    catalog = Catalog(tmp_path)
    assert equal(catalog.read("BTCUSDT", "1h"), stored)
    assert equal(
        catalog.read("BTCUSDT", "1h", START + HOUR, START + 3 * HOUR), stored.between(START + HOUR, START + 3 * HOUR)
    )
    assert len(catalog.read("BTCUSDT", "1h", START - 9 * HOUR, START)) == 0
    assert (tmp_path / "1h" / "BTCUSDT.bars").stat().st_size == 4_800


def test_info_of_stored_bars_tells_source_and_range(tmp_path: Path, stored: Frame) -> None:
    catalog = Catalog(tmp_path)
    assert catalog.info("BTCUSDT", "1h") == BarsInfo("BTCUSDT", "1h", "test", True, 100, START, START + 99 * HOUR)
    assert catalog.last_open_ms("BTCUSDT", "1h") == START + 99 * HOUR
    assert (catalog.symbols(), catalog.symbols("1h"), catalog.symbols("1d")) == (["BTCUSDT"], ["BTCUSDT"], [])


def test_reader_sees_bars_appended_and_merged_after_it_opened(tmp_path: Path, stored: Frame) -> None:
    catalog, writer = Catalog(tmp_path), CatalogWriter(tmp_path)
    before = catalog.read("BTCUSDT", "1h")
    writer.append("BTCUSDT", "1h", walk(5, start_ms=START + 100 * HOUR), "test", True)
    assert len(catalog.read("BTCUSDT", "1h")) == 105
    writer.merge("BTCUSDT", "1h", walk(5, start_ms=START - 5 * HOUR), "test", True)
    after = catalog.read("BTCUSDT", "1h")
    assert (len(after), int(after.ts[0])) == (110, START - 5 * HOUR)
    assert equal(before, stored)


def test_frames_of_a_catalog_cannot_be_written(tmp_path: Path, stored: Frame) -> None:
    with pytest.raises(ValueError, match="read-only"):
        Catalog(tmp_path).read("BTCUSDT", "1h").close[0] = 1.0


def test_read_of_an_unknown_symbol_names_near_ones(tmp_path: Path, stored: Frame) -> None:
    catalog = Catalog(tmp_path)
    for symbol, timeframe, hint in (
        ("BTCUSD", "1h", "did you mean BTCUSDT"),
        ("BTCUSDT", "1d", "stored with other bar lengths: BTCUSDT"),
        ("ZZZ", "1h", "import its bars first, or watch it"),
    ):
        with pytest.raises(NotFoundError) as caught:
            catalog.read(symbol, timeframe)
        assert caught.value.hint == hint
        with pytest.raises(NotFoundError):
            catalog.info(symbol, timeframe)
        assert catalog.last_open_ms(symbol, timeframe) is None


@pytest.mark.parametrize("symbol", ["../x", "a/b", "", "btcusdt", ".BTC", "BTC\n", "BTC\0", "X" * 33, "-BTC", "ΒTC"])
def test_symbol_that_is_no_file_name_is_refused(tmp_path: Path, symbol: str) -> None:
    with pytest.raises(BadSymbolError):
        Catalog(tmp_path).read(symbol, "1h")
    with pytest.raises(BadSymbolError):
        CatalogWriter(tmp_path).append(symbol, "1h", walk(1), "test", True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("timeframe", ["..", "0m", "", "1H", "2h"])
def test_timeframe_that_does_not_exist_is_refused(tmp_path: Path, timeframe: str) -> None:
    with pytest.raises(BadTimeframeError):
        Catalog(tmp_path).read("BTCUSDT", timeframe)
    with pytest.raises(BadTimeframeError):
        Catalog(tmp_path).symbols(timeframe)


@pytest.mark.parametrize("torn", [b"\x01", b"\x00" * 47, b"\x00" * 48, b"\x00" * 100, b"\x07" * 47])
def test_torn_tail_is_not_read_and_is_cut_by_the_next_append(tmp_path: Path, stored: Frame, torn: bytes) -> None:
    path = tmp_path / "1h" / "BTCUSDT.bars"
    with path.open("ab") as file:
        file.write(torn)
    catalog = Catalog(tmp_path)
    assert equal(catalog.read("BTCUSDT", "1h"), stored)
    assert CatalogWriter(tmp_path).append("BTCUSDT", "1h", walk(1, start_ms=START + 100 * HOUR), "test", True) == 1
    assert path.stat().st_size == 101 * 48
    assert equal(catalog.read("BTCUSDT", "1h").until(START + 99 * HOUR), stored)


def test_every_cut_of_a_file_leaves_its_whole_bars(tmp_path: Path, stored: Frame) -> None:
    path = tmp_path / "1h" / "BTCUSDT.bars"
    body = path.read_bytes()
    for size in (0, 1, 47, 48, 49, 2_000, 4_799):
        path.write_bytes(body[:size])
        last = Catalog(tmp_path).last_open_ms("BTCUSDT", "1h")
        assert last == (START + (size // 48 - 1) * HOUR if size >= 48 else None)


def test_missing_sidecar_is_named(tmp_path: Path, stored: Frame) -> None:
    (tmp_path / "1h" / "BTCUSDT.json").unlink()
    with pytest.raises(BadBarsError) as caught:
        Catalog(tmp_path).info("BTCUSDT", "1h")
    assert caught.value.code == "data.no_origin"


def test_folder_that_goes_away_is_an_unknown_symbol(tmp_path: Path, stored: Frame) -> None:
    catalog = Catalog(tmp_path)
    held = catalog.read("BTCUSDT", "1h")
    shutil.rmtree(tmp_path / "1h")
    with pytest.raises(NotFoundError):
        catalog.read("BTCUSDT", "1h")
    assert equal(held, stored)


def test_real_bars_survive_the_catalog(tmp_path: Path) -> None:
    frame = real_btc()
    assert CatalogWriter(tmp_path).append("BTCUSDT", "1h", frame, "csv", False) == 46_981
    assert Catalog(tmp_path).read("BTCUSDT", "1h").data_hash() == frame.data_hash()
    again = CatalogWriter(tmp_path).merge("BTCUSDT", "1h", frame, "csv", False)
    assert (again.added, again.duplicates, again.conflicts) == (0, 46_981, [])


def test_thousand_series_held_open_keep_no_file_descriptor(tmp_path: Path) -> None:
    CatalogWriter(tmp_path).append("S0", "1h", walk(50), "test", True)
    body = (tmp_path / "1h" / "S0.bars").read_bytes()
    names = [f"S{n}" for n in range(1_000)]
    for name in names:
        (tmp_path / "1h" / f"{name}.bars").write_bytes(body)
    catalog = Catalog(tmp_path)
    frames = catalog.read_many(names, "1h", START + HOUR)
    assert [file.path for file in psutil.Process().open_files() if file.path.startswith(str(tmp_path))] == []
    assert (list(frames), {len(frame) for frame in frames.values()}) == (names, {49})


def test_map_lives_as_long_as_a_frame_of_it_and_no_longer(tmp_path: Path, stored: Frame) -> None:
    catalog = Catalog(tmp_path)
    held = catalog.read("BTCUSDT", "1h").tail(3)
    del catalog
    gc.collect()
    assert maps_of(tmp_path) == 1
    assert held.close.tolist() == stored.tail(3).close.tolist()
    del held
    gc.collect()
    assert maps_of(tmp_path) == 0


def maps_of(folder: Path) -> int:
    maps = Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("no list of maps here")
    return sum(str(folder) in line for line in maps.read_text().splitlines())


def test_read_of_many_names_the_first_missing(tmp_path: Path, stored: Frame) -> None:
    with pytest.raises(NotFoundError, match="ETHUSDT"):
        Catalog(tmp_path).read_many(["BTCUSDT", "ETHUSDT"], "1h")
