"""The heavy parts of strategy_gen, each opened at its first use: the compiler, the models, the knowledge base, the sandbox.

Decides which of them the settings ask for. Nothing here is imported, started or connected before somebody needs it, so the service
starts in a moment whatever is installed.
"""

import importlib
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from libs.strategy.sandbox.host.availability import switches_for
from libs.strategy.sandbox.host.fleet import Plan
from libs.strategy.sandbox.host.pool import Pool
from services.strategy_gen.knowledge.remote import RemoteEmbedder
from services.strategy_gen.llm.protocol import Writer
from services.strategy_gen.llm.settings import LlmSettings
from services.strategy_gen.models import Models
from services.strategy_gen.settings import Settings
from services.strategy_gen.shelf import Shelf

T = TypeVar("T")


@dataclass(frozen=True)
class Parts:
    """What generations and the library work with.

    compile_text: reads and writes a sentence, or raises BadInputError. writer: the models, None where none is configured.
    knowledge: opens the base. sandbox: the only place where code runs. pause: lets go of connections, on the event loop; close: ends what was started.
    """

    compile_text: Callable[..., Any]
    knowledge: Callable[[], Shelf]
    sandbox: Pool
    writer: Writer | None = None
    pause: Callable[[], Awaitable[None]] | None = None
    close: Callable[[], None] = field(default=lambda: None)


def chosen(settings: Settings, models: LlmSettings | None = None) -> Parts:
    """Return the parts that the settings ask for, none of them started."""
    told = models or LlmSettings()
    pool = Pool(plan=Plan(1, switches_for(settings.sandbox), keep=0))  # sentences come seldom: its memory is given back
    base = Once(lambda: _knowledge(settings))
    writer = Models(settings, told) if told.links() else None

    def close() -> None:
        pool.close()
        if base.made is not None:
            base.made.close()

    return Parts(compile_text, base.get, pool, writer, writer.close if writer else None, close)


def compile_text(text: str, **options: Any) -> Any:
    """Hand a text to the compiler, whose grammar is loaded at its first use; see `compiler.compile.compile_text`."""
    return importlib.import_module("services.strategy_gen.compiler.compile").compile_text(text, **options)


class Once(Generic[T]):
    """A value that is made when it is first asked for, once, whatever thread asks. made: None until then."""

    def __init__(self, make: Callable[[], T]):
        """Make it by `make`."""
        self._make = make
        self._lock = threading.Lock()
        self.made: T | None = None

    def get(self) -> T:
        """Return the value."""
        with self._lock:
            if self.made is None:
                self.made = self._make()
            return self.made


def _knowledge(settings: Settings) -> Shelf:
    embedder = None
    if settings.embeddings_url:
        key = settings.embeddings_key.get_secret_value() if settings.embeddings_key else None
        embedder = RemoteEmbedder(settings.embeddings_url, settings.embeddings_model, key)
    return Shelf([settings.knowledge_dir], settings.own_knowledge_dir, settings.index_dir, embedder=embedder)
