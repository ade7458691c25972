"""Every route there is stands in docs/api.md and no other; what its examples of documented replies show is what is answered."""

import re
from pathlib import Path
from typing import Any

import pytest

from libs.common.commands import RunBacktest, SetVerdict
from libs.common.values import Verdict
from services.gateway.api import build_api
from services.gateway.documented import trade
from services.gateway.documented_functions import FUNCTIONS
from services.gateway.documented_python import backtest_reply, verdict_reply
from services.gateway.documented_rules import rules_reply
from services.gateway.documented_stored import summary
from services.gateway.queries import Fact
from services.gateway.status_page import load_page
from tests.api.answers import judged, overruled
from tests.api.facts import backtest, story
from tests.api.world import open_world
from tests.conftest import ROOT
from tests.support.build import START
from tests.support.documented import example
from tests.support.reports import trade as round_trip

API = (ROOT / "docs" / "api.md").read_text()
_ROW = re.compile(r"^\| `((?:[A-Z]+ )+)(/[^`]*)` \|", re.M)


async def test_every_route_is_in_the_page_and_no_other(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        paths = build_api(world.gateway, load_page()).openapi()["paths"]
    known = {(method.upper(), path) for path, methods in paths.items() for method in methods} | {("WS", "/ws")}
    listed = [(method, path) for methods, path in _ROW.findall(API) for method in methods.split()]
    assert sorted(listed) == sorted(known)


async def test_documented_routes_are_marked_as_such(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        paths = build_api(world.gateway, load_page()).openapi()["paths"]
    for path, methods in paths.items():
        for route in methods.values():
            is_own = path.startswith("/api/v1/") or path in ("/healthz", "/readyz")
            assert (route.get("deprecated"), route.get("tags")) == ((None, None) if is_own else (True, ["compat"]))


def replies() -> dict[str, Any]:
    """Return a real reply for each example."""
    run, rule = RunBacktest.first(key="r", at=START), {"code_hash": "c", "verdict": Verdict.GOOD, "reason": "r"}
    result, report = judged(run).result, {"trades": [round_trip(0)]}
    fact = Fact(1, "OrderFilled", START, story().fill.model_dump(mode="json"))
    return {
        "run_backtest": backtest_reply(result, None),
        "update_verdict": verdict_reply(overruled(SetVerdict.first(key="s", at=START, **rule)).result),
        "backtest": rules_reply(result, report),
        "summary": summary(backtest().model_dump(mode="json")),
        "trade": trade(fact),
    }


@pytest.mark.parametrize("name", replies())
def test_example_has_the_fields_of_the_reply_in_their_order(name: str) -> None:
    shown, real = example(name), replies()[name]
    assert list(shown) == list(real)
    for field in ("performance", "trades"):
        if field in shown:
            first, second = (one[field][0] if field == "trades" else one[field] for one in (shown, real))
            assert list(first) == list(second)


def test_every_function_is_in_the_page() -> None:
    assert [name for name in FUNCTIONS if f"`{name}`" not in API] == []


def test_workflow_is_json_that_posts_to_a_documented_route() -> None:
    (node,) = example("n8n")["nodes"]
    assert node["parameters"]["url"].endswith("/run_backtest")
