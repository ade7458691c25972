"""What a model is told: our words from versioned files, and everything that others wrote as quoted data with its origin and trust.

Quoted data cannot end its block early: the mark of the blocks is a hash of all that is quoted, and three angle brackets in a row are
parted. A model may still believe what it reads there, so nothing rests on this: its answer is code that must pass the same checks as anyone's.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from services.strategy_gen.llm.answer import visible
from services.strategy_gen.llm.protocol import Ask, Passage, Tried

_FILES = ("system.md", "task.md", "repair.md")
_FINDING = ("code", "severity", "message", "phrase", "line", "column", "pointer", "hint")
"""What of a finding is passed on; symbols, times and prices that a finding may hold beside it are not."""

MAX_PASSAGES = 8
MAX_FINDINGS = 20
_MAX_PASSAGE = 2_000
_MAX_EARLIER = 2


@dataclass(frozen=True, slots=True)
class Prompt:
    """A rendered request. hash: SHA-256 hex of the files it was made from, which names their version."""

    system: str
    task: str
    hash: str


def render(ask: Ask) -> Prompt:
    """Return the prompt of a request; the same request gives the same bytes."""
    files, version = _templates()
    blocks = [_Block("request", "a person's words, untrusted", ask.text)]
    if ask.in_words:
        blocks.append(_Block("reading", "the request as our parser read it", ask.in_words))
    passages = ask.passages[:MAX_PASSAGES]
    blocks += [_passage(number, passage) for number, passage in enumerate(passages, start=1)]
    repairs = ask.earlier[-_MAX_EARLIER:]
    blocks += [block for number, tried in enumerate(repairs, start=1) for block in _tried(number, tried)]
    mark = _mark(blocks, version)
    quoted = "\n\n".join(block.quoted(mark) for block in blocks)
    task = files["task.md"].format(
        contract=ask.kind,
        function="generate_signals(df)" if ask.kind == "python.signals" else "classify_symbol(symbol)",
        timeframe=ask.timeframe,
        symbols=f"{ask.symbols_total} symbol" + ("s" if ask.symbols_total != 1 else ""),
        passages=len(passages),
        variant=_variant(ask.variant),
        repair=files["repair.md"].strip() if repairs else "",
        mark=mark,
        data=quoted,
    )
    return Prompt(files["system.md"].strip(), "\n".join(_collapsed(task.splitlines())).strip(), version)


def prompt_hash() -> str:
    """Return the version of the prompt files."""
    return _templates()[1]


@dataclass(frozen=True, slots=True)
class _Block:
    name: str
    origin: str
    text: str

    def quoted(self, mark: str) -> str:
        return f"<<<{mark} {self.name} ({self.origin})\n{self.safe()}\n{mark}>>>"

    def safe(self) -> str:
        text = visible(self.text).strip()
        while "<<<" in text or ">>>" in text:
            text = text.replace("<<<", "<< <").replace(">>>", ">> >")
        return text


def _passage(number: int, passage: Passage) -> _Block:
    tier = "added by a user, untrusted" if passage.own else "shipped with the product"
    where = f"{passage.domain} knowledge, {tier}"
    title = " - ".join(part for part in (passage.title, passage.heading) if part)
    return _Block(f"passage {number}", where, f"{title}\n{passage.text[:_MAX_PASSAGE]}")


def _tried(number: int, tried: Tried) -> Iterable[_Block]:
    findings = [_kept(finding) for finding in tried.findings[:MAX_FINDINGS]]
    lines = "\n".join(json.dumps(finding, sort_keys=True, ensure_ascii=False) for finding in findings)
    yield _Block(f"earlier code {number}", "written by a model, failed", tried.code)
    yield _Block(f"findings {number}", "of our checks, JSON lines", lines or "{}")


def _kept(finding: Mapping[str, Any]) -> dict[str, str | int]:
    return {
        key: value if isinstance(value, int) else str(value)[:500]
        for key, value in finding.items()
        if key in _FINDING and value is not None
    }


def _mark(blocks: list[_Block], version: str) -> str:
    whole = json.dumps([version, *((block.name, block.origin, block.text) for block in blocks)])
    return "DATA-" + hashlib.sha256(whole.encode()).hexdigest()[:12]


def _variant(number: int) -> str:
    if number <= 1:
        return ""
    return (
        f"This is variant {number} of several that are written apart: keep what the request says, and vary what it leaves open: periods, "
        "exits, one more filter. Most entries must still fall where the plain reading would be invested."
    )


def _collapsed(lines: list[str]) -> Iterable[str]:
    """Yield the lines with at most one empty one in a row, which an absent part leaves behind."""
    before = ""
    for line in lines:
        if line.strip() or before.strip():
            yield line
        before = line


@cache
def _templates() -> tuple[Mapping[str, str], str]:
    folder = resources.files("services.strategy_gen.llm") / "prompts"
    texts = {name: (folder / name).read_text(encoding="utf-8") for name in _FILES}
    digest = hashlib.sha256()
    for name in _FILES:
        digest.update(f"{name}\n{len(texts[name])}\n{texts[name]}".encode())
    return texts, digest.hexdigest()
