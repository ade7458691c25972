"""index and ask: the knowledge base is read again, or asked. What it answers are quotations, word for word."""

import sys
import textwrap
from enum import StrEnum
from typing import Annotated, Any

import typer

from libs.client import render
from libs.client.verbs.options import DataDir, Json, client_of

QUOTED = "Quoted word for word from the knowledge base, nearest first; nothing here was written for you."
_WIDTH = 96


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
    wish: dict[str, Any] = {"query": question, "limit": limit} | ({"domain": domain.value} if domain else {})
    with client_of(folder) as client:
        body = client.search(wish)
    if json:
        render.as_json(body)
    else:
        _show(body["hits"])


def _show(hits: list[dict[str, Any]]) -> None:
    if not hits:
        render.line("no passage is near that question; `sentinel index` reads the folders")
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
        head.append(f"  {render.cell(hit['heading'] or hit['title'])}", style="default")
        head.append(f"  score {hit['score']:.2f}", style="dim")
        console.print(head)
        console.print(Text(_wrapped(hit["text"], min(_WIDTH, console.width - 4))))
    console.print(Text(f"\n{QUOTED}", style="dim"))


def _source(hit: dict[str, Any]) -> str:
    return f"{hit['document']}#{hit['chunk']}" + (" (added here)" if hit["own"] else "")


def _wrapped(text: str, width: int) -> str:
    """Return a passage within `width` columns; its own line breaks stay, so lists and tables keep their shape."""
    lines = [part for line in render.plain(text).splitlines() for part in textwrap.wrap(line, max(20, width)) or [""]]
    return textwrap.indent("\n".join(lines), "   ")
