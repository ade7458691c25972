"""Texts a profile adds and removes."""

from pathlib import Path

import pytest

from libs.common.errors import NotFoundError
from libs.common.values import Domain
from services.strategy_gen.knowledge.errors import BadDocumentError, EmbeddingsError
from tests.support.knowledge import PAGES, Shelf, indexed


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return indexed(tmp_path)


def test_add_is_searchable_at_once_as_own_and_embeds_nothing_else(shelf: Shelf) -> None:
    state = shelf.base.add(Domain.SENTIMENT, "my-notes", "# Mine\n\nPanic selling ends when funding turns.")
    assert (state.document, state.own, state.title, state.removed) == ("sentiment/my-notes.md", True, "Mine", False)
    assert len(shelf.embedder.taken()) == 1
    assert shelf.base.search("panic selling")[0].own
    shelf.embedder.taken()
    assert shelf.base.add(Domain.SENTIMENT, "my-notes", "# Mine\n\nPanic selling ends when funding turns.") == state
    assert shelf.embedder.taken() == []
    assert shelf.base.index().unchanged == 5


def test_add_again_replaces(shelf: Shelf) -> None:
    shelf.base.add(Domain.RISK, "notes", "Hedge with futures.")
    shelf.base.add(Domain.RISK, "notes", "Hedge with options.")
    assert [one.text for one in shelf.base.search("hedge") if one.own] == ["Hedge with options."]


def test_add_over_a_shared_document_hides_it_until_removed(shelf: Shelf) -> None:
    shelf.base.add(Domain.RISK, "stops", "My own view of stops.")
    assert shelf.base.search("stops")[0].own
    assert shelf.base.index().skipped == ("risk/stops.md: another text of that name counts",)
    state = shelf.base.remove(Domain.RISK, "stops")
    assert (state.removed, state.own, state.title) == (False, False, "Stop losses")
    assert not shelf.base.search("stops")[0].own


def test_add_the_same_words_as_a_shared_document_makes_it_own(shelf: Shelf) -> None:
    assert shelf.base.add(Domain.RISK, "size", PAGES["risk/size.md"]).own
    assert shelf.base.search("position size")[0].own


def test_remove_forgets_the_file_and_the_passages(shelf: Shelf) -> None:
    shelf.base.add(Domain.RISK, "notes", "Hedge with futures.")
    assert shelf.base.remove(Domain.RISK, "notes").removed
    assert shelf.base.search("hedge with futures") == []
    assert not list(shelf.own.rglob("*.md"))
    with pytest.raises(NotFoundError):
        shelf.base.remove(Domain.RISK, "notes")


def test_remove_of_a_file_that_was_never_indexed(shelf: Shelf) -> None:
    (shelf.own / "risk").mkdir(parents=True)
    (shelf.own / "risk/put-there.md").write_text("text")
    assert shelf.base.remove(Domain.RISK, "put-there").removed


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("../../x", "text"),
        ("a/b", "text"),
        ("a.md", "text"),
        (".hidden", "text"),
        ("", "text"),
        ("a" * 65, "text"),
        ("a\n", "text"),
        ("a", " \n"),
        ("a", "<!-- nothing to see -->"),
        ("a", "x" * 200_001),
        ("a", "b\x00c"),
        ("a", "\ud800"),
    ],
)
def test_add_bad_names_and_texts_are_refused_and_nothing_is_written(shelf: Shelf, name: str, text: str) -> None:
    with pytest.raises(BadDocumentError):
        shelf.base.add(Domain.RISK, name, text)
    assert not shelf.own.exists()


def test_add_with_a_failing_embedder_leaves_the_file_as_it_was(shelf: Shelf) -> None:
    shelf.base.add(Domain.RISK, "notes", "Hedge with futures.")
    shelf.embedder.broken = True
    with pytest.raises(EmbeddingsError):
        shelf.base.add(Domain.RISK, "notes", "Other words.")
    with pytest.raises(EmbeddingsError):
        shelf.base.add(Domain.RISK, "more", "Other words.")
    assert [path.read_text() for path in sorted(shelf.own.rglob("*.md"))] == ["Hedge with futures."]
