"""The handlers of generations: requests in, a job in SQL out; verdicts in, the job moves on."""

import asyncio
from datetime import timedelta

from libs.common.bus import On, Tx
from libs.common.errors import ConflictError, NotFoundError
from libs.common.events import BacktestFailed, Event, StrategyJudged
from libs.common.generation import CancelGeneration, GenerateStrategy
from services.strategy_gen.generation import store, told
from services.strategy_gen.generation.plan import Compile, plan_of
from services.strategy_gen.generation.stock import Stock
from services.strategy_gen.generation.values import Job, Outcome, Plan, Problem

RUNNING = 200
"""Generations that may run at once: the task that works them off reads all of them again after every step."""

KEPT_DAYS = 90
"""How long the attempts of a generation that has ended are kept; what was told of them stays where others keep it."""


class Generations:
    """Takes requests on and notes verdicts. `news` is set whenever a job may move on."""

    def __init__(self, stock: Stock, compile_text: Compile, has_model: bool):
        """Plan by what is in `stock` and what the compiler says of the text."""
        self._stock = stock
        self._compile = compile_text
        self._has_model = has_model
        self.news = asyncio.Event()

    def table(self) -> tuple[On, ...]:
        """Return the commands it takes; verdicts come through strategy_gen's own rows."""
        return (
            On(GenerateStrategy, self.on_generate, key="event_id", work=self.plan),
            On(CancelGeneration, self.on_cancel, key="job_id"),
        )

    async def plan(self, command: GenerateStrategy) -> Plan:
        """Return what is to be done; repeatable. Raises what makes the request impossible."""
        return await asyncio.to_thread(plan_of, command, self._stock, self._compile, has_model=self._has_model)

    async def on_generate(self, command: GenerateStrategy, tx: Tx, plan: Plan) -> list[Event]:
        """Take a request on as a job; refused while RUNNING of them have not ended."""
        if await store.count_running(tx.connection) >= RUNNING:
            raise ConflictError(
                f"{RUNNING} generations are running",
                code="generation.too_many",
                hint="wait until one has ended, or cancel one",
            )
        await store.forget_before(tx.connection, command.at - timedelta(days=KEPT_DAYS))
        await store.add_job(tx.connection, Job(command, plan))
        tx.reply(command.event_id, job_id=command.event_id, **told.answer(plan))
        self.news.set()
        return [told.started(command, plan)]

    async def on_cancel(self, command: CancelGeneration, tx: Tx) -> list[Event]:
        """End a job; strategies it has proposed stay."""
        job = await store.find_job(tx.connection, command.job_id)
        if job is None:
            raise NotFoundError(f"no generation {command.job_id}", code="job.unknown", pointer="/job_id")
        if job.state != "running":
            raise ConflictError(f"the job has ended: {job.state}", code="job.ended", pointer="/job_id")
        await store.end_job(tx.connection, job.job_id, "cancelled")
        tx.reply(job.job_id, job_id=job.job_id)
        self.news.set()
        return [told.failed(job, Problem("job.cancelled", "the job was cancelled"), cancelled=True)]

    async def on_judged(self, judged: StrategyJudged, tx: Tx) -> None:
        """Note a verdict for every attempt that waits for it."""
        if await store.settle(tx.connection, Outcome.of(judged), strategy_id=judged.strategy_id):
            self.news.set()

    async def on_failed(self, failed: BacktestFailed, tx: Tx) -> None:
        """Note that a proposal could not be judged: its variant ends as it stands."""
        if failed.caused_by is None:
            return
        hint = f" ({failed.hint})" if failed.hint else ""
        outcome = Outcome(detail=f"it could not be judged: {failed.detail}{hint}"[:4_000])
        if await store.settle(tx.connection, outcome, proposal_id=failed.caused_by):
            self.news.set()
