import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.errors import ConflictError, StoreUnavailableError
from libs.market.catalog import Catalog, CatalogWriter
from libs.market.catalog_writer import MergeResult
from libs.market.frame import COLUMNS, Frame
from tests.unit.market.series import HOUR, START, walk


def pick(frame: Frame, rows: list[int]) -> Frame:
    return Frame(frame.ts[rows], *(getattr(frame, name)[rows] for name in COLUMNS))


def with_close(frame: Frame, row: int, close: float) -> Frame:
    columns = {name: np.array(getattr(frame, name)) for name in ("ts", *COLUMNS)}
    columns["close"][row] = close
    return Frame(**columns)


def files(root: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_append_stores_only_newer_bars(tmp_path: Path) -> None:
    writer, frame = CatalogWriter(tmp_path), walk(20)
    assert writer.append("X", "1h", pick(frame, [0, 1, 2]), "a", True) == 3
    assert writer.append("X", "1h", pick(frame, [1, 2, 3, 4]), "a", True) == 2
    assert writer.append("X", "1h", frame.until(START + 4 * HOUR), "a", True) == 0
    assert Catalog(tmp_path).read("X", "1h").data_hash() == frame.until(START + 4 * HOUR).data_hash()


def test_append_of_no_bars_makes_no_files(tmp_path: Path) -> None:
    assert CatalogWriter(tmp_path).append("X", "1h", Frame.empty(), "a", True) == 0
    assert CatalogWriter(tmp_path).merge("X", "1h", Frame.empty(), "a", True) == MergeResult()
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sets(st.integers(0, 30)), max_size=5))
def test_merges_in_any_order_give_the_union_in_time_order(
    tmp_path_factory: pytest.TempPathFactory, parts: list[set[int]]
) -> None:
    root, frame, seen = tmp_path_factory.mktemp("c"), walk(31), set[int]()
    writer = CatalogWriter(root)
    for rows in parts:
        result = writer.merge("X", "1h", pick(frame, sorted(rows)), "a", True)
        assert result == MergeResult(len(rows - seen), len(rows & seen), [])
        seen |= rows
    if seen:
        assert Catalog(root).read("X", "1h").data_hash() == pick(frame, sorted(seen)).data_hash()


def test_merge_of_a_bar_that_differs_writes_nothing(tmp_path: Path) -> None:
    writer, frame = CatalogWriter(tmp_path), walk(20)
    writer.append("X", "1h", pick(frame, [2, 3, 5]), "a", True)
    before = files(tmp_path)
    changed = with_close(frame, 3, float(frame.close[3]) * 1.0000001)
    assert writer.merge("X", "1h", changed, "a", True) == MergeResult(0, 2, [START + 3 * HOUR])
    assert files(tmp_path) == before


def test_simulated_and_real_bars_never_mix(tmp_path: Path) -> None:
    writer, frame = CatalogWriter(tmp_path), walk(20)
    writer.append("X", "1h", pick(frame, [0, 1]), "a", True)
    before = files(tmp_path)
    for store in (writer.append, writer.merge):
        with pytest.raises(ConflictError) as caught:
            store("X", "1h", frame, "b", False)
        assert caught.value.code == "data.mixed_origin"
    assert files(tmp_path) == before


def test_sources_of_one_series_are_all_named(tmp_path: Path) -> None:
    writer, frame, catalog = CatalogWriter(tmp_path), walk(20), Catalog(tmp_path)
    for row, source in enumerate(["csv", "binance", "csv"]):
        writer.append("X", "1h", pick(frame, [row]), source, False)
    assert catalog.info("X", "1h").source == "csv+binance"
    writer.append("X", "1h", frame, "y" * 60, False)
    assert catalog.info("X", "1h").source == "several"


def test_left_over_file_of_a_killed_merge_is_harmless(tmp_path: Path) -> None:
    writer, frame = CatalogWriter(tmp_path), walk(20)
    writer.append("X", "1h", pick(frame, [5, 6]), "a", True)
    (tmp_path / "1h" / "X.bars.new").write_bytes(b"torn")
    assert Catalog(tmp_path).symbols() == ["X"]
    assert writer.merge("X", "1h", frame, "a", True).added == 18
    assert Catalog(tmp_path).read("X", "1h").data_hash() == frame.data_hash()


@pytest.fixture
def no_space() -> Iterator[None]:
    """Let files grow to 4,000 bytes only, as a full disk would."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, old[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, old)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("way", ["append", "merge"])
def test_write_that_finds_no_space_stores_nothing(tmp_path: Path, way: str, request: pytest.FixtureRequest) -> None:
    writer, frame = CatalogWriter(tmp_path), walk(100)
    first = frame.until(START + 9 * HOUR) if way == "append" else frame.between(START + 90 * HOUR, None)
    writer.append("X", "1h", first, "a", True)
    before = files(tmp_path)
    request.getfixturevalue("no_space")
    with pytest.raises(StoreUnavailableError):
        getattr(writer, way)("X", "1h", frame, "a", True)
    assert files(tmp_path) == before
