"""Makes one attempt: passages found, code written, checked, run, compared with the sentence. Proposing and judging come after it.

Decides what is a finding (the next attempt may mend it) and what is a problem (no attempt can). Code runs in the sandbox alone.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from libs.common.bus.refusal import shown
from libs.common.bus.transact import is_infrastructure
from libs.common.errors import BadStrategyError, PermanentError, SentinelError, TransientError
from libs.common.events.generation import Step
from libs.common.values import parse_timeframe
from libs.strategy.spec import Strategy, strategy_id
from services.strategy_gen.generation.attempts import (
    Finding,
    Written,
    ask_of,
    attempt_of,
    checked,
    citation,
    fallen,
    from_draft,
    parsed,
    unwritten,
)
from services.strategy_gen.generation.core import Next
from services.strategy_gen.generation.probe import Probe, probe
from services.strategy_gen.generation.trying import Trial
from services.strategy_gen.generation.values import Attempt, Job, Problem
from services.strategy_gen.llm.errors import ModelError
from services.strategy_gen.llm.protocol import Passage
from services.strategy_gen.parts import Parts

LOG = logging.getLogger("sentinel.generation")

PASSAGES = 5
CITED = 3
"""Passages that are shown beside the compiler's code."""

SEARCH_S = 3.0
"""How long an attempt waits for the knowledge base, which may be reading its folders just then."""

AGAIN_S = 1.0
"""After so long the sandbox is asked again that was busy."""

T = TypeVar("T")
Tell = Callable[[Step], Awaitable[None]]


@dataclass(frozen=True)
class Made:
    """An attempt with the strategy it is, where it passed everything."""

    attempt: Attempt
    strategy: Strategy | None = None


