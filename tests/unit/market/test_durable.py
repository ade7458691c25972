from pathlib import Path

import pytest

from libs.common.errors import StoreUnavailableError
from libs.market.catalog import Catalog, CatalogWriter
from libs.market.durable import Disk
from tests.unit.market.series import walk


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_files_written_together_appear_at_the_end_of_the_block(tmp_path: Path) -> None:
    disk = Disk()
    (tmp_path / "old").write_bytes(b"1")
    with disk.together():
        disk.append(tmp_path / "new", b"2")
        disk.replace(tmp_path / "old", b"3")
        assert names(tmp_path) == ["new.new", "old", "old.new"]
        assert (tmp_path / "old").read_bytes() == b"1"
    assert names(tmp_path) == ["new", "old"]
    assert ((tmp_path / "new").read_bytes(), (tmp_path / "old").read_bytes()) == (b"2", b"3")
    disk.append(tmp_path / "new", b"4")
    assert (tmp_path / "new").read_bytes() == b"24"


def test_block_that_raises_leaves_no_new_file(tmp_path: Path) -> None:
    disk = Disk()

    def write() -> None:
        with disk.together():
            disk.append(tmp_path / "new", b"2")
            raise KeyError

    with pytest.raises(KeyError):
        write()
    assert names(tmp_path) == []
    disk.append(tmp_path / "later", b"1")
    assert names(tmp_path) == ["later"]


def test_file_that_cannot_be_synced_fails_the_whole_block(tmp_path: Path) -> None:
    disk = Disk()

    def write() -> None:
        with disk.together():
            disk.replace(tmp_path / "a", b"1")
            disk.replace(tmp_path / "b", b"1")
            (tmp_path / "b.new").unlink()

    with pytest.raises(StoreUnavailableError, match="b cannot be written"):
        write()
    assert names(tmp_path) == []


def test_series_written_together_are_read_as_those_written_one_by_one(tmp_path: Path) -> None:
    one, many = CatalogWriter(tmp_path / "one"), CatalogWriter(tmp_path / "many")
    with many.together():
        for n in range(5):
            for writer in (one, many):
                writer.merge(f"S{n}", "1h", walk(20, n), "test", False)
        assert Catalog(tmp_path / "many").symbols() == []
    for n in range(5):
        first, second = (Catalog(tmp_path / name) for name in ("one", "many"))
        assert first.read(f"S{n}", "1h").data_hash() == second.read(f"S{n}", "1h").data_hash()
        assert first.info(f"S{n}", "1h") == second.info(f"S{n}", "1h")


def test_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreUnavailableError, match="x cannot be written"):
        Disk().replace(tmp_path / "file" / "x", b"1")
    with pytest.raises(StoreUnavailableError):
        Disk().make_folder(tmp_path / "file" / "x")
