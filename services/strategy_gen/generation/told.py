"""What is said of a generation: facts for everyone, an answer for who asked. Decides words and fields, nothing else."""

from typing import Any

from libs.common.events import (
    Assumption,
    Citation,
    Generated,
    GenerationDone,
    GenerationFailed,
    GenerationStarted,
    JobProgressed,
)
from libs.common.generation import GenerateStrategy
from libs.common.values import Verdict, parse_timeframe
from services.strategy_gen.generation import core
from services.strategy_gen.generation.values import Attempt, Job, Plan, Problem

STEPS = ("retrieve", "write", "check", "run", "meaning", "judge")
"""The steps of an attempt, in order; progress names the one that goes on."""

_CITED = 10
_DETAIL = 1_000
"""Characters of what became of each of ten variants, so that all fit into one fact."""


def started(command: GenerateStrategy, plan: Plan) -> GenerationStarted:
    """Return the fact that a sentence is being turned into strategies."""
    return GenerationStarted.after(
        command,
        job_id=command.event_id,
        text=command.text,
        engine=command.engine,
        variants=command.variants,
        name=command.name,
        symbols_total=len(plan.symbols),
        universe=plan.universe,
        timeframe=parse_timeframe(plan.timeframe),
        asked_by=command.asked_by,
    )


def answer(plan: Plan) -> dict[str, Any]:
    """Return what the answer to a request says of its plan."""
    return {
        "engine": plan.engine,
        "kind": plan.kind,
        "timeframe": plan.timeframe,
        "symbols_total": len(plan.symbols),
        "in_words": plan.in_words,
        "assumptions": [{"phrase": phrase, "meaning": meaning} for phrase, meaning in plan.assumptions],
        "warnings": list(plan.warnings),
    }


def done(job: Job, best: tuple[Attempt, ...]) -> GenerationDone:
    """Return the fact that a sentence became strategies; best: one attempt per variant, the best first."""
    plan, first = job.plan, best[0]
    by_model = first.made.engine == "llm"
    return GenerationDone.after(
        job.command,
        job_id=job.job_id,
        text=job.command.text,
        strategies=tuple(_generated(job, attempt) for attempt in best[:10]),
        in_words=(first.description if by_model and not plan.in_words else plan.in_words)[:4_000],
        assumptions=tuple(Assumption(phrase=phrase, meaning=meaning) for phrase, meaning in plan.assumptions),
        citations=_citations(best),
        warnings=tuple(warning[:4_000] for warning in (*plan.warnings, *_resort(job, first))),
        symbols=plan.symbols,
        cost_usd=core.cost_of(job.attempts),
    )


def failed(job: Job, problem: Problem, *, cancelled: bool = False) -> GenerationFailed:
    """Return the fact that no strategy came of a sentence, with everything that was found against its attempts."""
    return GenerationFailed.after(
        job.command,
        job_id=job.job_id,
        text=job.command.text,
        cancelled=cancelled,
        code=problem.code[:64],
        detail=problem.detail[:4_000],
        pointer=problem.pointer,
        hint=problem.hint,
        findings=core.findings_of(job),
        cost_usd=core.cost_of(job.attempts),
    )


def progressed(job: Job, due: core.Next, step: str) -> JobProgressed:
    """Return how far a job is while an attempt takes a step: variants that have ended, of all."""
    return JobProgressed.after(
        job.command,
        key=f"{due.variant}|{due.number}|{step}",
        service="strategy_gen",
        job_id=job.job_id,
        phase=step,
        done=core.finished(job),
        total=job.variants,
    )


def _generated(job: Job, attempt: Attempt) -> Generated:
    made, outcome = attempt.made, attempt.outcome
    assert made.strategy_id is not None
    assert outcome is not None
    return Generated(
        variant=made.variant,
        attempts=len(job.of(made.variant)),
        strategy_id=made.strategy_id,
        engine=made.engine,
        model=made.model,
        name=attempt.name,
        verdict=Verdict(outcome.verdict) if outcome.verdict else None,
        backtest_id=outcome.backtest_id,
        duplicate=outcome.duplicate,
        detail=outcome.detail[:_DETAIL],
    )


def _citations(best: tuple[Attempt, ...]) -> tuple[Citation, ...]:
    found = {(each.document, each.chunk): each for attempt in reversed(best) for each in attempt.made.citations}
    return tuple(sorted(found.values(), key=lambda each: (-(each.score or 0.0), each.document, each.chunk))[:_CITED])


def _resort(job: Job, best: Attempt) -> tuple[str, ...]:
    """Return a warning where the compiler had to take the place of the models."""
    if job.plan.engine == "compiler" or best.made.engine == "llm":
        return ()
    problem = next((each.problem for each in reversed(job.attempts) if each.problem), None)
    why = f": {problem.detail}" if problem else " after its last round"
    return (f"written by the compiler, because the model failed{why}"[:4_000],)
