"""Universes and company figures over HTTP: what is shown, and the commands that leave."""

from pathlib import Path
from typing import Any

import pytest

from libs.client.verbs.following import job_of
from libs.common.commands import DefineUniverse, ImportBars, ImportFundamentals, RemoveUniverse
from libs.common.values import from_epoch_ms
from libs.market.catalog import CatalogWriter
from libs.market.universes import version_of
from tests.api.world import World, nothing_asked
from tests.unit.market import test_fundamentals as figures
from tests.unit.market.series import walk
from tests.unit.market.test_universes import put


def stock(world: World) -> Path:
    folder = world.settings.data_dir
    writer = CatalogWriter(world.settings.catalog_dir)
    for symbol in ("AAA", "BBB"):
        writer.append(symbol, "1h", walk(3), "test", False)
    put(folder, "three", "AAA", "BBB", "CCC")
    return folder


async def test_universes_are_listed_page_by_page(world: World) -> None:
    stock(world)
    first = await world.get("/api/v1/universes", limit=1)
    assert [(one["id"], one["symbols_total"], one["self"]) for one in first["items"]] == [
        ("all", 2, "/api/v1/universes/all")
    ]
    second = await world.get("/api/v1/universes", limit=1, cursor=first["next_cursor"])
    assert [(one["id"], one["symbols_total"], one["version"]) for one in second["items"]] == [
        ("three", 3, version_of(["AAA", "BBB", "CCC"]))
    ]
    assert second["next_cursor"] is None


async def test_universe_shows_its_symbols_and_those_without_bars(world: World) -> None:
    stock(world)
    whole = await world.get("/api/v1/universes/three")
    assert (whole["symbols"], "missing" in whole) == (["AAA", "BBB", "CCC"], False)
    assert (await world.get("/api/v1/universes/three", timeframe="1h"))["missing"] == ["CCC"]
    assert (await world.get("/api/v1/universes/all", timeframe="1d"))["symbols"] == []


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/universes/four", 404, "universe.unknown"),
        ("/universes/..%2Fthree", 404, None),
        ("/universes/three?timeframe=2h", 422, None),
        ("/universes/three?size=1", 422, None),
        ("/universes?cursor=zz", 422, "input.cursor"),
        ("/fundamentals/AAA", 404, "data.no_figures"),
        ("/fundamentals/a%20b", 422, None),
        ("/fundamentals/AAA?at=yesterday", 422, None),
    ],
)
async def test_what_is_not_there_or_makes_no_sense_is_refused(
    world: World, path: str, status: int, code: str | None
) -> None:
    stock(world)
    reply = await world.client.get(f"/api/v1{path}")
    assert reply.status_code == status, reply.text
    assert code is None or reply.json()["code"] == code


async def test_figures_are_shown_as_of_a_moment(world: World) -> None:
    assert (await world.get("/api/v1/fundamentals"))["version"] is None
    version = figures.stored(world.settings.fundamentals_dir)
    told = await world.get("/api/v1/fundamentals")
    assert (told["version"], told["symbols_total"], told["point_in_time"]) == (version, 2, True)
    assert told["fields"][1:] == [{"name": "pe_ratio", "unit": "ratio"}, {"name": "market_cap", "unit": "money"}]
    at = from_epoch_ms(1_000).isoformat().replace("+00:00", "Z")
    body = await world.get("/api/v1/fundamentals/aaa", at=at)
    assert (body["figures"]["pe_ratio"], body["known_from"]) == (10.0, "1970-01-01T00:00:01Z")
    assert (await world.get("/api/v1/fundamentals/AAA"))["figures"] == {
        "sector": "Energy",
        "pe_ratio": 12.0,
        "market_cap": None,
    }
    figures.stored(world.settings.fundamentals_dir, dated=False)
    body = await world.get("/api/v1/fundamentals/BBB", at=at)
    assert (body["point_in_time"], body["known_from"]) == (False, None)


@pytest.mark.parametrize(
    ("method", "path", "body", "kind"),
    [
        ("POST", "/universes", {"name": "tech", "symbols": ["AAPL", "brk.b"]}, DefineUniverse),
        ("DELETE", "/universes/tech", None, RemoveUniverse),
        ("POST", "/fundamentals", {"path": "/f.csv", "percent": ["debt_to_equity"]}, ImportFundamentals),
        ("POST", "/market/imports", {"path": "/b.csv", "by_column": "Name", "universe": "x"}, ImportBars),
    ],
)
async def test_act_sends_its_command(world: World, method: str, path: str, body: Any, kind: type) -> None:
    reply = await world.client.request(method, f"/api/v1{path}", json=body)
    assert reply.status_code in (200, 201), reply.text
    (command,) = world.outlet.asked
    assert isinstance(command, kind)
    assert not isinstance(command, DefineUniverse) or command.symbols == ["AAPL", "BRK-B"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/universes", {"name": "tech"}),
        ("/universes", {"name": "tech", "symbols": []}),
        ("/universes", {"name": "tech", "symbols": ["../x"]}),
        ("/universes", {"name": "tech", "symbols": ["A"] * 5_001}),
        ("/universes", {"name": "te\u202ech", "symbols": ["A"]}),
        ("/fundamentals", {}),
        ("/fundamentals", {"path": "/f.csv", "replace": "yes"}),
    ],
)
async def test_body_that_is_no_command_is_refused(world: World, path: str, body: Any) -> None:
    with nothing_asked(world):
        assert (await world.client.post(f"/api/v1{path}", json=body)).status_code == 422


async def test_import_under_a_key_is_the_job_the_command_line_follows(world: World) -> None:
    reply = await world.client.post(
        "/api/v1/market/imports", json={"path": "/b.csv"}, headers={"Idempotency-Key": "k1"}
    )
    assert reply.json()["command_id"] == job_of("ImportBars", "k1")
