"""The course of a generation: which attempt comes next, when a variant has ended, which strategy is best.

Pure. A job is folded from its attempts alone, so a process that was killed goes on exactly where the last committed attempt left it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from libs.common.values import Verdict
from services.strategy_gen.generation.values import LOOK_AHEAD, NO_TRADE, Attempt, Author, Job, Problem

ROUNDS = 6
"""Attempts a model has at a variant."""

TIMEOUTS = 2
"""Attempts of a variant that may run out of time; the last of them ends it."""

_TIMEOUTS = ("strategy.cpu_timeout", "strategy.wall_timeout")

SHOWN_FINDINGS = 60
SHOWN_BYTES = 100_000
"""Findings that a failed job tells of, and the bytes they may have together."""

_ORDER = [verdict.value for verdict in Verdict]
_MENDABLE = (LOOK_AHEAD, NO_TRADE)


@dataclass(frozen=True)
class Next:
    """An attempt to make. earlier: those of the same variant, which it has to do better than."""

    variant: int
    number: int
    engine: Author
    earlier: tuple[Attempt, ...] = ()


@dataclass(frozen=True)
class Ended:
    """A job that has nothing left to do. best: an attempt per variant that became a strategy, best first; empty if none did."""

    best: tuple[Attempt, ...]
    problem: Problem | None = None


def moves(job: Job) -> tuple[Next, ...] | Ended:
    """Return the attempts that can be made now (none while all is being judged), or how the job has ended."""
    due = [one for one in (_next(job, variant) for variant in range(1, job.variants + 1)) if one is not None]
    todo = tuple(one for one in due if isinstance(one, Next))
    if due:
        return todo
    best = ranked(job)
    if best:
        return Ended(best)
    last = _last_resort(job)
    return (last,) if last else Ended((), _problem(job))


def ranked(job: Job) -> tuple[Attempt, ...]:
    """Return the best strategy of each variant, the best first: by verdict, then Sharpe ratio, then closed trades."""
    found = []
    for variant in range(1, job.variants + 1):
        proposed = [attempt for attempt in job.of(variant) if attempt.is_proposed]
        if proposed:
            found.append(min(proposed, key=lambda attempt: (_worth(attempt), -attempt.number)))
    return tuple(sorted(found, key=lambda attempt: (_worth(attempt), attempt.variant)))


def findings_of(job: Job) -> tuple[dict[str, Any], ...]:
    """Return what was found against every attempt, each with its variant and number; the newest ones where there are too many."""
    told = [
        {"variant": attempt.variant, "attempt": attempt.number, **finding}
        for attempt in sorted(job.attempts, key=lambda attempt: (attempt.number, attempt.variant))
        for finding in attempt.findings
    ]
    return fitting(told[: -SHOWN_FINDINGS - 1 : -1], SHOWN_BYTES)[::-1]


def fitting(findings: Sequence[dict[str, Any]], most_bytes: int) -> tuple[dict[str, Any], ...]:
    """Return the first findings that a fact of `most_bytes` has room for: their words may quote a stranger's code."""
    sizes = accumulate(len(json.dumps(finding, ensure_ascii=False, default=str).encode()) for finding in findings)
    return tuple(finding for finding, size in zip(findings, sizes, strict=True) if size <= most_bytes)


def cost_of(attempts: Sequence[Attempt]) -> float:
    """Return what the model calls of these attempts cost, in dollars."""
    return round(sum(attempt.made.cost_usd or 0.0 for attempt in attempts), 8)


def finished(job: Job) -> int:
    """Return how many variants have ended."""
    return sum(1 for variant in range(1, job.variants + 1) if _next(job, variant) is None)


class _Judging:
    """A variant whose newest attempt is being judged."""


def _next(job: Job, variant: int) -> Next | _Judging | None:
    """Return what a variant waits for: its next attempt, a verdict, or nothing."""
    made = job.of(variant)
    if not made:
        return Next(variant, 1, job.plan.engine)
    last = made[-1]
    if last.is_proposed and last.outcome is None:
        return _Judging()
    wants = not last.is_proposed or (last.outcome is not None and _is_mendable(last))
    if last.made.engine == "llm" and wants and last.problem is None and last.number < ROUNDS and not _never_ends(made):
        return Next(variant, last.number + 1, "llm", made)
    return None


def _never_ends(made: Sequence[Attempt]) -> bool:
    """Tell whether a variant has used up its time in the sandbox: each further attempt might cost as much."""
    late = [each for each in made if any(finding.get("code") in _TIMEOUTS for finding in each.made.findings)]
    return len(late) >= TIMEOUTS


def _is_mendable(attempt: Attempt) -> bool:
    return any(finding.get("code") in _MENDABLE for finding in attempt.findings)


def _last_resort(job: Job) -> Next | None:
    """Return the compiler's attempt after every model has failed, where it understands the text."""
    if job.plan.engine == "compiler" or not job.plan.compiles:
        return None
    made = job.of(1)
    if any(attempt.made.engine == "compiler" for attempt in made):
        return None
    return Next(1, made[-1].number + 1, "compiler")


def _problem(job: Job) -> Problem:
    """Return why no strategy came of a job: the newest error that ended a variant, else that every attempt fell short."""
    ended = [attempt.problem for attempt in job.attempts if attempt.problem and attempt.made.engine == job.plan.engine]
    if ended:
        return ended[-1]
    last = max(job.attempts, key=lambda attempt: (attempt.number, -attempt.variant))
    said = str(last.findings[0].get("message", "")) if last.findings else ""
    count = len(job.attempts)
    return Problem(
        "generation.failed",
        f"no usable strategy after {count} attempt{'s' if count > 1 else ''}; the last: {said}"[:4_000],
        "/text",
        "say it more simply, or try another model",
    )


def _worth(attempt: Attempt) -> tuple[bool, int, float, int]:
    outcome = attempt.outcome
    if outcome is None or outcome.verdict is None:
        return (True, len(_ORDER), 0.0, 0)
    leaks = any(finding.get("code") == LOOK_AHEAD for finding in outcome.findings)
    sharpe = outcome.sharpe if outcome.sharpe is not None else float("-inf")
    return (leaks, _ORDER.index(outcome.verdict), -sharpe, -outcome.closed_trades)
