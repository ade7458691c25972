"""How a document is cut: by headings, then into pieces of about 800 characters that end with a sentence and share up to 120 with the next.

A piece is a stretch of the text as it stands, so a citation can be found again word by word.
"""

import re
from collections.abc import Iterator

from services.strategy_gen.knowledge.values import Chunk, Document

CUT = "cut-1"
"""Name of this way of cutting; another name makes every document be indexed anew."""

LENGTH = 800
LONGEST = 1_000
OVERLAP = 120
_BORDER = re.compile(r"""(?<=[.!?])["')\]]*\s+(?=["'(\[]?[^\W_a-z])|\n\s*\n|\n(?=\s*(?:[-*|>]|\d+[.)]\s))""")


def cut(document: Document) -> list[Chunk]:
    """Return the chunks of `document`, numbered from 0; every character of a section but the white space between chunks is in one of them."""
    chunks: list[Chunk] = []
    for section in document.sections:
        heading = " > ".join(section.headings)[:240]
        for start, end in _pieces(section.text):
            text = section.text[start:end].strip()
            if text:
                chunks.append(Chunk(len(chunks), heading, text))
    return chunks


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    sentences = list(_sentences(text))
    first = 0
    while first < len(sentences):
        start = sentences[first][0]
        if len(text) - start <= LONGEST:
            yield start, len(text)
            return
        last = first
        while last + 1 < len(sentences) and sentences[last + 1][1] - start <= LENGTH:
            last += 1
        yield start, sentences[last][1]
        after = last + 1
        while after - 1 > first and sentences[last][1] - sentences[after - 1][0] <= OVERLAP:
            after -= 1
        first = after


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for border in _BORDER.finditer(text):
        yield from _halved(text, start, border.end())
        start = border.end()
    yield from _halved(text, start, len(text))


def _halved(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Give a sentence in parts of at most LENGTH characters, cut at white space where there is some."""
    while end - start > LENGTH:
        space = text.rfind(" ", start + LENGTH // 2, start + LENGTH)
        middle = space + 1 if space > 0 else start + LENGTH
        yield start, middle
        start = middle
    if end > start:
        yield start, end
