"""The facts strategy_gen writes about making strategies out of words, and about the knowledge behind them."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, FiniteFloat

from libs.common.events.base import Event, Part
from libs.common.values import Domain, Identifier, Symbol, Text, Timeframe, Verdict

Author = Literal["compiler", "llm"]
"""Who wrote a piece of code."""

Step = Literal["retrieve", "write", "check", "run", "meaning", "judge"]
"""The steps an attempt takes, in order: passages found, code written, checked, run in the sandbox, compared with the sentence, judged on history."""


class Citation(Part):
    """A passage a strategy or an answer rests on. document: `<domain>/<file>`; chunk: its number in the document; quote: its first words."""

    document: Annotated[str, Field(max_length=256)]
    chunk: Annotated[int, Field(ge=0)]
    heading: Annotated[str, Field(max_length=256)] = ""
    quote: Annotated[str, Field(max_length=400)] = ""
    score: FiniteFloat | None = None


class Assumption(Part):
    """A default that was used because the sentence left it open: `high volume` -> `volume above 1.5 times its 20-bar average`."""

    phrase: Annotated[str, Field(max_length=256)]
    meaning: Annotated[str, Field(max_length=400)]


class GenerationStarted(Event):
    """A sentence is being turned into strategies. engine: the one asked for. symbols_total: how many symbols they are for."""

    subject: ClassVar[str] = "strategies.generating.{job_id}"
    job_id: Identifier
    text: Text
    engine: Literal["auto", "offline", "llm"]
    variants: int
    name: Annotated[str, Field(max_length=120)] = ""
    symbols_total: int
    universe: Annotated[str, Field(max_length=64)] | None = None
    timeframe: Timeframe
    asked_by: Annotated[str, Field(max_length=64)] = ""


class AttemptMade(Event):
    """One piece of code was written for a variant of a generation; `step` is how far it came, `judge` if it was proposed.

    engine, model, prompt_hash: who wrote it; model and prompt_hash are null for the compiler. findings: why it came no further. tokens_in, tokens_out,
    cost_usd: of the calls it took, null for the compiler; estimated: the provider did not say the tokens.
    """

    subject: ClassVar[str] = "strategies.attempted.{job_id}"
    job_id: Identifier
    variant: int
    number: int
    engine: Author
    model: Annotated[str, Field(max_length=128)] | None = None
    prompt_hash: Annotated[str, Field(max_length=64)] | None = None
    step: Step
    strategy_id: Identifier | None = None
    code: Annotated[str, Field(max_length=100_000)] | None = None
    rationale: Text = ""
    citations: tuple[Citation, ...] = ()
    findings: tuple[dict[str, Any], ...] = ()
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost_usd: FiniteFloat | None = None
    estimated: bool = False


class Generated(Part):
    """A variant of a generation that became a strategy. verdict: null where it could not be judged, `detail` says why."""

    variant: int
    attempts: int
    strategy_id: Identifier
    engine: Author
    model: Annotated[str, Field(max_length=128)] | None = None
    name: Annotated[str, Field(max_length=120)] = ""
    verdict: Verdict | None = None
    backtest_id: Identifier | None = None
    duplicate: bool = False
    detail: Text = ""


class GenerationDone(Event):
    """A sentence has become strategies, the best first. in_words: what the code does, restated; assumptions: defaults that were used."""

    subject: ClassVar[str] = "strategies.generated.{job_id}"
    job_id: Identifier
    text: Text
    strategies: Annotated[tuple[Generated, ...], Field(min_length=1, max_length=10)]
    in_words: Text = ""
    assumptions: tuple[Assumption, ...] = ()
    citations: tuple[Citation, ...] = ()
    warnings: tuple[Text, ...] = ()
    symbols: Annotated[tuple[Symbol, ...], Field(max_length=1_000)] = ()
    cost_usd: FiniteFloat = 0.0


class GenerationFailed(Event):
    """A sentence did not become a strategy, or a person cancelled it. findings: phrases that were not understood, faults of the last code."""

    subject: ClassVar[str] = "strategies.ungenerated.{job_id}"
    job_id: Identifier
    text: Text
    cancelled: bool = False
    code: Annotated[str, Field(max_length=64)]
    detail: Text
    pointer: str | None = None
    hint: str | None = None
    findings: tuple[dict[str, Any], ...] = ()
    cost_usd: FiniteFloat = 0.0


class DocumentIndexed(Event):
    """A document of the knowledge base is searchable as it now stands; `removed`: it is gone. own: it was added to this profile."""

    subject: ClassVar[str] = "knowledge.document.{document_id}"
    document_id: Identifier
    domain: Domain
    document: Annotated[str, Field(max_length=256)]
    title: Annotated[str, Field(max_length=256)] = ""
    content_hash: Annotated[str, Field(max_length=64)]
    characters: int
    chunks: int
    own: bool = False
    removed: bool = False


class KnowledgeIndexed(Event):
    """The knowledge folders were read. chunks: by domain, of everything searchable; added, changed, removed, unchanged: documents. code: why they could not be."""

    subject: ClassVar[str] = "knowledge.indexed.{job_id}"
    job_id: Identifier
    chunks: dict[Domain, int]
    added: int
    changed: int
    removed: int
    unchanged: int
    embedder: Annotated[str, Field(max_length=128)]
    skipped: tuple[Text, ...] = ()
    code: Annotated[str, Field(max_length=64)] | None = None
    detail: Text | None = None
    hint: Text | None = None
