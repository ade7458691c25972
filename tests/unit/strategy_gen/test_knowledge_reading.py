"""Which files are read, what they are taken for, and how they are cut."""

import os
from pathlib import Path

import pytest

from libs.common.values import Domain
from services.strategy_gen.knowledge.chunking import LENGTH, LONGEST, OVERLAP, cut
from services.strategy_gen.knowledge.errors import UnreadableError
from services.strategy_gen.knowledge.files import File, Passed, content, find
from services.strategy_gen.knowledge.reading import placed, read
from services.strategy_gen.knowledge.values import Document, Section


def found(folder: Path) -> tuple[list[str], dict[str, str]]:
    everything = list(find([folder], folder / "none"))
    files = [f"{one.domain}/{one.name}" for one in everything if isinstance(one, File)]
    return files, {one.name: one.reason for one in everything if isinstance(one, Passed)}


def test_find_texts_of_the_five_folders_and_beside_them_are_read_in_order(tmp_path: Path) -> None:
    for name in ("risk/b.md", "risk/deep/c.txt", "papers/a.PDF", "loose.md", "README.md", "LICENSE"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    assert found(tmp_path) == (["None/loose.md", "papers/a.PDF", "risk/b.md", "risk/deep/c.txt"], {})


def test_find_everything_else_is_passed_with_its_reason(tmp_path: Path) -> None:
    outside = tmp_path / "outside.md"
    outside.write_text("secret")
    root = tmp_path / "root"
    (root / "risk").mkdir(parents=True)
    (root / "crypto").mkdir()
    (root / "risk" / ".hidden.md").write_text("x")
    (root / "risk" / "a.docx").write_text("x")
    (root / "risk" / "real.md").write_text("x")
    (root / "risk" / "out.md").symlink_to(outside)
    (root / "risk" / "in.md").symlink_to(root / "risk" / "real.md")
    (root / "risk" / "loop").symlink_to(root)
    (root / "risk" / "gone.md").symlink_to(root / "risk" / "nothing.md")
    (root / "risk" / "circle.md").symlink_to(root / "risk" / "circle.md")
    (root / "risk" / "b\u202eb.md").write_text("x")
    os.mkfifo(root / "risk" / "pipe.md")
    files, passed = found(root)
    assert files == ["risk/in.md", "risk/real.md"]
    assert passed == {
        "crypto": "not a domain; the folders are technical, sentiment, fundamental, risk, papers",
        "risk/.hidden.md": "hidden",
        "risk/a.docx": "not one of .md, .txt, .pdf",
        "risk/b?b.md": "its name has unseen characters or more than 200",
        "risk/circle.md": "a link that leaves the folder",
        "risk/gone.md": "not a file",
        "risk/loop": "a linked folder",
        "risk/out.md": "a link that leaves the folder",
        "risk/pipe.md": "not a file",
    }


def test_find_own_texts_come_before_later_folders_and_those_before_earlier(tmp_path: Path) -> None:
    for folder in ("first", "second", "own"):
        (tmp_path / folder / "risk").mkdir(parents=True)
        (tmp_path / folder / "risk" / "stops.md").write_text(folder)
    order = [one for one in find([tmp_path / "first", tmp_path / "second"], tmp_path / "own") if isinstance(one, File)]
    assert [(content(one), one.own) for one in order] == [(b"own", True), (b"second", False), (b"first", False)]


def test_find_a_missing_folder_is_told(tmp_path: Path) -> None:
    assert list(find([tmp_path / "nothing"], tmp_path / "own")) == [Passed("nothing", "there is no such folder")]


def test_content_too_much_and_nothing_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"x" * 5_000_001)
    (tmp_path / "b.md").write_bytes(b"")
    with pytest.raises(UnreadableError, match="larger than 5 MB"):
        content(File(tmp_path / "a.md", "a.md", None, own=False))
    with pytest.raises(UnreadableError, match="empty"):
        content(File(tmp_path / "b.md", "b.md", None, own=False))


