"""What a writer of strategies is asked, what it answers, and the promise it makes. No library of any vendor is known here."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol, TypeAlias

from services.strategy_gen.knowledge.values import Passage as Passage  # one value for those who find and those who cite

Parameter: TypeAlias = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Tried:
    """Code that was written before for the same request, and what was found wrong with it, as machine-readable findings."""

    code: str
    findings: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """One request for one strategy.

    text: the person's words. kind: the contract to write, `python.signals` or `python.classify`. timeframe: bar length, like `1h`. symbols_total: how
    many symbols it is for; which ones is never told. passages: from the knowledge base, best first. variant: from 1; higher ones
    choose another reading of what the words leave open. earlier: code that failed, oldest first. in_words: the compiler's restatement, where it has one.
    """

    text: str
    kind: str
    timeframe: str
    symbols_total: int = 1
    passages: tuple[Passage, ...] = ()
    variant: int = 1
    earlier: tuple[Tried, ...] = ()
    in_words: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What calls took. cost_usd: exact, at least what was used; estimated: a provider did not say the tokens, so the reserved maximum counts."""

    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: Decimal = Decimal(0)
    estimated: bool = False

    def __add__(self, other: "Usage") -> "Usage":
        """Return both together."""
        return Usage(
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            self.cost_usd + other.cost_usd,
            self.estimated or other.estimated,
        )


@dataclass(frozen=True, slots=True)
class Draft:
    """A strategy as a model wrote it: unchecked code. citations: places in the passages of the request, from 0. model: `provider:model`."""

    name: str
    description: str
    code: str
    parameters: dict[str, Parameter]
    rationale: str
    citations: tuple[int, ...]
    model: str
    prompt_hash: str
    usage: Usage = field(default_factory=Usage)


class Writer(Protocol):
    """Somebody who writes strategies.

    Promises: never spends past the caps; raises a ModelError for whatever a provider does, and StoreUnavailableError when the ledger cannot be
    written (no call is made then); no key appears in an answer or an error; the code is as the model wrote it, but for a Markdown fence around it.
    """

    @property
    def name(self) -> str:
        """Return `provider:model`, for logs and answers."""
        ...

    async def write(self, ask: Ask, job_id: str) -> Draft:
        """Return a draft; raises ModelError, StoreUnavailableError. job_id: whose budget it is written on."""
        ...
