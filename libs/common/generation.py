"""The commands that make strategies out of words, and those of the knowledge behind them. strategy_gen carries them out."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from libs.common.command import Command, Spelled
from libs.common.values import Domain, Identifier

Written = Annotated[str, Field(min_length=1, max_length=4_000)]
"""What a person wrote: a sentence, a question."""


class GenerateStrategy(Command):
    """Turn a trading idea in plain English into strategies, and have them judged; the command's id is the job's id.

    symbols, universe, timeframe: what the strategies are for, where the text does not say it. engine: `offline` is the compiler, `llm` the configured
    models, `auto` the compiler where it understands every phrase, else the models. variants: how many a model writes side by side; the
    compiler has one answer to a sentence.
    """

    subject: ClassVar[str] = "cmd.strategy_gen.generate"
    text: Written
    symbols: Annotated[list[Spelled], Field(max_length=1_000, default_factory=list)]
    universe: Spelled | None = None
    timeframe: Spelled | None = None
    engine: Literal["auto", "offline", "llm"] = "auto"
    variants: Annotated[int, Field(ge=1, le=10)] = 1
    kind: Literal["python.signals", "python.classify"] | None = None
    name: Annotated[str, Field(max_length=120)] = ""


class CancelGeneration(Command):
    """Stop writing strategies for a job; those already proposed stay."""

    subject: ClassVar[str] = "cmd.strategy_gen.cancel"
    job_id: Identifier


class IndexKnowledge(Command):
    """Read the knowledge folders again: what is new or changed is embedded, what is gone is removed. `rebuild` embeds everything anew."""

    subject: ClassVar[str] = "cmd.strategy_gen.index"
    rebuild: bool = False


class AddDocument(Command):
    """Keep a text among the profile's own knowledge and index it; the same domain and name again replaces it."""

    subject: ClassVar[str] = "cmd.strategy_gen.add_document"
    domain: Domain
    name: Identifier
    text: Annotated[str, Field(min_length=1, max_length=200_000)]


class RemoveDocument(Command):
    """Forget a text that was added by `add_document`."""

    subject: ClassVar[str] = "cmd.strategy_gen.remove_document"
    domain: Domain
    name: Identifier


class SearchKnowledge(Command):
    """Answer with the passages nearest to a question, best first; domain: only of this one."""

    subject: ClassVar[str] = "cmd.strategy_gen.search"
    query: Written
    domain: Domain | None = None
    limit: Annotated[int, Field(ge=1, le=50)] = 5
