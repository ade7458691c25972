"""The examples for n8n and curl: importable, without secrets, and every request in them is one the gateway takes."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Route

from libs.common.commands import GenerateStrategy, PromoteStrategy, RunBacktest, SubmitStrategy
from libs.common.studies import RunScreen
from tests.api.world import World, done
from tests.conftest import ROOT
from tests.unit.client import sentences as told
from tests.unit.client.test_cli import gateway

__all__ = ["gateway"]

HOST = "http://127.0.0.1:3000"
WORKFLOWS = sorted((ROOT / "examples" / "n8n").glob("*.json"))
SCRIPTS = ROOT / "examples" / "curl"
_FIELD = re.compile(r"(\w+): (\$json[\w.]*|'[^']*'|\['[^']*'\])")
_SECRET = re.compile(r"sk-\w{8}|api[_-]?key|bearer |password|xox[bp]-", re.I)
SAMPLES: dict[str, Any] = {
    "text": "buy BTCUSDT when RSI is below 30",
    "engine": "auto",
    "variants": 1,
    "strategy_id": "s1",
    "id": "s1",
    "universe": "all",
    "limit": 20,
    "name": "dip buyer",
    "code": told.CODE,
}
KINDS = {
    "n8n-nodes-base.manualTrigger": 1,
    "n8n-nodes-base.scheduleTrigger": 1.2,
    "n8n-nodes-base.set": 3.4,
    "n8n-nodes-base.httpRequest": 4.2,
    "n8n-nodes-base.if": 2.2,
    "n8n-nodes-base.wait": 1.1,
    "n8n-nodes-base.sort": 1,
    "n8n-nodes-base.splitOut": 1,
    "n8n-nodes-base.noOp": 1,
    "n8n-nodes-base.stickyNote": 1,
    "@n8n/n8n-nodes-langchain.openAi": 1.8,
}
"""Node types that are used, in the version whose parameters are known."""


def nodes(workflow: dict[str, Any], kind: str = "") -> Iterator[dict[str, Any]]:
    return (node for node in workflow["nodes"] if node["type"].endswith(kind))


def body_of(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the body that n8n would send, with a sample for each value of the item before."""
    inside = re.fullmatch(r"={{ JSON\.stringify\(\{ (.*) \}\) }}", parameters["jsonBody"])
    assert inside is not None, parameters["jsonBody"]
    found = _FIELD.findall(inside[1])
    assert len(found) == inside[1].count(": "), "a part of the body was not read"
    return {name: _value(text) for name, text in found}


def _value(text: str) -> Any:
    return SAMPLES[text.rsplit(".", 1)[1]] if text.startswith("$json") else json.loads(text.replace("'", '"'))


@pytest.mark.parametrize("place", WORKFLOWS, ids=lambda place: place.stem)
def test_workflow_is_whole_and_holds_no_secret(place: Path) -> None:
    workflow = json.loads(place.read_text())
    names = [node["name"] for node in workflow["nodes"]]
    assert len(set(names)) == len(names) == len({node["id"] for node in workflow["nodes"]})
    assert all(KINDS[node["type"]] == node["typeVersion"] for node in workflow["nodes"])
    targets = [wire["node"] for out in workflow["connections"].values() for wires in out["main"] for wire in wires]
    assert set(targets) | set(workflow["connections"]) <= set(names)
    lonely = {node["name"] for node in workflow["nodes"] if not node["type"].endswith(("Trigger", "stickyNote"))}
    assert lonely <= set(targets), "a node that nothing leads to"
    assert not any("credentials" in node for node in workflow["nodes"])
    assert not _SECRET.search(place.read_text())
    assert workflow["active"] is False


@pytest.mark.parametrize("place", WORKFLOWS, ids=lambda place: place.stem)
async def test_every_request_of_a_workflow_is_one_the_gateway_takes(world: World, place: Path) -> None:
    world.outlet.answer = lambda command: done(command, "j1")
    workflow = json.loads(place.read_text())
    known = {(method, route.path) for route in routes(world) for method in route.methods or ()}
    for node in nodes(workflow, "httpRequest"):
        asked = node["parameters"]
        assert (asked["method"], path_of(asked["url"])) in known, asked["url"]
        assert asked["options"]["response"]["response"]["neverError"] is True
        if asked["method"] == "POST":
            place_of = re.sub(r"{{.*?}}", "s1", asked["url"]).removeprefix("=").removeprefix(HOST)
            before = len(world.outlet.asked)
            reply = await world.client.post(place_of, json=body_of(asked))
            assert reply.status_code in (200, 201, 202), reply.text
            assert len(world.outlet.asked) == before + 1, reply.text
    allowed = (GenerateStrategy, PromoteStrategy, RunBacktest, SubmitStrategy, RunScreen)
    assert world.outlet.asked
    assert all(isinstance(command, allowed) for command in world.outlet.asked)


def routes(world: World) -> Iterator[Route]:
    app = world.client._transport.app  # type: ignore[attr-defined]
    paths = app.openapi()["paths"]
    for path, methods in paths.items():
        for method in methods:
            yield Route(path, lambda _: None, methods=[method.upper()])


def path_of(url: str) -> str:
    """Return the template of the route that a workflow asks."""
    path = url.removeprefix("=").removeprefix(HOST)
    for name in ("jobs", "strategies"):
        path = re.sub(rf"/{name}/{{{{.*?}}}}", f"/{name}/{{{name.removesuffix('s')}_id}}", path)
    return path.replace("{strategie_id}", "{strategy_id}")


def curl(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["sh", str(SCRIPTS / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False, env=dict(os.environ))


GENERATE = ("POST", "/api/v1/strategies/generate")
HARD = 'buy when "it" rises \\ 100 %'


def test_curl_examples_send_what_the_gateway_takes_and_show_what_it_answers(gateway: Any) -> None:
    job, result = ("GET", "/api/v1/jobs/g1"), ("GET", "/api/v1/jobs/g1/result")
    server = gateway(
        {
            GENERATE: (202, told.RUNNING),
            job: (200, told.DONE),
            result: (200, told.RESULT),
            ("POST", "/api/v1/strategies/s1/promote"): (200, {"ids": ["s1"]}),
            ("POST", "/api/v1/knowledge/search"): (200, {"hits": [told.HIT]}),
        }
    )
    runs = [curl("generate.sh", HARD), curl("wait.sh", "g1"), curl("promote.sh", "s1", "paper"), curl("ask.sh", HARD)]
    assert [done.returncode for done in runs] == [0, 0, 0, 0], runs
    shown = [json.loads(done.stdout) for done in runs]
    assert (shown[0]["id"], shown[1], shown[3]["hits"]) == ("g1", told.RESULT, [told.HIT])
    sent = [body for method, _, body in server.asked if method == "POST"]
    assert sent == [{"text": HARD}, {"stage": "paper"}, {"query": HARD, "limit": 3}]


def test_curl_example_fails_where_the_gateway_refuses(gateway: Any) -> None:
    gateway({GENERATE: (422, told.PROBLEM)})
    refused, unknown = curl("generate.sh", "x"), curl("wait.sh", "nobody")
    assert (refused.returncode != 0, unknown.returncode != 0) == (True, True)
    assert json.loads(refused.stdout)["diagnostics"] == [told.PHRASE]
