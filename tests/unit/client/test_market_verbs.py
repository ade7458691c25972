"""The verbs about files and lists: what they send, what they print."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.client.test_cli import gateway, run

__all__ = ["gateway", "run"]

BARS = {
    "timeframe": "1d",
    "rows_read": 4,
    "rows_added": 4,
    "duplicates": 0,
    "quarantined": 0,
    "gaps_total": 0,
    "bars_missing": 0,
    "sessions": 2,
    "universe": {"name": "two", "version": "ab", "symbols": 2},
    "symbols_total": 2,
    "symbols": [],
    "gaps": [],
    "spikes": [],
}
FIGURES = {
    "version": "ab12",
    "changed": True,
    "rows_read": 2,
    "duplicates": 0,
    "symbols_total": 2,
    "fields": ["sector", "pe_ratio"],
    "missing": {"pe_ratio": 1},
    "point_in_time": False,
    "first_known": None,
    "last_known": None,
    "ignored_columns": [],
    "notes": ["columns were exchanged"],
    "stored_symbols_total": 2,
    "stored_point_in_time": False,
}


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "all.csv"
    path.write_text("x")
    return str(path)


def test_import_by_column_sends_it_and_names_the_universe(gateway: Any, run: Any, file: str) -> None:
    server = gateway({("POST", "/api/v1/market/imports"): (201, {"result": BARS})})
    code, out, _ = run("ingest", "import", file, "--by-column", "Name", "--universe", "two")
    assert code == 0
    assert "universe\ttwo, 2 symbols, version ab\n" in out
    assert server.asked[0][2] == {"path": file, "by_column": "Name", "universe": "two", "zone": "UTC", "delimiter": ","}


def test_import_that_takes_longer_than_the_gateway_waits_is_asked_for_again(gateway: Any, run: Any, file: str) -> None:
    server = gateway({("POST", "/api/v1/market/imports"): (504, {"code": "timeout", "detail": "the work goes on"})})
    code, _, said = run("ingest", "import", file)
    assert (code, len(server.asked)) == (1, 20)
    assert "the work goes on" in said


def test_import_that_is_refused_is_not_asked_for_again(gateway: Any, run: Any, file: str) -> None:
    server = gateway({("POST", "/api/v1/market/imports"): (422, {"code": "data.bad_csv", "detail": "1 bad line"})})
    assert run("ingest", "import", file)[0] == 1
    assert len(server.asked) == 1


def test_fundamentals_prints_what_is_missing_and_put_right(gateway: Any, run: Any, file: str) -> None:
    server = gateway({("POST", "/api/v1/fundamentals"): (201, {"result": FIGURES})})
    code, out, _ = run("ingest", "fundamentals", file, "--percent", "debt_to_equity", "--replace")
    assert code == 0
    assert "pe_ratio\t1\n" in out
    assert "put right: columns were exchanged\n" in out
    assert "not point in time" in out
    (_, _, sent) = server.asked[0]
    assert (sent["percent"], sent["replace"], "by_column" in sent) == (["debt_to_equity"], True, False)


def test_universe_is_defined_from_arguments_and_a_file(gateway: Any, run: Any, tmp_path: Path) -> None:
    told = {"result": {"name": "tech", "symbols_total": 4, "version": "ab"}}
    server = gateway({("POST", "/api/v1/universes"): (201, told)})
    listed = tmp_path / "list.txt"
    listed.write_text("MSFT, NVDA\nBRK.B;\n")
    code, out, _ = run("ingest", "universe", "tech", "AAPL", "--from-file", str(listed))
    assert (code, out) == (0, "universe tech: 4 symbols, version ab\n")
    assert server.asked[0][2] == {"name": "tech", "symbols": ["AAPL", "MSFT", "NVDA", "BRK.B"]}


def test_universe_is_shown_removed_and_listed(gateway: Any, run: Any) -> None:
    one = {"id": "tech", "symbols_total": 2, "version": "ab", "origin": "given", "symbols": ["A", "B"]}
    gateway(
        {
            ("GET", "/api/v1/universes/tech"): (200, one),
            ("DELETE", "/api/v1/universes/tech"): (200, {"result": {"name": "tech"}}),
            ("GET", "/api/v1/universes"): (200, {"items": [one], "next_cursor": None}),
        }
    )
    assert run("ingest", "universe", "tech")[1] == "universe tech: 2 symbols, version ab, given\nA B\n"
    assert run("ingest", "universe", "tech", "--remove")[1] == "removed tech\n"
    assert run("ingest", "universes")[1] == "id\tsymbols_total\tversion\torigin\ntech\t2\tab\tgiven\n"


def test_universe_with_options_that_contradict_asks_nothing(gateway: Any, run: Any, tmp_path: Path) -> None:
    server = gateway({})
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe")
    assert run("ingest", "universe", "tech", "A", "--remove")[0] == 1
    assert run("ingest", "universe", "tech", "--from-file", str(tmp_path / "none"))[0] == 1
    assert run("ingest", "universe", "tech", "--from-file", str(tmp_path / "bad.txt"))[0] == 1
    assert server.asked == []
