"""A sentence as a strategy: reading and writing put together. Decides nothing of its own."""

from services.strategy_gen.compiler.reading.read import read
from services.strategy_gen.compiler.writing.strategy import Compiled, compile_sentence

__all__ = ["Compiled", "compile_text"]


def compile_text(text: str, *, timeframe: str | None = None, kind: str | None = None, name: str = "") -> Compiled:
    """Return the strategy that an English sentence describes; the same arguments give the same bytes.

    timeframe, kind: see `compile_sentence`, whose errors it raises too. Raises BadPromptError for what is not understood, with a diagnostic
    for every such phrase.
    """
    return compile_sentence(read(text), timeframe=timeframe, kind=kind, name=name)
