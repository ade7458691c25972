from pathlib import Path
from typing import Any

import numpy as np
import pytest

from libs.common.errors import BadInputError, NotFoundError
from libs.market.figures import ALWAYS, CURRENT, FIELDS, Figures, encode
from libs.market.fundamentals import Fundamentals

MISSING = float("nan")


def stored(root: Path, dated: bool = True) -> str:
    """Store AAA with two rows, BBB with one, and let them count."""
    known = np.array([1_000.0, 2_000.0, 1_500.0] if dated else [1_000.0, 2_000.0, ALWAYS])
    values = np.array([[10.0, 1e9], [12.0, MISSING], [MISSING, 5e9]])
    texts: dict[str, tuple[str | None, ...]] = {"sector": ("Energy", "Energy", "Health Care")}
    figures = Figures(("AAA", "AAA", "BBB"), known, ("pe_ratio", "market_cap"), values, texts, ("csv",))
    version, table, about = encode(figures)
    root.mkdir(exist_ok=True)
    (root / f"{version}.npy").write_bytes(table)
    (root / f"{version}.json").write_bytes(about)
    (root / CURRENT).write_text(version)
    return version


@pytest.fixture
def figures(tmp_path: Path) -> Fundamentals:
    stored(tmp_path)
    return Fundamentals(tmp_path)


def test_figures_are_those_known_at_the_moment_and_missing_is_none(figures: Fundamentals) -> None:
    assert figures.as_of("AAA", 999) == {}
    assert figures.as_of("AAA", 1_000) == {"sector": "Energy", "pe_ratio": 10.0, "market_cap": 1e9}
    assert figures.as_of("AAA", 1_999) == figures.as_of("AAA", 1_000)
    assert figures.as_of("AAA", 2_000) == {"sector": "Energy", "pe_ratio": 12.0, "market_cap": None}
    assert figures.as_of("ZZZ", 9_999) == {}
    assert figures.all_as_of(1_200) == {"AAA": figures.as_of("AAA", 1_200)}
    assert list(figures.all_as_of(1_500, ["BBB", "ZZZ"])) == ["BBB"]


def test_figures_given_out_cannot_change_those_kept(figures: Fundamentals) -> None:
    figures.as_of("AAA", 1_000)["pe_ratio"] = 0.0
    assert figures.as_of("AAA", 1_000)["pe_ratio"] == 10.0


def test_history_has_every_row_with_its_moment(figures: Fundamentals) -> None:
    assert [(known, row["pe_ratio"]) for known, row in figures.history("AAA")] == [(1_000, 10.0), (2_000, 12.0)]
    assert figures.history("ZZZ") == []


def test_figures_without_a_date_are_given_out_always_and_marked(tmp_path: Path, figures: Fundamentals) -> None:
    assert figures.point_in_time
    stored(tmp_path, dated=False)
    undated = Fundamentals(tmp_path)
    assert (undated.as_of("BBB", 0)["market_cap"], undated.history("BBB")[0][0]) == (5e9, None)
    assert not undated.point_in_time
    assert (undated.is_point_in_time("AAA"), undated.is_point_in_time("BBB")) == (True, False)


def test_opened_version_stays_while_another_is_stored(tmp_path: Path, figures: Fundamentals) -> None:
    first = figures.hash
    second = stored(tmp_path, dated=False)
    assert second != first
    assert (figures.hash, Fundamentals(tmp_path).hash) == (first, second)
    assert Fundamentals(tmp_path, first).as_of("BBB", 0) == {}


def test_nothing_imported_is_no_figures(tmp_path: Path) -> None:
    none = Fundamentals(tmp_path / "absent")
    assert (none.hash, none.symbols, none.fields, none.as_of("AAA", 1), none.scan({}, 1)) == (None, (), (), {}, {})


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["AAA", "BBB"]),
        ({"min_pe_ratio": 12}, ["AAA"]),
        ({"max_pe_ratio": 11.9}, []),
        ({"min_market_cap": 0}, ["BBB"]),
        ({"sector": "health care"}, ["BBB"]),
        ({"sector": ["Energy", "HEALTH CARE"], "min_pe_ratio": 1}, ["AAA"]),
        ({"min_eps": 0}, []),
        ({"industry": "Oil"}, []),
    ],
)
def test_scan_keeps_what_passes_every_filter_and_never_the_unknown(
    figures: Fundamentals, filters: dict[str, Any], expected: list[str]
) -> None:
    assert list(figures.scan(filters, 2_000)) == expected


def test_scan_looks_at_the_symbols_given_in_order_up_to_the_limit(figures: Fundamentals) -> None:
    assert list(figures.scan({}, 2_000, ["BBB", "AAA"], limit=1)) == ["BBB"]
    assert list(figures.scan({}, 1_200)) == ["AAA"]


@pytest.mark.parametrize(
    ("filters", "hint"),
    [
        ({"min_marketcap": 1}, "did you mean min_market_cap"),
        ({"pe_ratio": 1}, "did you mean"),
        ({"min_sector": 1}, "did you mean"),
        ({"x": 1}, "use min_ or max_"),
        ({"min_pe_ratio": "low"}, None),
        ({"min_pe_ratio": True}, None),
        ({"min_pe_ratio": MISSING}, None),
        ({"sector": 3}, None),
    ],
)
def test_filter_that_does_not_exist_or_makes_no_sense_is_refused(
    figures: Fundamentals, filters: dict[str, Any], hint: str | None
) -> None:
    with pytest.raises(BadInputError) as refused:
        figures.scan(filters, 1)
    assert (refused.value.pointer or "").startswith("/filters/")
    assert hint is None or (refused.value.hint or "").startswith(hint)


def test_version_changed_on_the_disk_is_refused(tmp_path: Path) -> None:
    version = stored(tmp_path)
    table = tmp_path / f"{version}.npy"
    table.write_bytes(table.read_bytes()[:-1] + b"\x01")
    with pytest.raises(BadInputError) as refused:
        Fundamentals(tmp_path)
    assert refused.value.code == "data.bad_fundamentals"


@pytest.mark.parametrize("version", ["ab12", "../x", "", "x/y", "é"])
def test_version_that_is_not_stored_is_named(tmp_path: Path, version: str) -> None:
    (tmp_path / CURRENT).write_text("gone")
    with pytest.raises(NotFoundError) as refused:
        Fundamentals(tmp_path, version)
    assert refused.value.code == "data.unknown_fundamentals"


def test_every_field_is_documented() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "fundamentals.md").read_text()
    assert [name for name in FIELDS if f"`{name}`" not in page] == []