@pytest.mark.parametrize(
    ("name", "body", "domain"),
    [
        ("notes.md", b"---\ndomain: Risk\ntitle: x\n---\ntext", Domain.RISK),
        ("rsi.md", b"---\ndomain: sentiment\n---\ntext", Domain.SENTIMENT),
        ("rsi-notes.md", b"text", Domain.TECHNICAL),
        ("my_balance_sheets.txt", b"text", Domain.FUNDAMENTAL),
        ("study.pdf", b"%PDF-", Domain.PAPERS),
        ("Crowd.txt", "é".encode() * 20_000, Domain.SENTIMENT),
    ],
)
def test_placed_front_matter_decides_before_the_name(name: str, body: bytes, domain: Domain) -> None:
    assert placed(name, body) is domain


def test_placed_without_a_hint_is_refused_with_the_way_out() -> None:
    with pytest.raises(UnreadableError, match=r"folder named technical, .* `domain: risk`"):
        placed("notes.md", b"text")
    with pytest.raises(UnreadableError, match="names no domain; write `domain:` and one of technical"):
        placed("rsi.md", b"---\ndomain: crypto\n---\n")


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("a.md", b"a\0b", "a binary file"),
        ("a.txt", b"caf\xe9", r"not UTF-8 \(byte 3\)"),
        ("a.md", "\ufeff \n\u200b".encode(), "no text in it"),
        ("a.md", b"<!-- all -->", "no text in it"),
        ("a.pdf", b"PK\x03\x04", "not a PDF"),
    ],
)
def test_read_what_is_no_text_is_refused_with_the_reason(name: str, body: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        read(name, body)


@pytest.mark.parametrize(
    ("name", "body", "title"),
    [
        ("a.md", "---\ntitle: 'Said'\n---\n# Heading\ntext", "Said"),
        ("a.md", "\ufeff# Heading\n\ntext", "Heading"),
        ("risk/position-sizing.md", "text", "Position sizing"),
        ("a.txt", "THE TULIPOMANIA.\n\ntext", "THE TULIPOMANIA"),
        ("the_file.txt", "a very long first line " * 10, "The file"),
    ],
)
def test_read_title_is_said_or_headed_or_named(name: str, body: str, title: str) -> None:
    assert read(name, body.encode()).title == title


def test_read_front_matter_is_not_text() -> None:
    assert read("a.md", b"---\ndomain: risk\nkey: words\n---\nbody").sections == (Section((), "body"),)


def test_cut_pieces_are_stretches_of_the_text_of_about_800_that_overlap() -> None:
    text = " ".join(f"This is sentence number {number}, no shorter than the others." for number in range(100))
    chunks = cut(Document("T", (Section(("A", "B"), text),)))
    assert [chunk.number for chunk in chunks] == list(range(len(chunks)))
    assert {chunk.heading for chunk in chunks} == {"A > B"}
    assert all(len(chunk.text) <= LENGTH for chunk in chunks[:-1])
    assert len(chunks[-1].text) <= LONGEST
    ends = 0
    for chunk in chunks:
        start = text.index(chunk.text)
        assert start <= ends
        assert ends - start <= OVERLAP
        assert chunk.text.startswith("This")
        assert chunk.text.endswith("others.")
        ends = start + len(chunk.text)
    assert ends == len(text)


def test_cut_a_text_without_sentences_or_spaces_still_ends() -> None:
    chunks = cut(Document("T", (Section((), "x" * 5_000),)))
    assert "".join(chunk.text for chunk in chunks) == "x" * 5_000
    assert max(len(chunk.text) for chunk in chunks) <= LONGEST


def test_cut_short_sections_stay_whole() -> None:
    chunks = cut(Document("T", (Section(("A",), "One. Two."), Section(("B",), "Three."))))
    assert [(chunk.number, chunk.heading, chunk.text) for chunk in chunks] == [
        (0, "A", "One. Two."),
        (1, "B", "Three."),
    ]
