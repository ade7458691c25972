"""What a backtest process does: judge and coordinate, work on pieces of jobs, or both.

Decides how the parts share one sandbox. `all` is one process for a laptop; `coordinator` and any number of `worker`s are the same code on
several cores or machines that share the data directory.
"""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.bus import Outlet, Service
from libs.common.bus.connection import Connection, connect
from libs.common.clock import WallClock
from libs.common.events import StrategyProposed
from libs.common.studies import StudyCommand
from libs.common.workers import run_worker
from libs.strategy.sandbox.host.availability import switches_for
from libs.strategy.sandbox.host.models import ModelPool
from services.backtest import app as judging
from services.backtest import store
from services.backtest.app import App
from services.backtest.jobs import store as jobs_store
from services.backtest.jobs.coordinator import Coordinator
from services.backtest.jobs.files import JobFiles
from services.backtest.jobs.keeper import Keeper
from services.backtest.jobs.store import Job
from services.backtest.jobs.worker import Worker
from services.backtest.models import store as models_store
from services.backtest.models.app import Models
from services.backtest.models.process import Trainings
from services.backtest.modes.market import Market
from services.backtest.modes.protocol import Merged
from services.backtest.reports import Reports
from services.backtest.runner import Runner
from services.backtest.settings import Settings
from services.backtest.trials_store import Source, add_trial

PURPOSES = {"backtest_universe": "look", "sweep": "sweep", "walk_forward": "sweep"}
"""What the tries of a job were made for: a person looks at a backtest; a sweep sees no bar that is kept back."""


def build(settings: Settings, *, with_worker: bool = True) -> Service:
    """Return the service: the judge of strategies and the coordinator of jobs, with a worker of its own unless told otherwise."""
    processes = settings.backtest_processes
    sandbox = ModelPool(settings.models_dir, processes, switches_for(settings.sandbox))
    runner = Runner(settings.catalog_dir, settings.reports_dir, sandbox, processes + 1)
    app = App(runner)
    market, files = Market(settings.data_dir, sandbox), JobFiles(settings.data_dir / "jobs")
    reports = Reports(settings.reports_dir)
    models = Models(runner.bars, app.families, Trainings(settings.data_dir), reports)
    coordinator = Coordinator(market, files, Known(app), models.cancel)
    keeper = Keeper(coordinator, reports, remember, WallClock())

    async def load(connection: AsyncConnection) -> None:
        await coordinator.load(connection)
        await app.load(connection)

    async def work(outlet: Outlet) -> None:
        connection = await connect(settings.nats_url, "backtest-worker")
        try:
            await Worker(market, files).serve(connection, processes)
        finally:
            await connection.close()

    def close() -> None:
        models.close()
        runner.close()
        sandbox.close()

    return Service(
        "backtest",
        (*judging.table(app), *coordinator.table(), *models.table()),
        (*store.MIGRATIONS, *jobs_store.MIGRATIONS, *models_store.MIGRATIONS),
        load=load,
        tasks=(judging.warm, keeper.keep, models.keep, *((work,) if with_worker else ())),
        details=sandbox.capabilities,
        close=close,
    )


class Known:
    """What the judge knows of strategies and families, for the coordinator."""

    def __init__(self, app: App):
        """Ask `app`."""
        self._app = app

    async def proposals(self, strategy_id: str) -> Mapping[str, StrategyProposed]:
        """Return the proposals known so far, after waiting a moment for the one named."""
        if strategy_id:
            await self._app.hear_of(strategy_id)
        return self._app.proposals

    async def boundary_ms(self, family_id: str, command: StudyCommand) -> int | None:
        """Return where the bars begin that are kept back from a family, None where none are."""
        families = self._app.families
        holdout = families.under_way.standing(await families.find(family_id, command.at, command.event_id))
        return None if holdout is None else holdout.boundary_ms


async def remember(connection: AsyncConnection, job: Job, merged: Merged) -> None:
    """Store the tries of a job, each once."""
    for place, trial in enumerate(merged.trials):
        source = Source(job.job_id, PURPOSES[job.mode], merged.shown_until_ms, job.strategy_id, place=place)
        await add_trial(connection, trial, source)


def work_only(settings: Settings, name: str) -> None:
    """Run a worker until SIGTERM; name: what its pulse is called."""
    sandbox = ModelPool(settings.models_dir, settings.backtest_processes, switches_for(settings.sandbox))
    worker = Worker(Market(settings.data_dir, sandbox), JobFiles(settings.data_dir / "jobs"))

    async def work(connection: Connection) -> None:
        await worker.serve(connection, settings.backtest_processes)

    run_worker(name, settings, work, sandbox.capabilities, sandbox.close)
