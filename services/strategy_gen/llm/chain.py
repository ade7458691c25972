"""The configured models in order: the next one is asked when one cannot or may not answer. The offline compiler is no link of it."""

from collections.abc import Sequence
from dataclasses import replace

from libs.common.clock import Clock
from services.strategy_gen.llm.budget import Budget
from services.strategy_gen.llm.errors import ModelError
from services.strategy_gen.llm.protocol import Ask, Draft, Usage, Writer
from services.strategy_gen.llm.retries import Retries
from services.strategy_gen.llm.settings import LlmSettings
from services.strategy_gen.llm.writer import ModelWriter


def build_writers(
    settings: LlmSettings, budget: Budget, clock: Clock, retries: Retries | None = None
) -> tuple[Writer, ...]:
    """Return a writer for each configured model, in order; empty when neither a model nor a key is configured. Opens no connection."""
    waits = retries or Retries()
    return tuple(ModelWriter(link, settings, budget, clock, waits) for link in settings.links())


class Chain:
    """A writer made of others, tried in order."""

    def __init__(self, writers: Sequence[Writer]):
        """writers: at least one."""
        if not writers:
            raise ValueError("a chain has at least one writer")
        self._writers = tuple(writers)

    @property
    def name(self) -> str:
        """Return the names in order."""
        return ",".join(writer.name for writer in self._writers)

    async def write(self, ask: Ask, job_id: str) -> Draft:
        """Return the first draft there is, with the cost of all models asked for it.

        Raises the first model's error when none has one; its diagnostics then name every model's.
        """
        failed: list[tuple[str, ModelError]] = []
        for writer in self._writers:
            try:
                draft = await writer.write(ask, job_id)
            except ModelError as error:
                failed.append((writer.name, error))
            else:
                return _with_cost(draft, failed)
        first = failed[0][1]
        if len(failed) > 1:
            first.diagnostics += tuple(
                {"code": error.code, "message": error.detail, "model": name} for name, error in failed
            )
        first.usage = _cost(failed)
        raise first


def _cost(failed: Sequence[tuple[str, ModelError]]) -> Usage:
    return sum((error.usage for _, error in failed), Usage())


def _with_cost(draft: Draft, failed: Sequence[tuple[str, ModelError]]) -> Draft:
    return replace(draft, usage=_cost(failed) + draft.usage)
