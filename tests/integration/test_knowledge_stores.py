"""Both vector stores keep the same promises and give the same ranking; a base over either one gives the same answers."""

import math
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from libs.common.values import Domain
from services.strategy_gen.knowledge.base import Knowledge
from services.strategy_gen.knowledge.errors import IndexUnavailableError
from services.strategy_gen.knowledge.vectors import Kind, Vectors, open_vectors

ROOT = Path(__file__).resolve().parents[2]
KINDS: tuple[Kind, ...] = ("chroma", "sqlite")


def unit(seed: int, size: int = 64) -> list[float]:
    drawn = random.Random(seed)
    values = [drawn.gauss(0, 1) for _ in range(size)]
    length = math.sqrt(sum(value * value for value in values))
    return [value / length for value in values]


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Vectors]:
    if request.param == "chroma":
        pytest.importorskip("chromadb")
    opened = open_vectors(tmp_path, request.param, "test")
    yield opened
    opened.close()


def test_store_what_is_unknown_is_empty(store: Vectors) -> None:
    assert store.keys("s1", Domain.RISK) == frozenset()
    assert store.nearest("s1", Domain.RISK, unit(0), 5) == []
    store.drop("s1", Domain.RISK, ["a"])
    store.keep_only("s1")


def test_store_keys_put_replaced_and_dropped(store: Vectors) -> None:
    store.put("s1", Domain.RISK, [("a", unit(1)), ("b", unit(2))])
    store.put("s1", Domain.RISK, [("b", unit(3))])
    store.put("s1", Domain.PAPERS, [("c", unit(4))])
    assert store.keys("s1", Domain.RISK) == {"a", "b"}
    assert store.nearest("s1", Domain.RISK, unit(3), 1)[0].cosine == pytest.approx(1.0, abs=1e-5)
    store.drop("s1", Domain.RISK, ["a", "nothing"])
    assert store.keys("s1", Domain.RISK) == {"b"}
    assert store.keys("s1", Domain.PAPERS) == {"c"}


def test_store_nearest_is_ordered_by_cosine_then_key(store: Vectors) -> None:
    store.put("s1", Domain.RISK, [(name, unit(7)) for name in ("z", "m", "a")] + [("best", unit(8))])
    assert [near.key for near in store.nearest("s1", Domain.RISK, unit(8), 9)] == ["best", "a", "m", "z"]


def test_store_keep_only_forgets_other_spaces(store: Vectors) -> None:
    store.put("s1", Domain.RISK, [("a", unit(1))])
    store.put("s2", Domain.RISK, [("b", unit(1))])
    store.keep_only("s2")
    assert store.keys("s1", Domain.RISK) == frozenset()
    assert store.keys("s2", Domain.RISK) == {"b"}


@pytest.mark.parametrize("kind", KINDS)
def test_store_opened_again_holds_what_was_put(kind: Kind, tmp_path: Path) -> None:
    if kind == "chroma":
        pytest.importorskip("chromadb")
    first = open_vectors(tmp_path, kind, "test")
    first.put("s1", Domain.RISK, [(str(number), unit(number)) for number in range(120)])
    first.close()
    again = open_vectors(tmp_path, kind, "test")
    assert len(again.keys("s1", Domain.RISK)) == 120
    assert again.nearest("s1", Domain.RISK, unit(5), 1)[0].key == "5"
    again.close()


def test_stores_agree_on_the_ranking(tmp_path: Path) -> None:
    pytest.importorskip("chromadb")
    rankings = []
    for kind in KINDS:
        store = open_vectors(tmp_path, kind, "test")
        store.put("s1", Domain.RISK, [(f"{number:04}", unit(number)) for number in range(1_500)])
        rankings.append([store.nearest("s1", Domain.RISK, unit(9_000 + number), 50) for number in range(20)])
        store.close()
    for chroma, sqlite in zip(*rankings, strict=True):
        assert [near.key for near in chroma] == [near.key for near in sqlite]
        assert [near.cosine for near in chroma] == pytest.approx([near.cosine for near in sqlite], abs=2e-6)


def test_chroma_vectors_of_another_size_are_told(tmp_path: Path) -> None:
    pytest.importorskip("chromadb")
    store = open_vectors(tmp_path, "chroma", "test")
    store.put("s1", Domain.RISK, [("a", unit(1))])
    with pytest.raises(IndexUnavailableError):
        store.put("s1", Domain.RISK, [("b", unit(1, 32))])
    store.close()