class Workshop:
    """Makes attempts with the parts there are."""

    def __init__(self, parts: Parts):
        """Use `parts`, each opened when it is first needed."""
        self._parts = parts

    async def make(self, job: Job, due: Next, tell: Tell) -> Made:
        """Return the attempt that is due; waits while the sandbox is busy or the disk is sick, and raises nothing else.

        A fault of our own ends the variant, told as such: it would come again at every try.
        """
        try:
            return await self._make(job, due, tell)
        except Exception as error:
            LOG.exception("attempt %d of variant %d of %s broke", due.number, due.variant, job.job_id)
            return broken(job, due, error)

    async def _make(self, job: Job, due: Next, tell: Tell) -> Made:
        # It takes a second to start, and there is something else to do meanwhile.
        self._parts.sandbox.start()
        await tell("retrieve")
        searching = asyncio.create_task(self._passages(job))
        try:
            passages = await searching if due.engine == "llm" else ()
            await tell("write")
            try:
                written = await _patiently(job, lambda: self._written(job, due, passages))
            except (ModelError, PermanentError) as error:
                return Made(unwritten(job, due, error))
            made = await _patiently(job, lambda: self._examined(job, due, written, tell))
            return made if due.engine == "llm" else _citing(made, (await searching)[:CITED])
        finally:
            searching.cancel()

    async def pause(self) -> None:
        """Let go of connections until the next attempt."""
        if self._parts.pause is not None:
            await self._parts.pause()

    async def _passages(self, job: Job) -> tuple[Passage, ...]:
        """Return what the knowledge base has on the request; nothing where it cannot be asked, which stops no generation."""
        base = self._parts.knowledge
        try:
            async with asyncio.timeout(SEARCH_S):
                found = await asyncio.to_thread(lambda: base().search(job.command.text, None, PASSAGES))
        except TimeoutError:
            LOG.info("the generation %s goes without knowledge: it did not answer in %.0f s", job.job_id, SEARCH_S)
            return ()
        except SentinelError as error:
            LOG.warning("the generation %s goes without knowledge: %s", job.job_id, error.detail)
            return ()
        names = ("document", "chunk", "domain", "title", "heading", "text", "score", "own")
        return tuple(Passage(**{name: getattr(each, name) for name in names}) for each in found)

    async def _written(self, job: Job, due: Next, passages: tuple[Passage, ...]) -> Written:
        if due.engine == "compiler":
            return await asyncio.to_thread(self._compiled, job)
        writer = self._parts.writer
        if writer is None:
            raise ModelError(
                "no model is configured any more",
                code="model.none",
                hint="set SENTINEL_LLM and its key, or use offline",
            )
        draft = await writer.write(ask_of(job, due, passages), job.job_id)
        return from_draft(draft, passages)

    def _compiled(self, job: Job) -> Written:
        command, plan = job.command, job.plan
        compiled = self._parts.compile_text(
            command.text, timeframe=parse_timeframe(plan.timeframe), kind=command.kind, name=command.name
        )
        return Written(compiled.code, compiled.name, plan.in_words)

    async def _examined(self, job: Job, due: Next, written: Written, tell: Tell) -> Made:
        attempt = attempt_of(job, due, written)
        await tell("check")
        try:
            strategy = await asyncio.to_thread(parsed, job, written)
        except BadStrategyError as error:
            return Made(fallen(attempt, "check", checked(error)))
        await tell("run")
        markets = await asyncio.to_thread(probe, strategy.kind, strategy.timeframe, strategy.symbols)
        trial = Trial(strategy, markets, self._parts.sandbox)
        try:
            faults = await asyncio.to_thread(trial.run)
            if faults:
                return Made(fallen(attempt, "run", faults))
            await tell("meaning")
            finding = await asyncio.to_thread(self._strays, job, due, trial, markets)
        except PermanentError as error:
            problem = Problem(error.code, error.detail[:4_000], error.pointer, error.hint)
            return Made(
                replace(
                    fallen(attempt, "run", ({"code": error.code, "message": error.detail[:1_000]},)), problem=problem
                )
            )
        if finding:
            return Made(fallen(attempt, "meaning", (finding,)))
        made = attempt.made.model_copy(update={"step": "judge", "strategy_id": strategy_id(strategy)})
        return Made(replace(attempt, made=made), strategy)

    def _strays(self, job: Job, due: Next, trial: Trial, markets: Probe) -> Finding | None:
        """Return what a model's code does other than it was asked; the compiler's own is what it would be held against."""
        if due.engine == "compiler":
            return None
        reference = self._reference(job, markets) if job.plan.compiles else None
        return trial.looks_ahead() or trial.strays(reference, exactly=due.variant == 1)

    def _reference(self, job: Job, markets: Probe) -> Trial | None:
        reference = Trial(parsed(job, self._compiled(job)), markets, self._parts.sandbox)
        return None if reference.run() else reference


def broken(job: Job, due: Next, error: Exception) -> Made:
    """Return the attempt that a fault of our own ended, and its variant with it."""
    return Made(unwritten(job, due, fault(error)))


def fault(error: Exception) -> PermanentError:
    """Return what is said of a fault of our own: it would come again at every try."""
    told = shown(f"a fault of Sentinel's own: {type(error).__name__}: {error}", 400)
    return PermanentError(told, code="generation.fault", hint="the log says more")


def _citing(made: Made, passages: tuple[Passage, ...]) -> Made:
    """Return the attempt with passages beside it that it was not written from."""
    told = made.attempt.made.model_copy(update={"citations": tuple(citation(passage) for passage in passages)})
    return replace(made, attempt=replace(made.attempt, made=told))


async def _patiently(job: Job, act: Callable[[], Awaitable[T]]) -> T:
    """Return what `act` comes to, tried again while the sandbox is busy or the disk refuses; raises ModelError and PermanentError."""
    while True:
        try:
            return await act()
        except Exception as error:
            passes = isinstance(error, TransientError) or is_infrastructure(error)
            if isinstance(error, ModelError) or not passes:
                raise
            LOG.info("the generation %s waits: %s", job.job_id, error)
            await asyncio.sleep(AGAIN_S)
