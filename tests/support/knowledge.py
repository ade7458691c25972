"""A small knowledge base on real files, with an embedder that counts and can fail."""

from collections.abc import Sequence
from pathlib import Path

from libs.common.values import Domain
from services.strategy_gen.knowledge.base import Knowledge
from services.strategy_gen.knowledge.embedding import HashedWords, Vector
from services.strategy_gen.knowledge.errors import EmbeddingsError

PAGES = {
    "risk/stops.md": "# Stop losses\n\nA stop loss limits what one trade may lose.\n\n## Distance\n\nTwo ATR below entry.",
    "risk/size.md": "# Position size\n\nRisk one percent of equity in a trade.",
    "technical/rsi.md": "# RSI\n\nBelow 30 the market is called oversold.",
    "papers/momentum.txt": "MOMENTUM\n\nWinners of the past year go on winning.",
}


class Counting:
    """The built-in embedder, counting; `broken` makes it fail as a server would."""

    def __init__(self, name: str = "counting"):
        self.name = name
        self.share = 0.35
        self.texts: list[str] = []
        self.broken = False

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        if self.broken:
            raise EmbeddingsError("down")
        self.texts += texts
        return HashedWords().embed(texts)

    def taken(self) -> list[str]:
        texts, self.texts = self.texts, []
        return texts


class Shelf:
    """Folders with PAGES, and a knowledge base over them."""

    def __init__(self, root: Path, embedder: Counting | None = None):
        self.root = root
        self.folder, self.own, self.index_dir = root / "shared", root / "own", root / "index"
        self.embedder = embedder or Counting()
        for name, text in PAGES.items():
            self.write(name, text)
        self.base = self.opened()

    def opened(self) -> Knowledge:
        return Knowledge([self.folder], self.own, self.index_dir, embedder=self.embedder, vectors="sqlite")

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def best(self, query: str, domain: Domain | None = None) -> str:
        found = self.base.search(query, domain, 1)
        return found[0].document if found else ""


def indexed(root: Path) -> Shelf:
    """Return a shelf whose pages are indexed, its embedder's count at none."""
    made = Shelf(root)
    made.base.index()
    made.embedder.taken()
    return made