def test_chroma_collections_are_never_opened_with_an_embedder_of_its_own(tmp_path: Path) -> None:
    """A collection found by anyone, without our help, still names our function and so cannot fetch a model."""
    chromadb = pytest.importorskip("chromadb")
    store = open_vectors(tmp_path, "chroma", "the embedder")
    store.put("s1", Domain.RISK, [("a", unit(1))])
    settings = chromadb.config.Settings(anonymized_telemetry=False)
    client = chromadb.PersistentClient(path=str(tmp_path / "chroma"), settings=settings)
    found = client.get_collection("risk-s1")
    assert found.metadata["embedder"] == "the embedder"
    with pytest.raises(ValueError, match="made by strategy_gen"):
        found.query(query_texts=["stop"], n_results=1)
    client.close()
    store.close()


def shelf(root: Path) -> Path:
    folder = root / "shared" / "risk"
    folder.mkdir(parents=True)
    for number, subject in enumerate(("stop loss distance", "position size", "drawdown limits", "leverage and margin")):
        (folder / f"{number}.md").write_text(f"# {subject}\n\nThis page is about {subject} in trading.\n")
    return root / "shared"


def test_base_over_either_store_answers_alike(tmp_path: Path) -> None:
    pytest.importorskip("chromadb")
    folder, answers = shelf(tmp_path), []
    for kind in KINDS:
        base = Knowledge([folder], tmp_path / "own", tmp_path / kind, vectors=kind)
        assert base.index().embedder == f"hashed-words-1 ({kind})"
        answers.append(
            [base.search(query, limit=50) for query in ("how large a position", "limit my drawdown", "risk")]
        )
        base.close()
    assert answers[0] == answers[1]


def test_base_moved_from_one_store_to_the_other_and_back_heals(tmp_path: Path) -> None:
    pytest.importorskip("chromadb")
    folder = shelf(tmp_path)
    for kind, changed in (("sqlite", 0), ("chroma", 4), ("sqlite", 0)):
        base = Knowledge([folder], tmp_path / "own", tmp_path / "index", vectors=kind)
        assert base.search("drawdown limits") == [] or base.search("drawdown limits")[0].document == "risk/2.md"
        assert base.index().changed == changed
        assert base.search("drawdown limits")[0].document == "risk/2.md"
        base.close()


@pytest.mark.parametrize("tried_before", [0, 1, 2])
def test_damaged_chroma_is_told_and_rebuild_mends_it(tmp_path: Path, tried_before: int) -> None:
    pytest.importorskip("chromadb")
    folder = shelf(tmp_path)
    (tmp_path / "index" / "chroma").mkdir(parents=True)
    (tmp_path / "index" / "chroma" / "chroma.sqlite3").write_bytes(
        b"not a database at all, but long enough to look at" * 50
    )
    base = Knowledge([folder], tmp_path / "own", tmp_path / "index", vectors="chroma")
    for _ in range(tried_before):
        with pytest.raises(IndexUnavailableError):
            base.index()
    assert base.index(rebuild=True).added == 4
    assert base.search("drawdown limits")[0].document == "risk/2.md"
    base.close()


def ran(code: str, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_base_loads_nothing_heavy() -> None:
    heavy = "chromadb numpy pypdf httpx pandas pydantic_ai sqlalchemy"
    told = ran(
        "import sys, services.strategy_gen.knowledge, services.strategy_gen.knowledge.base\n"
        f"print([name for name in {heavy!r}.split() if name in sys.modules])"
    )
    assert told == "[]"


def test_chroma_is_used_without_its_heavy_parts(tmp_path: Path) -> None:
    pytest.importorskip("chromadb")
    told = ran(
        "import sys\nfrom pathlib import Path\nfrom services.strategy_gen.knowledge.base import Knowledge\n"
        "root = Path(sys.argv[2])\nbase = Knowledge([Path(sys.argv[1])], root / 'own', root / 'index')\n"
        "print(base.index().embedder, base.search('drawdown limits')[0].document)\n"
        "print([name for name in ('onnxruntime', 'kubernetes', 'tokenizers', 'fastapi') if name in sys.modules])",
        shelf(tmp_path),
        tmp_path,
    )
    assert told == "hashed-words-1 (chroma) risk/2.md\n[]"


def test_base_without_chromadb_serves_all_the_same(tmp_path: Path) -> None:
    told = ran(
        "import sys\nsys.modules['chromadb'] = None\nfrom pathlib import Path\n"
        "from services.strategy_gen.knowledge.base import Knowledge\n"
        "root = Path(sys.argv[2])\nbase = Knowledge([Path(sys.argv[1])], root / 'own', root / 'index')\n"
        "print(base.index().embedder, base.search('drawdown limits')[0].document)",
        shelf(tmp_path),
        tmp_path,
    )
    assert told == "hashed-words-1 (sqlite) risk/2.md"
