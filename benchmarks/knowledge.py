"""How well the knowledge search finds, and what it costs, with ChromaDB and without.

`python -m benchmarks.knowledge`. Over our pages and the 45 shared texts, with the questions of the tests. hit@k: a text that answers is among the documents
of the first k passages; MRR: mean of 1 / its place. Prints tables; asserts nothing.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from services.strategy_gen.knowledge.base import Knowledge
from services.strategy_gen.knowledge.embedding import HashedWords
from services.strategy_gen.knowledge.vectors import Kind
from tests.integration.knowledge_questions import OURS, QUESTIONS, THEIRS, Asked

ROOT = Path(__file__).resolve().parents[1]
OURS_AT = ROOT / "knowledge"
THEIRS_AT = ROOT / "../shared/data/knowledge"

COLD = """
import json, sys, time
from pathlib import Path
start = time.perf_counter()
from services.strategy_gen.knowledge.base import Knowledge
imported = time.perf_counter()
root = Path(sys.argv[1])
base = Knowledge([], root / "own", root / "index", vectors=sys.argv[2])
base.search("how large should a position be")
searched = time.perf_counter()
print(json.dumps([imported - start, searched - imported]))
"""


class Weighted(HashedWords):
    """The built-in embedder with another share of the score."""

    def __init__(self, share: float):
        """Count the cosine this much."""
        super().__init__()
        self.share = share


def places(base: Knowledge, questions: Sequence[Asked]) -> list[int]:
    """Return for each question the place of the first passage that answers it, from 1; 0 where none of 50 does."""
    found = []
    for asked in questions:
        documents = [passage.document for passage in base.search(asked.question, asked.domain, 50)]
        found.append(next((at for at, document in enumerate(documents, 1) if document in asked.documents), 0))
    return found


def worth(found: Sequence[int]) -> tuple[str, str, str]:
    """Return hit@1, hit@3 and the mean reciprocal rank."""
    count = len(found)
    first, three = sum(at == 1 for at in found), sum(0 < at <= 3 for at in found)
    return f"{first / count:.3f}", f"{three / count:.3f}", f"{sum(1 / at for at in found if at) / count:.3f}"


def seconds(work: Callable[[], Any]) -> float:
    """Return how long `work` took."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def cold(root: Path, kind: Kind) -> list[float]:
    """Return seconds of the import and of opening with the first search, in a new process."""
    done = subprocess.run(
        [sys.executable, "-c", COLD, str(root), kind], cwd=ROOT, capture_output=True, text=True, check=True
    )
    imported, searched = json.loads(done.stdout)
    return [imported, searched]


def measure(kind: Kind, folders: Sequence[Path], finds: Table, costs: Table) -> None:
    """Index, ask and add a row to each table."""
    root = Path(tempfile.mkdtemp())
    base = Knowledge(folders, root / "own", root / "index", vectors=kind)
    first, again = seconds(base.index), seconds(base.index)
    for name, questions in (("our pages", OURS), ("shared texts", THEIRS), ("both", QUESTIONS)):
        finds.add_row(kind, name, str(len(questions)), *worth(places(base, questions)))
    times = sorted(
        seconds(lambda asked=asked: base.search(asked.question, asked.domain)) * 1_000  # type: ignore[misc]
        for _ in range(3)
        for asked in QUESTIONS
    )
    late = times[int(len(times) * 0.95)]
    base.close()
    imported, searched = min(cold(root, kind) for _ in range(3))
    row = (first, again, imported, searched)
    costs.add_row(kind, *(f"{one:.2f}" for one in row), f"{statistics.median(times):.1f}", f"{late:.1f}")


def shares(folders: Sequence[Path], finds: Table) -> None:
    """Add a row for each share that the cosine could have in the score."""
    for share in (0.0, 0.2, 0.35, 0.5, 0.8, 1.0):
        root = Path(tempfile.mkdtemp())
        base = Knowledge(folders, root / "own", root / "index", embedder=Weighted(share), vectors="sqlite")
        base.index()
        finds.add_row("sqlite", f"both, cosine {share:.0%}", str(len(QUESTIONS)), *worth(places(base, QUESTIONS)))
        base.close()


def main() -> None:
    """Measure and print."""
    argparse.ArgumentParser(description="Measure the knowledge search.").parse_args()
    folders = [OURS_AT, *([THEIRS_AT] if THEIRS_AT.is_dir() else [])]
    finds, costs = Table(title="What is found"), Table(title="What it takes, seconds; a question in milliseconds")
    for head in ("store", "questions", "count", "hit@1", "hit@3", "MRR"):
        finds.add_column(head)
    for head in ("store", "first index", "again", "import", "open + first search", "a question", "95 %"):
        costs.add_column(head)
    for kind in ("chroma", "sqlite"):
        measure(kind, folders, finds, costs)
    shares(folders, finds)
    Console().print(finds)
    Console().print(costs)


if __name__ == "__main__":
    main()
