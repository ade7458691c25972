"""An indexing that is killed (-9) at any step: every document is found as it was or as it is, and the next indexing makes the index whole."""

import subprocess
import sys
from pathlib import Path

import pytest

from libs.common.values import Domain
from services.strategy_gen.knowledge.base import Knowledge
from services.strategy_gen.knowledge.vectors import Kind

ROOT = Path(__file__).resolve().parents[2]
SUBJECTS = ("stops", "sizing", "drawdown", "leverage", "hedging", "margin")

DYING = """
import os, signal, sys
from pathlib import Path
from services.strategy_gen.knowledge.base import Knowledge
from services.strategy_gen.knowledge.embedding import HashedWords
from services.strategy_gen.knowledge.files import find
from services.strategy_gen.knowledge.updating import Stores, Update

root, kind, step, after = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
calls = 0

def die(at):
    global calls
    if at == step:
        calls += 1
        if calls > after:
            os.kill(os.getpid(), signal.SIGKILL)

class Embedder:
    name, share = HashedWords.name, HashedWords.share
    def embed(self, texts):
        die("embed")
        return HashedWords().embed(texts)

class Vectors:
    def __init__(self, inner):
        self.inner, self.kind = inner, inner.kind
    def keys(self, space, domain):
        return self.inner.keys(space, domain)
    def put(self, space, domain, items):
        self.inner.put(space, domain, items)
        die("put")
    def drop(self, space, domain, keys):
        die("drop")
        self.inner.drop(space, domain, keys)
    def keep_only(self, space):
        die("sweep")
        self.inner.keep_only(space)

base = Knowledge([root / "shared"], root / "own", root / "index", embedder=Embedder(), vectors=kind)
stores = base._stores()
Update(Stores(stores.catalog, Vectors(stores.vectors), stores.embedder, stores.space, stores.lock)).run(
    find([root / "shared"], root / "own")
)
print("whole")
"""


def write(root: Path, word: str, subjects: tuple[str, ...] = SUBJECTS) -> None:
    folder = root / "shared" / "risk"
    folder.mkdir(parents=True, exist_ok=True)
    for subject in subjects:
        (folder / f"{subject}.md").write_text(f"# {subject}\n\nThe {word} page about {subject}.\n")


def opened(root: Path, kind: Kind, index: str = "index") -> Knowledge:
    return Knowledge([root / "shared"], root / "own", root / index, vectors=kind)


def answers(base: Knowledge) -> list[object]:
    return [base.search(f"page about {subject}", limit=50) for subject in (*SUBJECTS, "ancient", "modern")]


@pytest.mark.parametrize("kind", ["sqlite", "chroma"])
@pytest.mark.parametrize(
    ("step", "after"), [("embed", 0), ("embed", 3), ("put", 0), ("put", 4), ("drop", 0), ("drop", 3), ("sweep", 0)]
)
def test_index_killed_in_the_middle_is_whole_after_the_next(tmp_path: Path, kind: Kind, step: str, after: int) -> None:
    if kind == "chroma":
        pytest.importorskip("chromadb")
    write(tmp_path, "ancient")
    base = opened(tmp_path, kind)
    base.index()
    base.close()
    write(tmp_path, "modern", SUBJECTS[1:])
    (tmp_path / "shared/risk/stops.md").unlink()
    arguments = [str(tmp_path), kind, step, str(after)]
    died = subprocess.run(
        [sys.executable, "-c", DYING, *arguments], cwd=ROOT, capture_output=True, timeout=60, check=False
    )
    assert died.returncode == -9, died.stderr.decode()

    base = opened(tmp_path, kind)
    for subject in SUBJECTS[1:]:
        texts = [one.text for one in base.search(f"page about {subject}", limit=50) if subject in one.document]
        assert texts in ([f"The ancient page about {subject}."], [f"The modern page about {subject}."])
    healed = base.index()
    assert healed.chunks[Domain.RISK] == 5
    fresh = opened(tmp_path, kind, "fresh")
    fresh.index()
    assert answers(base) == answers(fresh)
    again = base.index()
    assert (again.added, again.changed, again.removed, again.unchanged) == (0, 0, 0, 5)
    stores = base._stores()
    assert stores.vectors.keys(stores.space, Domain.RISK) == stores.catalog.keys(Domain.RISK, stores.space)
    base.close()
    fresh.close()


@pytest.mark.parametrize("kind", ["sqlite", "chroma"])
def test_first_index_killed_goes_on_where_it_was(tmp_path: Path, kind: Kind) -> None:
    if kind == "chroma":
        pytest.importorskip("chromadb")
    write(tmp_path, "modern")
    arguments = [str(tmp_path), kind, "put", "3"]
    died = subprocess.run(
        [sys.executable, "-c", DYING, *arguments], cwd=ROOT, capture_output=True, timeout=60, check=False
    )
    assert died.returncode == -9, died.stderr.decode()
    base = opened(tmp_path, kind)
    done = base.index()
    assert (done.added, done.unchanged) == (3, 3)
    base.close()
