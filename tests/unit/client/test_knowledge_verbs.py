"""index and ask, and the documented indexer: what they send, what they show."""

import json
from typing import Any

import pytest

from libs.client.knowledge import KnowledgeIndexer
from libs.client.verbs.knowledge import QUOTED, flowing
from tests.unit.client import sentences as told
from tests.unit.client.test_cli import gateway, run

__all__ = ["gateway", "run"]

INDEXED = {
    "job_id": "x1",
    "chunks": {"risk": 12, "technical": 30},
    "added": 2,
    "changed": 1,
    "removed": 0,
    "unchanged": 43,
    "embedder": "hash-1",
    "skipped": ["papers/x.pdf: no text in it"],
}
JOB = {"id": "x1", "mode": "index", "state": "done", "result": INDEXED}
INDEX = ("POST", "/api/v1/knowledge/index")
SEARCH = ("POST", "/api/v1/knowledge/search")


def test_index_shows_the_chunks_of_every_domain_and_what_was_skipped(gateway: Any, run: Any) -> None:
    server = gateway({INDEX: (200, JOB)})
    status, out, _ = run("index", "--rebuild")
    assert (status, server.asked[0][2]) == (0, {"rebuild": True})
    assert out.splitlines() == [
        "domain\tchunks",
        "technical\t30",
        "sentiment\t0",
        "fundamental\t0",
        "risk\t12",
        "papers\t0",
        "documents: 2 added, 1 changed, 0 removed, 43 unchanged; embedder: hash-1",
        "skipped: papers/x.pdf: no text in it",
    ]


def test_ask_shows_passages_with_score_and_source_and_says_that_it_quotes(gateway: Any, run: Any) -> None:
    server = gateway({SEARCH: (200, {"query": "where?", "hits": [told.HIT]})})
    status, out, _ = run("ask", "where do I put a stop?", "--domain", "risk", "--limit", "2")
    assert status == 0
    assert server.asked[0][2] == {"query": "where do I put a stop?", "limit": 2, "domain": "risk"}
    lines = out.splitlines()
    assert lines[1] == "0.7123\trisk/stops.md#2 (added here)\tWhere to put it\tA stop is a price. - far enough"
    assert lines[-1] == f"# {QUOTED}"


def test_ask_without_a_passage_says_so(gateway: Any, run: Any) -> None:
    gateway({SEARCH: (200, {"query": "?", "hits": []})})
    assert "no passage has a word of that question" in run("ask", "?")[1]


def test_ask_for_nothing_is_wrong_usage(run: Any) -> None:
    assert run("ask", " ")[0] == 2


def test_passage_flows_while_lists_tables_and_code_keep_their_lines() -> None:
    text = "One line\nand its end.\n\n- an item\n  of two lines\n- another\n| a | b |\n\n```python\nx = 1\ny = 2\n```\nafter\nit"
    assert flowing(text) == [
        "One line and its end.",
        "",
        "- an item",
        "  of two lines",
        "- another",
        "| a | b |",
        "",
        "```python",
        "x = 1",
        "y = 2",
        "```",
        "after it",
    ]


def test_ask_as_json_prints_the_body_of_the_api(gateway: Any, run: Any) -> None:
    body = {"query": "?", "domain": None, "hits": [told.HIT]}
    gateway({SEARCH: (200, body)})
    assert json.loads(run("ask", "?", "--json")[1]) == body


@pytest.mark.parametrize("arguments", [["ask"], ["ask", "x", "--domain", "astrology"], ["ask", "x", "--limit", "51"]])
def test_ask_with_wrong_usage_ends_with_2(run: Any, arguments: list[str]) -> None:
    assert run(*arguments)[0] == 2


def test_indexer_returns_the_chunks_of_every_domain(gateway: Any) -> None:
    server = gateway({INDEX: (200, JOB)})
    stats = KnowledgeIndexer().index_all()
    assert stats == {"technical": 30, "sentiment": 0, "fundamental": 0, "risk": 12, "papers": 0}
    assert server.asked[0][2] == {"rebuild": False}
