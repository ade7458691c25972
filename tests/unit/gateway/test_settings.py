from pathlib import Path

import pytest

from libs.common.errors import NotFoundError, RefusedError
from libs.common.events import OrderFilled
from services.gateway.app import build
from services.gateway.backtests import read_report
from services.gateway.settings import Settings
from services.gateway.views import KEPT


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", "", "127.0.0.1.evil.example"])
def test_address_beyond_loopback_is_refused(host: str) -> None:
    with pytest.raises(RefusedError) as refusal:
        build(Settings(host=host))
    assert refusal.value.code == "gateway.not_loopback"
    assert "SENTINEL_HOST=127.0.0.1" in (refusal.value.hint or "")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_address_is_accepted(host: str) -> None:
    assert build(Settings(host=host)).name == "gateway"


def test_table_has_one_row_for_each_fact_shown() -> None:
    rows = build(Settings()).table
    assert [row.message for row in rows] == list(KEPT)
    assert OrderFilled in KEPT
    assert not any(row.is_command or row.remember for row in rows)


@pytest.mark.parametrize("key", ["", "../" * 3, "a" * 63, "A" * 64, "a" * 64 + "\n", "/etc/passwd"])
def test_report_key_that_is_no_hash_opens_no_file(tmp_path: Path, key: str) -> None:
    with pytest.raises(NotFoundError, match="not a hash"):
        read_report(tmp_path, key)
