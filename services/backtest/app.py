"""The backtest service: judges every proposed strategy and runs the backtests people ask for.

The runs happen in threads, outside any transaction; the handlers store what came out and say it. A strategy's definition is kept in
memory from the moment it is seen: it is named by the hash of its content, so it can be early but never wrong.
"""

import asyncio
from contextlib import suppress

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.bus import On, Outlet, Tx
from libs.common.commands import RunBacktest, SetVerdict
from libs.common.errors import PermanentError
from libs.common.events import Event, StrategyProposed, VerdictSet
from libs.common.messages import Message
from libs.market.frame import Frame
from services.backtest import keeping, store, told, trials_store
from services.backtest.core import engine
from services.backtest.core.fingerprint import definition_hash
from services.backtest.core.job import Failed, Job, Summary
from services.backtest.core.requests import job_of_command, job_of_proposal
from services.backtest.families import Families, Family
from services.backtest.runner import Done, Runner, definition_of

PATIENCE_S = 1.0
"""How long a backtest of a strategy nobody has heard of waits for its proposal."""


class App:
    """The handlers, and the slow work before them."""

    def __init__(self, runner: Runner, at_once: int = 2):
        """Serve with `runner`, which does `at_once` runs at a time; `load` fills in the definitions known so far."""
        self.runner = runner
        self._places = asyncio.Semaphore(at_once)
        self.families = Families()
        self.proposals: dict[str, StrategyProposed] = {}
        self._news = asyncio.Condition()

    async def load(self, connection: AsyncConnection) -> None:
        """Read the definitions of earlier proposals."""
        self.families.load(connection)
        self.proposals = {proposal.strategy_id: proposal for proposal in await store.list_proposals(connection)}

    async def judge(self, proposal: StrategyProposed) -> Done | Failed:
        """Run a proposal on the default window before its family's boundary; repeatable."""
        async with self._news:
            self.proposals[proposal.strategy_id] = proposal
            self._news.notify_all()
        try:
            job = job_of_proposal(proposal)
        except PermanentError as error:
            return Failed(error)
        return await self._run(job, proposal)

    async def backtest(self, command: RunBacktest) -> Done | keeping.Again | Failed:
        """Run what a command asks for; repeatable. A strategy submitted just before may still be on its way here."""
        if command.strategy_id is not None:
            await self.hear_of(command.strategy_id)
        try:
            job = job_of_command(command, self.proposals)
            known = None if command.force else await self._known(job, command)
        except PermanentError as error:
            return Failed(error)
        return keeping.Again(known, job.family_id) if known else await self._run(job, command)

    async def on_proposed(self, proposal: StrategyProposed, tx: Tx, outcome: Done | Failed) -> list[Event]:
        """Keep the proposal and say what it is worth, or why that cannot be said."""
        await store.save_proposal(tx.connection, proposal)
        if isinstance(outcome, Failed):
            return [told.failed(proposal, outcome.error)]
        summary = await keeping.keep(tx, outcome, proposal)
        return [told.completed(proposal, summary), told.judged(proposal, proposal.strategy_id, summary)]

    def unjudged(self, proposal: StrategyProposed, error: PermanentError) -> list[Event]:
        """Say that a proposal was buried: whoever waits for its verdict must not wait for ever."""
        return [told.failed(proposal, error)]

    async def on_run(self, command: RunBacktest, tx: Tx, outcome: Done | keeping.Again | Failed) -> list[Event]:
        """Keep a new result and say it; a known one is answered from the store unless `force`. Raises what failed the run."""
        if isinstance(outcome, Failed):
            raise outcome.error
        if isinstance(outcome, keeping.Again):
            await keeping.count_again(tx, outcome, command)
            await keeping.reply(tx, outcome.known, known=True)
            return []
        summary = await keeping.keep(tx, outcome, command)
        await keeping.reply(tx, summary, known=False)
        events: list[Event] = [told.completed(command, summary)]
        if summary.purpose == "promotion" and summary.strategy_id:
            events.append(told.judged(command, summary.strategy_id, summary))
        return events

    async def on_set_verdict(self, command: SetVerdict, tx: Tx) -> list[Event]:
        """Keep a person's verdict beside the computed one, and say it."""
        summary = await keeping.named(tx.connection, command)
        verdict = VerdictSet.after(
            command,
            key=summary.backtest_id,
            backtest_id=summary.backtest_id,
            strategy_id=summary.strategy_id,
            code_hash=summary.code_hash,
            verdict=command.verdict,
            computed=summary.verdict,
            reason=command.reason,
            set_by=command.asked_by,
        )
        await trials_store.add_verdict(tx.connection, verdict)
        names = ("backtest_id", "code_hash", "verdict", "computed", "reason", "set_by")
        tx.reply(summary.backtest_id, **{name: getattr(verdict, name) for name in names})
        return [verdict]

    async def _known(self, job: Job, command: RunBacktest) -> Summary | None:
        """Return the stored result that answers a command: of the same bars, or of the same definition whatever the bars."""
        if job.purpose == "promotion":
            return None
        identity = None
        if command.known_by == "data":
            standing = self.families.under_way.standing(await self._family(job, command))
            identity = await asyncio.to_thread(self.runner.identity, job, standing)
        async with self.families.read() as connection:
            if identity is not None:
                known = await store.find_backtest(connection, identity)
            else:
                known = await store.find_by_definition(connection, definition_hash(definition_of(job)))
        whole = known is not None and (known.evidence.get("level") == "full" or not job.evidence)
        return known if whole else None

    async def _run(self, job: Job, cause: Message) -> Done | Failed:
        family = await self._family(job, cause)
        async with self._places:
            return await asyncio.to_thread(self.runner.run, job, family, self.families.under_way)

    async def _family(self, job: Job, cause: Message) -> Family:
        return await self.families.find(job.family_id, cause.at, cause.event_id)

    async def hear_of(self, strategy_id: str) -> None:
        """Return once the strategy has been proposed, or after a moment."""
        with suppress(TimeoutError):
            async with self._news, asyncio.timeout(PATIENCE_S):
                await self._news.wait_for(lambda: strategy_id in self.proposals)


async def warm(outlet: Outlet) -> None:
    """Compile the engine before the first backtest needs it (about 2 s the first time, then 0.2 s from the cache).

    A backtest that comes meanwhile waits for the compiler; its numbers do not depend on it.
    """
    ones = np.ones(2)
    frame = Frame(np.arange(2, dtype=np.int64), ones, ones, ones, ones, ones)
    await asyncio.to_thread(engine.run, np.zeros(2, np.int8), frame, engine.Terms(), position_mode=False)


def table(app: App) -> tuple[On, ...]:
    """Return what the service listens to."""
    return (
        On(StrategyProposed, app.on_proposed, key="strategy_id", work=app.judge, refusal=app.unjudged),
        On(RunBacktest, app.on_run, key="event_id", work=app.backtest),
        On(SetVerdict, app.on_set_verdict),
    )
