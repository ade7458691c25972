"""The knowledge base: folders of texts in, passages out.

The catalog decides what exists; a vector without a chunk in it is never shown. One process owns an index folder. Every method blocks: call it through
`asyncio.to_thread`. Searches go on while an indexing runs, and see each document as it was or as it is.
"""

import hashlib
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

from libs.common.values import Domain
from services.strategy_gen.knowledge.catalog import Catalog
from services.strategy_gen.knowledge.chunking import CUT
from services.strategy_gen.knowledge.database import erase
from services.strategy_gen.knowledge.embedding import Embedder, HashedWords
from services.strategy_gen.knowledge.errors import BadQuestionError, IndexUnavailableError
from services.strategy_gen.knowledge.files import find
from services.strategy_gen.knowledge.fusion import fuse
from services.strategy_gen.knowledge.own import OwnTexts
from services.strategy_gen.knowledge.remote import RemoteEmbedder
from services.strategy_gen.knowledge.updating import Stores, Update
from services.strategy_gen.knowledge.values import DocumentState, Indexed, Passage
from services.strategy_gen.knowledge.vectors import Kind, Near, open_vectors
from services.strategy_gen.knowledge.words import words

LONGEST_QUESTION = 4_000
MOST_PASSAGES = 50
_MOST_WORDS = 64
_CANDIDATES = 50


class Knowledge:
    """An index over folders of texts; nothing is opened before it is first used."""

    def __init__(  # noqa: PLR0913 - what it reads, where it keeps it, and what embeds
        self,
        folders: Sequence[Path],
        own: Path,
        index_dir: Path,
        *,
        embeddings_url: str | None = None,
        embeddings_model: str = "",
        embedder: Embedder | None = None,
        vectors: Kind = "auto",
    ):
        """Read texts from `folders` and `own`, keep the index in `index_dir`.

        folders: each with the five domains as sub-folders; a text in a later one hides that of the same name in an earlier one, and one in `own`
        both. embeddings_url, embeddings_model: an OpenAI-compatible server that embeds; else `embedder`, else the built-in one. vectors: `auto`
        is ChromaDB where it is installed. Raises BadInputError for a bad URL.
        """
        self._folders = tuple(folders)
        self._own = own
        self._texts = OwnTexts(own)
        self._index_dir = index_dir
        self._embedder = (
            RemoteEmbedder(embeddings_url, embeddings_model) if embeddings_url else embedder or HashedWords()
        )
        self._kind = vectors
        self._opened: Stores | None = None
        self._using = threading.RLock()
        self._indexing = threading.RLock()

    def open(self) -> None:
        """Open the index now, which takes about a second with ChromaDB, so that the first question need not wait. Raises IndexUnavailableError."""
        self._stores()

    def index(self, rebuild: bool = False) -> Indexed:
        """Bring the index to the state of the files; only what is new or changed is read and embedded. rebuild: everything is, and damage is mended.

        Raises EmbeddingsError when the embeddings URL fails, IndexUnavailableError when the disk does: documents are then as they were, or,
        where they had been reached, as they are; the next call goes on.
        """
        with self._indexing:
            return Update(self._emptied() if rebuild else self._stores(), anew=rebuild).run(
                find(self._folders, self._own)
            )

    def search(self, query: str, domain: Domain | None = None, limit: int = 5) -> list[Passage]:
        """Return the passages nearest to `query`, best first; none for a query of stop words only, and none before the first `index`.

        query: at most 4,000 characters; its first 64 different words count, and nothing in it is an operator. domain: only of this one. limit: 1 to 50.
        Raises BadQuestionError, EmbeddingsError, IndexUnavailableError.
        """
        if not 1 <= len(query) <= LONGEST_QUESTION:
            raise BadQuestionError(f"a question has 1 to {LONGEST_QUESTION:,} characters", pointer="/query")
        if not 1 <= limit <= MOST_PASSAGES:
            raise BadQuestionError(f"limit is 1 to {MOST_PASSAGES}", pointer="/limit")
        terms = list(dict.fromkeys(words(query)))[:_MOST_WORDS]
        if not terms:
            return []
        stores = self._stores()
        asked = stores.embedder.embed([" ".join(words(query))])[0]
        near: list[Near] = []
        with self._using:
            for one in [domain] if domain else Domain:
                near += stores.vectors.nearest(stores.space, one, asked, _CANDIDATES)
            scores = fuse(near, stores.catalog.match(terms, domain, _CANDIDATES), stores.embedder.share)
            return stores.catalog.passages(scores, limit)

    def add(self, domain: Domain, name: str, text: str) -> DocumentState:
        """Keep `text` as the own document `<domain>/<name>.md`, or replace it, and index it; when that fails the file is as it was.

        Raises BadDocumentError for a bad name or text, EmbeddingsError, IndexUnavailableError.
        """
        with self._indexing, self._texts.adding(domain, name, text):
            return self._update_one(domain, name)

    def remove(self, domain: Domain, name: str) -> DocumentState:
        """Forget an own document; the result says `removed`, or is the shared document of that name that it had hidden.

        Raises NotFoundError where there is none, EmbeddingsError, IndexUnavailableError.
        """
        with self._indexing, self._texts.removing(domain, name):
            return self._update_one(domain, name)

    def close(self) -> None:
        """Let go of the index; the next use opens it again."""
        with self._indexing, self._using:
            if self._opened is not None:
                self._opened.catalog.close()
                self._opened.vectors.close()
                self._opened = None

    def _update_one(self, domain: Domain, name: str) -> DocumentState:
        return Update(self._stores()).run_one(find(self._folders, self._own), domain, f"{name}.md")

    def _stores(self) -> Stores:
        with self._using:
            if self._opened is None:
                name = self._embedder.name
                catalog = Catalog(self._index_dir / "index.db")
                try:
                    vectors = open_vectors(self._index_dir, self._kind, name)
                except BaseException:
                    catalog.close()
                    raise
                space = hashlib.sha256(f"{name}|{CUT}".encode()).hexdigest()[:12]
                self._opened = Stores(catalog, vectors, self._embedder, space, self._using)
            return self._opened

    def _emptied(self) -> Stores:
        """Return the stores without vectors; those that cannot be opened are made anew. Asks the embedder first: without it all stays."""
        self._embedder.embed(["ready"])
        try:
            stores = self._stores()
            with self._using:
                stores.catalog.records()
                stores.vectors.keep_only("")
        except IndexUnavailableError:
            with self._using:
                self.close()
                erase(self._index_dir / "index.db")
                erase(self._index_dir / "vectors.db")
                shutil.rmtree(self._index_dir / "chroma", ignore_errors=True)
                return self._stores()
        return stores
