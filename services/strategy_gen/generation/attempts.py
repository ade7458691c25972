"""What an attempt is made of: the question to a model, its answer or the compiler's as one value, and the fact about it.

Pure. Decides what of a text from outside is kept: as much as a fact may carry, in characters that travel.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from libs.common.bus.refusal import shown
from libs.common.errors import BadStrategyError, SentinelError
from libs.common.events import AttemptMade, Citation
from libs.common.events.generation import Step
from libs.strategy.spec import Strategy, parse
from services.strategy_gen.generation.core import Next, fitting
from services.strategy_gen.generation.values import Attempt, Job, Problem
from services.strategy_gen.llm.errors import BadAnswerError, ModelError
from services.strategy_gen.llm.protocol import Ask, Draft, Passage, Tried, Usage

QUOTE = 400
KEPT_BYTES = 100_000
"""Bytes of an attempt's code that its fact carries; the checker refuses longer code anyway."""

FOUND_BYTES = 40_000
"""Bytes that the findings of one attempt may have together."""

Finding = dict[str, Any]


@dataclass(frozen=True)
class Written:
    """Code with what is known of its making. cited: passages it rests on."""

    code: str
    name: str = ""
    description: str = ""
    parameters: dict[str, Any] | None = None
    rationale: str = ""
    cited: tuple[Passage, ...] = ()
    model: str | None = None
    prompt_hash: str | None = None
    usage: Usage | None = None


def ask_of(job: Job, due: Next, passages: tuple[Passage, ...]) -> Ask:
    """Return the question to a model, with everything that was tried before and what was wrong with it."""
    plan = job.plan
    return Ask(
        text=job.command.text,
        kind=plan.kind,
        timeframe=plan.timeframe,
        symbols_total=len(plan.symbols),
        passages=passages,
        variant=due.variant,
        earlier=tuple(Tried(attempt.made.code or "", attempt.findings) for attempt in due.earlier if attempt.findings),
        in_words=plan.in_words or None,
    )


def from_draft(draft: Draft, passages: Sequence[Passage]) -> Written:
    """Return a model's answer; citations of passages that it was not given are dropped."""
    cited = tuple(passages[place] for place in dict.fromkeys(draft.citations) if 0 <= place < len(passages))
    return Written(
        draft.code,
        draft.name,
        draft.description,
        dict(draft.parameters),
        draft.rationale,
        cited,
        draft.model,
        draft.prompt_hash,
        draft.usage,
    )


def parsed(job: Job, written: Written) -> Strategy:
    """Return the strategy that code is; raises BadStrategyError with the checker's findings."""
    plan = job.plan
    return parse(
        kind=plan.kind,
        name=_plain(job.command.name or written.name)[:120],
        code=written.code,
        symbols=plan.symbols,
        timeframe=plan.timeframe,
        parameters=written.parameters or {},
    )


def attempt_of(job: Job, due: Next, written: Written) -> Attempt:
    """Return the attempt that code is, before anything was found out about it."""
    usage = written.usage
    made = AttemptMade.after(
        job.command,
        key=f"{due.variant}|{due.number}",
        job_id=job.job_id,
        variant=due.variant,
        number=due.number,
        engine=due.engine,
        model=written.model,
        prompt_hash=written.prompt_hash,
        step="write",
        code=_kept(written.code),
        rationale=shown(written.rationale, 4_000),
        citations=tuple(citation(passage) for passage in written.cited[:10]),
        **_spent(usage),
    )
    return Attempt(
        made,
        name=_plain(job.command.name or written.name)[:120],
        description=shown(written.description, 4_000),
        parameters=written.parameters or {},
        kind=job.plan.kind,
    )


def unwritten(job: Job, due: Next, error: SentinelError) -> Attempt:
    """Return the attempt that no code came of: a model's answer may be better next time, any other failure ends the variant."""
    finding: Finding = {"code": error.code, "message": error.detail[:1_000], "hint": error.hint}
    more = tuple(dict(each) for each in getattr(error, "diagnostics", ())[:20])
    made = AttemptMade.after(
        job.command,
        key=f"{due.variant}|{due.number}",
        job_id=job.job_id,
        variant=due.variant,
        number=due.number,
        engine=due.engine,
        step="write",
        findings=fitting((finding, *more), FOUND_BYTES),
        **_spent(error.usage if isinstance(error, ModelError) else None),
    )
    is_final = not isinstance(error, BadAnswerError)
    problem = Problem(error.code, error.detail[:4_000], error.pointer, error.hint) if is_final else None
    return Attempt(made, kind=job.plan.kind, problem=problem)


def _spent(usage: Usage | None) -> dict[str, Any]:
    if usage is None:
        return {}
    return {
        "tokens_in": usage.tokens_in,
        "tokens_out": usage.tokens_out,
        "cost_usd": float(usage.cost_usd),
        "estimated": usage.estimated,
    }


def fallen(attempt: Attempt, step: Step, findings: tuple[Finding, ...]) -> Attempt:
    """Return the attempt that got as far as `step`, for these reasons."""
    return replace(
        attempt, made=attempt.made.model_copy(update={"step": step, "findings": fitting(findings, FOUND_BYTES)})
    )


def checked(error: BadStrategyError) -> tuple[Finding, ...]:
    """Return the checker's findings, or the error in words where it was not the checker's."""
    errors = [dict(each) for each in error.diagnostics if each.get("severity") == "error"]
    if errors:
        return tuple(errors[:20])
    return ({"code": error.code, "message": error.detail[:1_000], "pointer": error.pointer, "hint": error.hint},)


def citation(passage: Passage) -> Citation:
    """Return a passage as facts carry it: its place and its first words."""
    return Citation(
        document=passage.document[:256],
        chunk=passage.chunk,
        heading=passage.heading[:256],
        quote=shown(passage.text, QUOTE),
        score=passage.score,
    )


def _kept(code: str) -> str:
    """Return as much of the code as a fact may carry, whatever characters it is made of."""
    return code.encode("utf-8", "replace")[:KEPT_BYTES].decode("utf-8", "ignore")


def _plain(name: str) -> str:
    """Return a name in which every character can be printed on one line."""
    return "".join(character for character in name if character.isprintable()).strip()
