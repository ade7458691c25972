"""Indexing: what is read and embedded, when, and what failures leave."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from libs.common.values import Domain
from services.strategy_gen.knowledge.embedding import Vector
from services.strategy_gen.knowledge.errors import EmbeddingsError, IndexUnavailableError
from tests.support.knowledge import Counting, Shelf, indexed


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return indexed(tmp_path)


def test_index_first_time_adds_everything_and_counts_by_domain(tmp_path: Path) -> None:
    done = Shelf(tmp_path).base.index()
    assert (done.added, done.changed, done.removed, done.unchanged, done.skipped) == (4, 0, 0, 0, ())
    assert done.chunks == {
        Domain.TECHNICAL: 1,
        Domain.SENTIMENT: 0,
        Domain.FUNDAMENTAL: 0,
        Domain.RISK: 3,
        Domain.PAPERS: 1,
    }
    assert done.embedder == "counting (sqlite)"
    stops = next(one for one in done.documents if one.document == "risk/stops.md")
    assert (stops.title, stops.chunks, stops.own, stops.removed) == ("Stop losses", 2, False, False)
    assert len(stops.document_id) == 24


def test_index_again_embeds_nothing(shelf: Shelf) -> None:
    done = shelf.base.index()
    assert (done.added, done.changed, done.removed, done.unchanged) == (0, 0, 0, 4)
    assert done.documents == ()
    assert shelf.embedder.taken() == []


def test_index_after_a_restart_embeds_nothing(shelf: Shelf) -> None:
    shelf.base.close()
    shelf.base = shelf.opened()
    assert shelf.base.index().unchanged == 4
    assert shelf.embedder.taken() == []


def test_index_touches_only_what_changed(shelf: Shelf) -> None:
    before = {one.document: one.document_id for one in shelf.base.index(rebuild=True).documents}
    shelf.embedder.taken()
    shelf.write("risk/size.md", "# Position size\n\nRisk half a percent instead.")
    shelf.write("sentiment/fear.md", "# Fear\n\nCrowds panic.")
    (shelf.folder / "papers/momentum.txt").unlink()
    done = shelf.base.index()
    assert (done.added, done.changed, done.removed, done.unchanged) == (1, 1, 1, 2)
    assert len(shelf.embedder.taken()) == 2
    assert {one.document: one.removed for one in done.documents} == {
        "risk/size.md": False,
        "sentiment/fear.md": False,
        "papers/momentum.txt": True,
    }
    assert all(before.get(one.document, one.document_id) == one.document_id for one in done.documents)
    assert shelf.base.search("winners of the past year") == []
    assert "half a percent" in shelf.base.search("half a percent")[0].text


def test_index_rebuild_embeds_everything(shelf: Shelf) -> None:
    assert shelf.base.index(rebuild=True).changed == 4
    assert len(shelf.embedder.taken()) == 6


def test_index_with_another_embedder_embeds_everything_and_says_so(shelf: Shelf) -> None:
    shelf.base.close()
    shelf.embedder = Counting("another")
    shelf.base = shelf.opened()
    assert shelf.best("oversold market") == "technical/rsi.md"
    done = shelf.base.index()
    assert (done.changed, done.embedder) == (4, "another (sqlite)")
    assert shelf.base.index().unchanged == 4


def test_index_skipped_files_are_named_and_the_others_read(shelf: Shelf) -> None:
    (shelf.folder / "risk/latin.txt").write_bytes(b"caf\xe9")
    (shelf.folder / "notes.md").write_text("text")
    (shelf.folder / "beta.md").write_text("---\ndomain: risk\n---\nBeta measures market risk.")
    done = shelf.base.index()
    assert done.added == 1
    assert [line.split(":")[0] for line in done.skipped] == ["notes.md", "risk/latin.txt"]
    assert shelf.best("beta") == "risk/beta.md"


def test_index_a_document_that_became_unreadable_is_gone(shelf: Shelf) -> None:
    (shelf.folder / "technical/rsi.md").write_bytes(b"\0")
    assert shelf.base.index().removed == 1
    assert shelf.best("oversold") == ""


def test_index_many_skipped_files_are_counted(shelf: Shelf) -> None:
    for number in range(103):
        shelf.write(f"risk/{number}.docx", "x")
    skipped = shelf.base.index().skipped
    assert (len(skipped), skipped[-1]) == (101, "and 3 more")


def test_index_with_a_failing_embedder_keeps_what_was_there(shelf: Shelf) -> None:
    shelf.write("risk/stops.md", "# New\n\nNew words entirely.")
    shelf.embedder.broken = True
    with pytest.raises(EmbeddingsError):
        shelf.base.index()
    with pytest.raises(EmbeddingsError):
        shelf.base.index(rebuild=True)
    shelf.embedder.broken = False
    assert shelf.best("stop loss limits") == "risk/stops.md"
    assert shelf.base.index().changed == 1


def test_index_vectors_that_were_lost_are_made_again(shelf: Shelf) -> None:
    shelf.base.close()
    for path in shelf.index_dir.glob("vectors.db*"):
        path.unlink()
    shelf.base = shelf.opened()
    assert shelf.best("oversold market") == "technical/rsi.md"
    assert shelf.base.index().changed == 4
    assert shelf.base.index().unchanged == 4


def test_damaged_index_says_so_and_rebuild_mends_it(shelf: Shelf) -> None:
    shelf.base.close()
    for path in shelf.index_dir.glob("index.db*"):
        path.unlink()
    (shelf.index_dir / "index.db").write_bytes(b"not a database, long enough to be read as a header of one" * 20)
    shelf.base = shelf.opened()
    with pytest.raises(IndexUnavailableError, match="not a database") as told:
        shelf.base.search("stop")
    assert "rebuild" in (told.value.hint or "")
    assert shelf.base.index(rebuild=True).added == 4
    assert shelf.best("stop loss") == "risk/stops.md"


def test_index_of_a_text_that_breaks_its_reader_skips_it_and_reads_the_others(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.write("papers/broken.pdf", "%PDF-1.4")
    shelf.write("risk/new.md", "# New\n\nA new text.")
    monkeypatch.setattr(sys, "executable", str(shelf.root / "nothing"))
    done = shelf.base.index()
    assert (done.added, done.unchanged) == (1, 4)
    assert done.skipped == ("papers/broken.pdf: a fault in reading it: FileNotFoundError",)


def test_index_of_a_text_that_breaks_the_embedder_skips_it_and_reads_the_others(tmp_path: Path) -> None:
    class Brittle(Counting):
        def embed(self, texts: Sequence[str]) -> list[Vector]:
            if any("oversold" in text for text in texts):
                raise ZeroDivisionError("a bug")
            return super().embed(texts)

    done = Shelf(tmp_path, Brittle()).base.index()
    assert (done.added, done.skipped) == (3, ("technical/rsi.md: a fault in reading it: ZeroDivisionError",))
