"""Hostile words in every text of a generation and of the knowledge base, wherever they are shown: API, pages, terminal."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from libs.client import render
from libs.client.verbs import generated, jobs, knowledge
from libs.common.errors import BadInputError
from libs.report.page import page
from services.gateway.status_page import load_page
from tests.api import sentences as told
from tests.api.facts import judged, proposed
from tests.api.world import World, open_world
from tests.security.poisoned.words import HOSTILE, IN_JSON, UNSEEN
from tests.support.reports import hostile as hostile_report

ROUTES = (
    "/api/v1/jobs",
    "/api/v1/jobs/g1",
    "/api/v1/jobs/g2",
    "/api/v1/jobs/g1/result",
    "/api/v1/jobs/x1",
    "/api/v1/jobs/x1/result",
    "/api/v1/strategies",
    "/api/v1/strategies/s1",
    "/api/v1/lineage/strategy/s1",
    "/api/v1/knowledge/documents",
)


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> Any:
    async with open_world(tmp_path) as opened:
        yield opened


def facts(text: str) -> list[Any]:
    """Return every fact of a sentence and of the knowledge base, with `text` in each of its texts."""
    cited = {"document": f"risk/{text}.md"[:256], "chunk": 0, "heading": text, "quote": text, "score": 0.5}
    finding = {"code": text, "message": text, "phrase": text, "hint": text, text[:20]: text, "nearest": [text]}
    made = told.made(name=text, detail=text, model=text)
    strategy = proposed(
        "s1",
        kind="python.signals",
        rules=None,
        code=f"# {text}\n",
        name=text,
        in_words=text,
        origin="llm",
        generation_id="g1",
    )
    return [
        told.generating(name=text, universe=text[:64], asked_by=text[:64]).model_copy(update={"text": text}),
        told.attempt(
            engine="llm", model=text, prompt_hash="ab", rationale=text, citations=(cited,), code=f"# {text}\n"
        ),
        told.broken(number=2, rationale=text).model_copy(update={"code": text, "findings": (finding,)}),
        strategy,
        judged(strategy).model_copy(update={"deciding_rule": text}),
        told.generated(
            "g1",
            made,
            in_words=text,
            assumptions=({"phrase": text, "meaning": text},),
            citations=(cited,),
            warnings=(text,),
        ).model_copy(update={"text": text}),
        told.generating("g2"),
        told.ungenerated("g2", detail=text, hint=text, pointer=text, findings=(finding,)),
        told.document(title=text).model_copy(update={"document": f"risk/{text}.md"}),
        told.indexed(embedder=text, skipped=(text,)),
    ]


@pytest.mark.parametrize("text", IN_JSON.values(), ids=IN_JSON.keys())
async def test_api_answers_with_json_that_no_browser_takes_for_a_page(text: str, world: World) -> None:
    await world.fold(*facts(text))
    shown = 0
    for route in ROUTES:
        reply = await world.client.get(route)
        if reply.status_code == 404:
            continue
        assert reply.headers["content-type"].split(";")[0] in ("application/json", "application/problem+json"), route
        assert reply.headers["x-content-type-options"] == "nosniff", route
        shown += json.dumps(reply.json()).count(json.dumps(text)[1:-1]) > 0
    assert shown >= 5


async def test_refusal_that_quotes_a_stranger_is_json_too(world: World) -> None:
    for text in IN_JSON.values():
        reply = await world.client.post("/api/v1/strategies/generate", json={"text": "x", "engine": text, text: text})
        assert (reply.status_code, reply.headers["content-type"]) == (422, "application/problem+json")
        assert reply.headers["x-content-type-options"] == "nosniff"


def test_status_page_sets_words_as_text_and_runs_its_own_script_alone() -> None:
    made = load_page()
    for dangerous in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "srcdoc"):
        assert dangerous not in made.html
    assert "unsafe" not in made.policy
    assert "default-src 'none'" in made.policy


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_report_escapes_the_words_of_a_generated_strategy(text: str) -> None:
    html = page(hostile_report(text)).decode()
    for dangerous in ("<script>alert", "<img src=x", "<svg/onload"):
        assert dangerous not in html
    assert not UNSEEN.search(html.replace("\r", "\n"))


def result(text: str) -> dict[str, Any]:
    cited = {"document": f"risk/{text}.md", "chunk": 0, "heading": text, "quote": text, "score": 0.5}
    best = {
        **dict.fromkeys(("metrics", "gate", "reasons", "closed_trades", "window_start", "window_end", "simulated")),
        "id": "s1",
        "strategy_id": "s1",
        "backtest_id": None,
        "name": text,
        "symbols": [text],
        "timeframe": "1h",
        "kind": "python.signals",
        "code": "x = 1\n",
        "in_words": text,
        "engine": "llm",
        "model": text,
        "variant": 1,
        "attempts": 1,
        "verdict": None,
        "duplicate": False,
        "detail": text,
        "deciding_rule": None,
    }
    attempt = {"tokens_in": 1, "tokens_out": 1, "estimated": False}
    judged = {**best, "verdict": "good", "deciding_rule": "good: return >= 15 %", "backtest_id": "b1"}
    return {
        "text": text,
        "in_words": text,
        "assumptions": [{"phrase": text, "meaning": text}],
        "citations": [cited],
        "warnings": [text],
        "strategies": [judged, best],
        "attempts": [attempt],
        "cost_usd": 0.1,
    }


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_terminal_is_told_nothing_but_text(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    generated.show(result(text), metrics=True)
    found = {"id": "g1", "strategies": [result(text)["strategies"][0]]}
    generated.show_pending(found, result(text)["strategies"])
    jobs._show(
        {"id": "g1", "mode": "generate", "state": "failed", "name": text, "text": text, "detail": text, "hint": text}
    )
    hit = {"score": 0.5, "document": text, "chunk": 0, "own": True, "heading": text, "title": text, "text": text}
    knowledge._show([hit])
    said = capsys.readouterr().out
    assert not UNSEEN.search(said), ascii(said)


@pytest.mark.parametrize("text", IN_JSON.values(), ids=IN_JSON.keys())
def test_error_that_quotes_a_stranger_tells_a_terminal_nothing(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    render.problem(BadInputError(text, code="x", pointer=text, hint=text))
    said = capsys.readouterr().err
    assert not UNSEEN.search(said), ascii(said)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_terminal_of_a_person_is_told_nothing_but_text(
    text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    generated.show(result(text), metrics=True)
    hit = {"score": 0.5, "document": text, "chunk": 0, "own": True, "heading": text, "title": text, "text": text}
    knowledge._show([hit])
    said = capsys.readouterr().out
    assert not UNSEEN.search(said), ascii(said)
    assert "evil.example]" not in said or "[link=" in said, "markup of a stranger was drawn"
