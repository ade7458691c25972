"""PDFs are read in a process of their own: good ones give text, broken and hostile ones a reason, and never a crash."""

import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from services.strategy_gen.knowledge.base import Knowledge
from services.strategy_gen.knowledge.errors import UnreadableError
from services.strategy_gen.knowledge.reading import read

pytest.importorskip("pypdf")


def pdf(*lines: str, stream: bytes | None = None) -> bytes:
    """Return a one-page PDF with a line of text each."""
    shown = b"BT /F1 12 Tf 72 720 Td 14 TL " + b" ".join(b"(" + line.encode() + b") Tj T*" for line in lines) + b" ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        stream or b"<< /Length %d >>\nstream\n%s\nendstream" % (len(shown), shown),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % len(body)
    return body + b"xref\n0 6\n0000000000 65535 f \n" + table + end


def bomb() -> bytes:
    packed = zlib.compress(b"(x) Tj " * 30_000_000, 9)
    return b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), packed)


def test_pdf_text_is_read() -> None:
    document = read("momentum-study.pdf", pdf("Winners go on winning.", "Losers go on losing."))
    assert document.title == "Momentum study"
    assert document.sections[0].text.split("\n") == ["Winners go on winning.", "Losers go on losing."]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"%PDF-1.4\n", r"a broken PDF \(PdfStreamError: "),
        (b"%PDF-1.4\n" + b"\xff\x00" * 5_000, "a broken PDF"),
        (pdf("text")[:300], "a broken PDF"),
        (pdf(), "no text in it; a scanned PDF needs text recognition first"),
        (pdf(stream=bomb()), "a broken PDF|no text in it"),
    ],
)
def test_pdf_that_cannot_be_read_is_told(body: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        read("a.pdf", body)


def test_pdf_without_the_library_is_told_apart() -> None:
    child = Path(__file__).resolve().parents[2] / "services/strategy_gen/knowledge/pdf_child.py"
    bare = subprocess.run([sys.executable, "-I", "-S", str(child)], input=pdf("x"), capture_output=True, check=False)
    assert (bare.returncode, bare.stderr) == (4, b"")


def test_index_broken_pdfs_are_skipped_and_the_others_found(tmp_path: Path) -> None:
    folder = tmp_path / "shared" / "papers"
    folder.mkdir(parents=True)
    (folder / "good.pdf").write_bytes(pdf("The carry of a currency is its interest."))
    (folder / "bad.pdf").write_bytes(b"%PDF-1.4\n")
    base = Knowledge([tmp_path / "shared"], tmp_path / "own", tmp_path / "index", vectors="sqlite")
    done = base.index()
    assert done.added == 1
    assert done.skipped[0].startswith("papers/bad.pdf: a broken PDF")
    assert base.search("currency carry")[0].document == "papers/good.pdf"
    base.close()
