import json
from pathlib import Path

import pytest

from libs.common.errors import BadInputError, BadTimeframeError, NotFoundError
from libs.market.catalog import Catalog, CatalogWriter
from libs.market.universes import Universe, Universes, parse_name, version_of
from tests.unit.market.series import walk


@pytest.fixture
def universes(tmp_path: Path) -> Universes:
    """AAA has hourly and daily bars, BBB hourly ones, CCC none; `three` lists them all."""
    writer = CatalogWriter(tmp_path / "catalog")
    for symbol, timeframe in (("AAA", "1h"), ("BBB", "1h"), ("AAA", "1d")):
        writer.append(symbol, timeframe, walk(3), "test", False)
    put(tmp_path, "three", "AAA", "BBB", "CCC")
    return Universes(tmp_path / "universes", Catalog(tmp_path / "catalog"))


def put(folder: Path, name: str, *symbols: str) -> None:
    place = folder / "universes"
    (place / "versions").mkdir(parents=True, exist_ok=True)
    body = {"name": name, "origin": "test", "symbols": symbols, "version": version_of(symbols)}
    (place / f"{name}.json").write_text(json.dumps(body))
    (place / "versions" / f"{version_of(symbols)}.json").write_text(json.dumps({"symbols": symbols}))


def test_universe_has_its_symbols_that_are_stored_for_the_timeframe(universes: Universes) -> None:
    assert universes.symbols("three", "1h") == ("AAA", "BBB")
    assert universes.symbols(" THREE ", "1d") == ("AAA",)
    assert universes.missing("three", "1d") == ("BBB", "CCC")
    version = version_of(["CCC", "BBB", "AAA", "AAA"])
    assert universes.get("three") == Universe("three", version, ("AAA", "BBB", "CCC"), "test")
    assert universes.version(version) == ("AAA", "BBB", "CCC")


def test_all_is_what_is_stored(universes: Universes, tmp_path: Path) -> None:
    assert (universes.symbols("all", "1h"), universes.symbols("all", "1d")) == (("AAA", "BBB"), ("AAA",))
    assert (universes.get("all").symbols, universes.names()) == (("AAA", "BBB"), ("all", "three"))
    before = universes.get("all", "1h").version
    CatalogWriter(tmp_path / "catalog").append("DDD", "1h", walk(3), "test", False)
    assert universes.symbols("all", "1h") == ("AAA", "BBB", "DDD")
    assert universes.get("all", "1h").version != before


def test_unknown_universe_names_near_ones(universes: Universes) -> None:
    for name, hint in (
        ("tree", "did you mean three"),
        ("zzz", "there are all, three"),
        ("../x", "there are all, three"),
    ):
        with pytest.raises(NotFoundError) as refused:
            universes.symbols(name, "1h")
        assert (refused.value.code, refused.value.hint) == ("universe.unknown", hint)
    with pytest.raises(NotFoundError):
        universes.version("../three")


def test_universe_without_stored_bars_is_refused(universes: Universes) -> None:
    for name in ("three", "all"):
        with pytest.raises(NotFoundError) as refused:
            universes.symbols(name, "5m")
        assert refused.value.code == "universe.no_bars"
    with pytest.raises(BadTimeframeError):
        universes.symbols("three", "2h")


def test_damaged_universe_is_named(universes: Universes, tmp_path: Path) -> None:
    (tmp_path / "universes" / "three.json").write_text("{")
    with pytest.raises(BadInputError) as refused:
        universes.get("three")
    assert refused.value.code == "universe.damaged"


def test_nothing_defined_is_only_all(tmp_path: Path) -> None:
    empty = Universes(tmp_path / "absent", Catalog(tmp_path / "absent"))
    assert (empty.names(), empty.get("all").symbols) == (("all",), ())


@pytest.mark.parametrize("name", ["", "../x", "a b", "-a", "é", "a/b", "x" * 65, "a.b", "all", "ALL"])
def test_name_that_cannot_be_one_is_refused(name: str) -> None:
    with pytest.raises(BadInputError) as refused:
        parse_name(name)
    assert refused.value.pointer == "/name"


def test_name_is_lower_case() -> None:
    assert parse_name(" SP500_x-1 ") == "sp500_x-1"
