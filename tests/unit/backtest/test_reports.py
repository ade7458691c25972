"""Reports on disk: found under the hash of their bytes, whole or not at all."""

import hashlib
import os
import stat

import pytest

from libs.common.errors import BadInputError, ConflictError, NotFoundError
from services.backtest.models.files import save_model
from services.backtest.reports import Reports


def test_report_is_found_under_the_hash_of_its_bytes(tmp_path):
    reports = Reports(tmp_path / "reports")
    key = reports.save(b"{}")
    assert key == hashlib.sha256(b"{}").hexdigest()
    assert reports.read(key) == b"{}"
    assert (tmp_path / "reports" / key[:2] / f"{key}.json").read_bytes() == b"{}"


def test_report_saved_twice_is_stored_once_and_leaves_no_part(tmp_path):
    reports = Reports(tmp_path)
    assert reports.save(b"{}") == reports.save(b"{}")
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_report_that_does_not_fit_the_disk_leaves_nothing(tmp_path, monkeypatch):
    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        Reports(tmp_path).save(b"{}")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "A" * 64, "0" * 63])
def test_report_key_of_another_shape_is_refused(tmp_path, key):
    with pytest.raises(BadInputError):
        Reports(tmp_path).read(key)


def test_report_unknown_is_not_found(tmp_path):
    with pytest.raises(NotFoundError):
        Reports(tmp_path).read("0" * 64)


def test_report_changed_on_the_disk_is_refused(tmp_path):
    reports = Reports(tmp_path)
    key = reports.save(b"{}")
    (tmp_path / key[:2] / f"{key}.json").write_bytes(b"[]")
    with pytest.raises(ConflictError):
        reports.read(key)


def test_report_and_model_are_on_the_disk_with_their_names(tmp_path, monkeypatch):
    synced = []

    def noted(handle, sync=os.fsync):
        synced.append(stat.S_ISDIR(os.fstat(handle).st_mode))
        sync(handle)

    monkeypatch.setattr("os.fsync", noted)
    Reports(tmp_path / "reports").save(b"{}")
    assert synced == [False, True]
    save_model(tmp_path / "models", b"model", {})
    assert synced[2:] == [False, True, False, True]
