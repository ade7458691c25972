"""The backtest service: judges every proposed strategy and runs the backtests people ask for.

The runs happen in threads, outside any transaction; the handlers store what came out and say it. A strategy's definition is kept in
memory from the moment it is seen: it is named by the hash of its content, so it can be early but never wrong.
"""

import asyncio
from contextlib import suppress
from typing import Any

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.bus import On, Outlet, Service, Tx
from libs.common.commands import RunBacktest
from libs.common.errors import PermanentError
from libs.common.events import BacktestCompleted, BacktestFailed, Event, StrategyJudged, StrategyProposed
from libs.common.messages import Message
from libs.common.values import derive_id
from libs.market.frame import Frame
from libs.strategy.sandbox.host.availability import switches_for
from libs.strategy.sandbox.host.pool import Pool
from services.backtest import store
from services.backtest.core import engine
from services.backtest.core.job import Failed, Outcome, Summary, job_of_command, job_of_proposal
from services.backtest.runner import Runner
from services.backtest.settings import Settings

PATIENCE_S = 1.0
"""How long a backtest of a strategy nobody has heard of waits for its proposal."""


class App:
    """The handlers, and the slow work before them."""

    def __init__(self, runner: Runner):
        """Serve with `runner`; `load` fills in the definitions known so far."""
        self.runner = runner
        self.proposals: dict[str, StrategyProposed] = {}
        self._news = asyncio.Condition()

    async def load(self, connection: AsyncConnection) -> None:
        """Read the definitions of earlier proposals."""
        self.proposals = {proposal.strategy_id: proposal for proposal in await store.list_proposals(connection)}

    async def judge(self, proposal: StrategyProposed) -> Outcome:
        """Run a proposal on the default window; repeatable."""
        async with self._news:
            self.proposals[proposal.strategy_id] = proposal
            self._news.notify_all()
        try:
            job = job_of_proposal(proposal)
        except PermanentError as error:
            return Failed(error)
        return await asyncio.to_thread(self.runner.run, job)

    async def backtest(self, command: RunBacktest) -> Outcome:
        """Run what a command asks for; repeatable. A strategy submitted just before may still be on its way here."""
        if command.strategy_id is not None:
            await self._hear_of(command.strategy_id)
        try:
            job = job_of_command(command, self.proposals)
        except PermanentError as error:
            return Failed(error)
        return await asyncio.to_thread(self.runner.run, job)

    async def _hear_of(self, strategy_id: str) -> None:
        with suppress(TimeoutError):
            async with self._news, asyncio.timeout(PATIENCE_S):
                await self._news.wait_for(lambda: strategy_id in self.proposals)

    async def on_proposed(self, proposal: StrategyProposed, tx: Tx, outcome: Outcome) -> list[Event]:
        """Keep the proposal and say what it is worth, or why that cannot be said."""
        await store.save_proposal(tx.connection, proposal)
        if isinstance(outcome, Failed):
            return [_failed(proposal, outcome.error)]
        twin = await _keep(tx, outcome, proposal, again=False)
        return [_completed(proposal, outcome, twin), _judged(proposal, outcome)]

    async def on_run(self, command: RunBacktest, tx: Tx, outcome: Outcome) -> list[Event]:
        """Keep a new result and say it; a known one is answered from the store unless `force`. Raises what failed the run."""
        if isinstance(outcome, Failed):
            raise outcome.error
        known = await store.find_backtest(tx.connection, outcome.backtest_id)
        if known and not command.force:
            tx.reply(known.backtest_id, **_answer(known), duplicate=True)
            return []
        twin = await _keep(tx, outcome, command, again=command.force)
        of = {"duplicate_of": twin} if twin else {}
        tx.reply(outcome.backtest_id, **_answer(outcome), duplicate=False, **of)
        return [_completed(command, outcome, twin)]


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
        On(StrategyProposed, app.on_proposed, key="strategy_id", work=app.judge),
        On(RunBacktest, app.on_run, key="event_id", work=app.backtest),
    )


def build(settings: Settings) -> Service:
    """Return the service on the real catalog and report folder."""
    sandbox = Pool(settings.backtest_processes, switches_for(settings.sandbox))
    app = App(Runner(settings.catalog_dir, settings.reports_dir, sandbox))
    return Service(
        "backtest",
        table(app),
        store.MIGRATIONS,
        load=app.load,
        tasks=(warm,),
        details=sandbox.capabilities,
        close=sandbox.close,
    )


async def _keep(tx: Tx, summary: Summary, cause: Message, *, again: bool) -> str | None:
    """Store a result and its trial; return the id of the first backtest with the same signals, if its code is another."""
    twin = await store.find_twin(tx.connection, summary)
    if again or await store.find_backtest(tx.connection, summary.backtest_id) is None:
        await store.add_trial(tx.connection, summary, cause.at)
    await store.save_backtest(tx.connection, summary, cause.at)
    return twin


def _completed(cause: Message, summary: Summary, twin: str | None) -> BacktestCompleted:
    return BacktestCompleted.after(
        cause,
        backtest_id=summary.backtest_id,
        strategy_id=summary.strategy_id,
        name=summary.name,
        kind=summary.kind,
        code_hash=summary.code_hash,
        symbols=summary.symbols,
        timeframe=summary.timeframe,
        window_start=summary.window_start,
        window_end=summary.window_end,
        bars=summary.bars,
        initial_capital=summary.initial_capital,
        final_equity=summary.final_equity,
        metrics=dict(summary.metrics),
        verdict=summary.verdict,
        deciding_rule=summary.deciding_rule,
        duplicate=twin is not None,
        data_hash=summary.data_hash,
        report_key=summary.report_key,
        simulated=summary.simulated,
    )


def _judged(proposal: StrategyProposed, summary: Summary) -> StrategyJudged:
    return StrategyJudged.after(
        proposal,
        strategy_id=proposal.strategy_id,
        backtest_id=summary.backtest_id,
        verdict=summary.verdict,
        deciding_rule=summary.deciding_rule,
        metrics=dict(summary.metrics),
        closed_trades=summary.metrics["closed_trades"],
        winning_trades=summary.metrics["winning_trades"],
        window_start=summary.window_start,
        window_end=summary.window_end,
        bars=summary.bars,
        gate=summary.gate,
        data_hash=summary.data_hash,
        report_key=summary.report_key,
        simulated=summary.simulated,
    )


def _failed(proposal: StrategyProposed, error: PermanentError) -> BacktestFailed:
    return BacktestFailed.after(
        proposal,
        backtest_id=derive_id(proposal.event_id, BacktestFailed.__name__, proposal.strategy_id),
        strategy_id=proposal.strategy_id,
        code=error.code,
        detail=error.detail[:4_000],
        pointer=error.pointer,
        hint=error.hint,
    )


def _answer(summary: Summary) -> dict[str, Any]:
    return {
        "backtest_id": summary.backtest_id,
        "strategy_id": summary.strategy_id,
        "name": summary.name,
        "symbols": list(summary.symbols),
        "timeframe": summary.timeframe,
        "window_start": summary.window_start.isoformat(),
        "window_end": summary.window_end.isoformat(),
        "bars": summary.bars,
        "code_hash": summary.code_hash,
        "initial_capital": summary.initial_capital,
        "final_equity": summary.final_equity,
        "metrics": dict(summary.metrics),
        "verdict": summary.verdict.value,
        "deciding_rule": summary.deciding_rule,
        "gate": [stage.value for stage in summary.gate],
        "report_key": summary.report_key,
        "simulated": summary.simulated,
    }
