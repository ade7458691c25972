"""index and ask: the knowledge base is read again, or asked. What it answers are quotations, word for word."""

import re
import sys
import textwrap
from enum import StrEnum
from typing import Annotated, Any

import typer

from libs.client import render
from libs.client.verbs.options import DataDir, Json, client_of

QUOTED = "Quoted word for word from the knowledge base, nearest first; nothing here was written for you."
_WIDTH = 96
_CHANCE = 0.2
_FAINT = f"No score reaches {_CHANCE}, so this may be chance: ask with the words a text about it would use."
_BREAKS = re.compile(r"\s|[-*|>#+]|\d+[.)]|```")
"""What begins a line that is no continuation of the one before it: lists, tables, quotations, headings, code."""


class Domain(StrEnum):
    """The parts of the knowledge base."""

    TECHNICAL = "technical"
    SENTIMENT = "sentiment"
    FUNDAMENTAL = "fundamental"
    RISK = "risk"
    PAPERS = "papers"


def index(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Embed everything anew, not what changed.")] = False,
    folder: DataDir = None,
    json: Json = False,
) -> None:
    """Read the knowledge folders: what is new or changed becomes searchable, what is gone is forgotten."""
    from libs.client.verbs.waiting import result_of  # noqa: PLC0415 - the client's library costs 90 ms

    with client_of(folder) as client:
        wish = {"rebuild": rebuild}
        found = result_of(client, "/knowledge/index", wish, "IndexKnowledge", "reading the knowledge", folder)
    if json:
        render.as_json(found)
        return
    chunks = found["chunks"]
    render.table(("domain", "chunks"), [(domain.value, chunks.get(domain.value, 0)) for domain in Domain])
    counts = ", ".join(f"{found[name]} {name}" for name in ("added", "changed", "removed", "unchanged"))
    render.line(f"documents: {counts}; embedder: {found['embedder']}")
    for text in found["skipped"]:
        render.line(f"skipped: {render.cell(text)}")


def ask(
    question: Annotated[str, typer.Argument(help='Such as "where do I put a stop?".')],
    domain: Annotated[Domain | None, typer.Option(help="Only this part.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=50, help="At most so many passages.")] = 3,
    folder: DataDir = None,
    json: Json = False,
) -> None:
    """Show the passages of the knowledge base nearest to a question. It quotes; it does not write."""
    if not question.strip():
        raise typer.BadParameter('ask something, such as "where do I put a stop?"', param_hint="QUESTION")
    wish: dict[str, Any] = {"query": question, "limit": limit} | ({"domain": domain.value} if domain else {})
    with client_of(folder) as client:
        body = client.search(wish)
    if json:
        render.as_json(body)
    else:
        _show(body["hits"])


def _show(hits: list[dict[str, Any]]) -> None:
    if not hits:
        render.line(
            "no passage has a word of that question: ask with words a text would use; `sentinel index` reads the folders"
        )
        return
    if not sys.stdout.isatty():
        rows = [(hit["score"], _source(hit), hit["heading"], hit["text"]) for hit in hits]
        render.table(("score", "source", "heading", "text"), rows)
        render.line(f"# {QUOTED}")
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal pays for it
    from rich.text import Text  # noqa: PLC0415 - only a terminal pays for it

    console = Console()
    for number, hit in enumerate(hits, 1):
        head = Text(f"\n{number}. {render.cell(_source(hit))}", style="bold cyan")
        head.append(f"  score {hit['score']:.2f}", style="dim")
        console.print(head)
        console.print(Text(f"   {render.cell(hit['heading'] or hit['title'])}", style="bold"))
        console.print(Text(_wrapped(hit["text"], min(_WIDTH, console.width - 4))))
    if hits[0]["score"] < _CHANCE:
        console.print(Text(f"\n{_FAINT}", style="yellow"))
    console.print(Text(f"\n{QUOTED}", style="dim"))


def _source(hit: dict[str, Any]) -> str:
    return f"{hit['document']}#{hit['chunk']}" + (" (added here)" if hit["own"] else "")


def _wrapped(text: str, width: int) -> str:
    """Return a passage within `width` columns: prose flows, while lists, tables and code keep their lines."""
    lines = [part for line in flowing(text) for part in textwrap.wrap(line, max(20, width)) or [""]]
    return textwrap.indent("\n".join(lines), "   ")


def flowing(text: str) -> list[str]:
    """Return the lines of a text with those of one paragraph joined."""
    lines: list[str] = []
    is_code = is_open = False
    for line in render.plain(text).splitlines():
        is_fence = line.startswith("```")
        if is_open and line.strip() and not is_code and not _BREAKS.match(line):
            lines[-1] += f" {line}"
            continue
        is_code ^= is_fence
        is_open = bool(line.strip()) and not is_code and not is_fence and not line[0].isspace() and line[0] not in "|#"
        lines.append(line)
    return lines
