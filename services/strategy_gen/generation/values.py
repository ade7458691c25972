"""What a generation is while it goes on: what it was planned as, and every attempt made for it. Pure values, stored as they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from libs.common.events import AttemptMade, StrategyJudged
from libs.common.generation import GenerateStrategy

Author = Literal["compiler", "llm"]
State = Literal["running", "done", "failed", "cancelled"]

NO_TRADE = "judge.no_trade"
LOOK_AHEAD = "judge.look_ahead"


@dataclass(frozen=True)
class Plan:
    """What a sentence was taken for before the first line of code was written.

    engine: who writes. compiles: the compiler understands every phrase, so its code can be compared with and is the last resort. kind: contract to
    write. universe: the list that `symbols` came from. in_words, assumptions: of the compiler, where it understands the text.
    """

    engine: Author
    compiles: bool
    kind: str
    timeframe: str
    symbols: tuple[str, ...]
    universe: str | None = None
    in_words: str = ""
    assumptions: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Problem:
    """Why a variant can go no further: an error in its stable words."""

    code: str
    detail: str
    pointer: str | None = None
    hint: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a proposed attempt. verdict is None where it could not be judged, and `detail` says why."""

    verdict: str | None = None
    backtest_id: str | None = None
    closed_trades: int = 0
    sharpe: float | None = None
    duplicate: bool = False
    detail: str = ""
    findings: tuple[dict[str, Any], ...] = ()

    @classmethod
    def of(cls, judged: StrategyJudged, *, duplicate: bool = False) -> "Outcome":
        """Return what a verdict says, with what the next attempt has to mend."""
        sharpe = judged.metrics.get("sharpe")
        findings = faults_of(judged)
        return cls(
            verdict=judged.verdict.value,
            backtest_id=judged.backtest_id,
            closed_trades=judged.closed_trades,
            sharpe=None if sharpe is None else float(sharpe),
            duplicate=duplicate,
            detail="; ".join(finding["message"] for finding in findings) or judged.deciding_rule[:4_000],
            findings=findings,
        )


@dataclass(frozen=True)
class Attempt:
    """One piece of code, or the failure to get one. made: the fact about it. problem: set where another attempt cannot help.

    proposal_id: `event_id` of its proposal, None if it never got there or was known already. outcome: None while it is being judged.
    """

    made: AttemptMade
    name: str = ""
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    kind: str = ""
    problem: Problem | None = None
    proposal_id: str | None = None
    outcome: Outcome | None = None

    @property
    def variant(self) -> int:
        """Return which variant it was made for, from 1."""
        return self.made.variant

    @property
    def number(self) -> int:
        """Return its place among the attempts of its variant, from 1."""
        return self.made.number

    @property
    def is_proposed(self) -> bool:
        """Tell whether it became a strategy."""
        return self.made.step == "judge" and not self.made.findings

    @property
    def findings(self) -> tuple[dict[str, Any], ...]:
        """Return everything the next attempt has to mend."""
        return self.made.findings + (self.outcome.findings if self.outcome else ())

    def settled(self, outcome: Outcome) -> "Attempt":
        """Return the attempt with what became of it."""
        return replace(self, outcome=outcome)


@dataclass(frozen=True)
class Job:
    """A generation: the command that asked for it (its id is the job's), what it was planned as, where it stands."""

    command: GenerateStrategy
    plan: Plan
    state: State = "running"
    attempts: Sequence[Attempt] = ()

    @property
    def job_id(self) -> str:
        """Return the id, that of the command."""
        return self.command.event_id

    @property
    def variants(self) -> int:
        """Return how many variants are written: one of the compiler, which has one answer to a sentence."""
        return self.command.variants if self.plan.engine == "llm" else 1

    def of(self, variant: int) -> tuple[Attempt, ...]:
        """Return the attempts of a variant, in order."""
        return tuple(sorted((a for a in self.attempts if a.variant == variant), key=lambda attempt: attempt.number))


def faults_of(judged: StrategyJudged) -> tuple[dict[str, Any], ...]:
    """Return what evidence and trades say against a strategy, for the next attempt."""
    found: list[dict[str, Any]] = []
    evidence = judged.evidence
    if evidence is not None and evidence.look_ahead_passed is False:
        told = evidence.first_bad_bar or "a signal changed when later bars were taken away"
        found.append(
            {
                "code": LOOK_AHEAD,
                "message": f"it knows the future: {told[:400]}",
                "hint": "a signal may depend on its own bar and earlier ones only: no shift(-1), no statistics over the whole frame",
            }
        )
    if judged.closed_trades == 0:
        found.append(
            {
                "code": NO_TRADE,
                "message": f"it places no trade on {judged.bars} bars",
                "hint": "loosen the entry, and make sure that a position is closed",
            }
        )
    return tuple(found)
