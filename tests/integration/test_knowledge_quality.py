"""What the search is worth: paraphrased questions over our pages and the shared texts, answered in the first three passages."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from services.strategy_gen.knowledge.base import Knowledge
from services.strategy_gen.knowledge.vectors import Kind
from tests.integration.knowledge_questions import OURS, QUESTIONS, Asked

ROOT = Path(__file__).resolve().parents[2]
OWN_PAGES = ROOT / "knowledge"
SHARED = ROOT / "../shared/data/knowledge"


def hits(base: Knowledge, questions: Sequence[Asked]) -> list[bool]:
    return [
        any(passage.document in asked.documents for passage in base.search(asked.question, asked.domain, 3))
        for asked in questions
    ]


@pytest.mark.parametrize("kind", ["sqlite", "chroma"])
def test_search_finds_the_expected_text_among_the_first_three(tmp_path: Path, kind: Kind) -> None:
    if kind == "chroma":
        pytest.importorskip("chromadb")
    if not SHARED.is_dir():
        pytest.skip("shared data absent")
    base = Knowledge([OWN_PAGES, SHARED], tmp_path / "own", tmp_path / "index", vectors=kind)
    assert base.index().added >= 70
    found = hits(base, QUESTIONS)
    missed = [asked.question for asked, hit in zip(QUESTIONS, found, strict=True) if not hit]
    assert len(found) >= 60
    assert sum(found) / len(found) >= 0.95, missed
    base.close()


def test_search_over_our_pages_alone_finds_them(tmp_path: Path) -> None:
    base = Knowledge([OWN_PAGES], tmp_path / "own", tmp_path / "index", vectors="sqlite")
    done = base.index()
    assert done.added >= 25
    assert done.skipped == ()
    assert min(done.chunks.values()) > 0
    found = hits(base, OURS)
    assert sum(found) / len(found) >= 0.95
    base.close()
