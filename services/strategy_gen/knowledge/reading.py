"""From the bytes of a file to a document: decoded strictly, freed of what cannot be seen, cut at its headings, with a title.

Raises UnreadableError with the reason for anything else: a binary file, another encoding than UTF-8, a broken PDF, no text.
"""

import re
import subprocess
import sys
from pathlib import Path, PurePosixPath

from libs.common.values import Domain
from services.strategy_gen.knowledge.cleaning import seen
from services.strategy_gen.knowledge.domains import domain_of, front_matter
from services.strategy_gen.knowledge.errors import UnreadableError
from services.strategy_gen.knowledge.markdown import sections, shown
from services.strategy_gen.knowledge.values import Document, Section

PDF_TIMEOUT_S = 90
LONGEST_TITLE = 160
_PDF_CHILD = Path(__file__).with_name("pdf_child.py")
_DASHES = re.compile(r"[-_\s]+")


def placed(name: str, body: bytes) -> Domain:
    """Return the domain of a file that lies outside the five folders; raises UnreadableError where it cannot be told."""
    entries = {} if _is_pdf(name) else front_matter(seen(_decoded(body[:20_000], partly=len(body) > 20_000)))[0]
    return domain_of(name, entries)


def read(name: str, body: bytes) -> Document:
    """Return the document in `body`; `name` says by its suffix what it is, and serves as the title where the text has none."""
    entries: dict[str, str] = {}
    if _is_pdf(name):
        parts: tuple[Section, ...] = (Section((), seen(_pdf_text(body))),)
    else:
        entries, text = front_matter(seen(_decoded(body)))
        parts = sections(seen(shown(text))) if _suffix(name) == ".md" else (Section((), text.strip()),)
    if not any(part.text for part in parts):
        raise UnreadableError(
            "no text in it" + ("; a scanned PDF needs text recognition first" if _is_pdf(name) else "")
        )
    return Document((entries.get("title") or _title(name, parts))[:LONGEST_TITLE], parts)


def _title(name: str, parts: tuple[Section, ...]) -> str:
    if parts[0].headings:
        return parts[0].headings[0]
    first = parts[0].text.split("\n", 1)[0].strip().rstrip(".")
    if _suffix(name) == ".txt" and 0 < len(first) <= 80:
        return first
    return _DASHES.sub(" ", PurePosixPath(name).stem).strip().capitalize() or name


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _is_pdf(name: str) -> bool:
    return _suffix(name) == ".pdf"


def _decoded(body: bytes, *, partly: bool = False) -> str:
    if b"\0" in body:
        raise UnreadableError("a binary file, not text")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if partly and error.start >= len(body) - 3:
            return body[: error.start].decode("utf-8-sig")
        raise UnreadableError(f"not UTF-8 (byte {error.start:,}); save it as UTF-8") from None


def _pdf_text(body: bytes) -> str:
    if not body.lstrip()[:5] == b"%PDF-":
        raise UnreadableError("not a PDF")
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(_PDF_CHILD)], input=body, capture_output=True, timeout=PDF_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise UnreadableError(f"reading it took more than {PDF_TIMEOUT_S} s") from None
    if done.returncode == 3:
        raise UnreadableError(f"a broken PDF ({seen(done.stderr.decode(errors='replace'))[:200]})")
    if done.returncode == 4:
        raise UnreadableError("reading PDFs needs the package pypdf")
    if done.returncode:
        raise UnreadableError(f"a broken PDF (reading it ended with {done.returncode})")
    return done.stdout.decode()
