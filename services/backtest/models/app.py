"""Training on the bus: takes the order, trains one model after the other outside any transaction, and says what came of it.

What was asked for is in SQL before it is answered; killed at any moment, a training begins again and gives the same bytes.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.bus import On, Outlet, Tx
from libs.common.commands import CancelJob
from libs.common.errors import ConflictError, PermanentError, StoreUnavailableError, TransientError
from libs.common.events import Event, JobDone, JobFailed, JobProgressed, JobStarted, ModelTrained
from libs.common.training import TrainModel
from libs.common.values import from_epoch_ms
from services.backtest.bars import Bars
from services.backtest.core.fingerprint import canonical
from services.backtest.families import Families
from services.backtest.models import store
from services.backtest.models.process import Trainings
from services.backtest.models.request import Planned, family_id_of, planned
from services.backtest.models.store import Training
from services.backtest.reports import Reports
from services.backtest.trials_store import save_holdout

LOG = logging.getLogger("sentinel.models")
MODE = "train"
UNIT = "fits"
T = TypeVar("T")


class Models:
    """The handlers of trainings, and the task that does them."""

    def __init__(self, bars: Bars, families: Families, trainings: Trainings, reports: Reports):
        """Learn from `bars` before the boundaries of `families`; keep the cards in `reports`."""
        self._bars = bars
        self._families = families
        self._trainings = trainings
        self._reports = reports
        self._news = asyncio.Event()
        self._cancelled = asyncio.Event()

    def table(self) -> tuple[On, ...]:
        """Return what it listens to."""
        return (On(TrainModel, self.on_train, key="event_id", work=self.plan),)

    def close(self) -> None:
        """End the training in hand; it is begun again at the next start."""
        self._trainings.close()

    async def plan(self, command: TrainModel) -> Planned:
        """Return what is to be trained; repeatable."""
        family = await self._families.find(family_id_of(command), command.at, command.event_id)
        return await asyncio.to_thread(planned, command, self._bars, family, self._families.under_way)

    async def on_train(self, command: TrainModel, tx: Tx, plan: Planned) -> list[Event]:
        """Take a training on, as a job of one piece."""
        if plan.holdout is not None:
            await save_holdout(tx.connection, plan.holdout)
        await store.add(tx.connection, plan.training)
        tx.reply(
            command.event_id, job_id=command.event_id, mode=MODE, shards=1, total=plan.training.task.steps, unit=UNIT
        )
        self._news.set()
        return [JobStarted.after(command, **_words(plan.training))]

    async def cancel(self, command: CancelJob, tx: Tx) -> list[Event] | None:
        """End a training that someone no longer wants; None where no training has this id. Raises ConflictError for one that has ended."""
        found = await store.find(tx.connection, command.job_id)
        if found is None:
            return None
        training, state = found
        if not await store.end(tx.connection, command.job_id, "cancelled"):
            raise ConflictError(f"the job has ended: {state}", code="job.ended", pointer="/job_id")
        tx.reply(command.job_id, job_id=command.job_id)
        self._cancelled.set()
        words = {**_words(training), "code": "job.cancelled", "detail": "the job was cancelled", "cancelled": True}
        return [JobFailed.after(training.command, **words)]

    async def keep(self, outlet: Outlet) -> None:
        """Train what is asked for, oldest first, until cancelled."""
        while True:
            self._news.clear()
            training = await _read(outlet, store.next_running)
            if training is None:
                await self._news.wait()
            else:
                await self.train(outlet, training)

    async def train(self, outlet: Outlet, training: Training) -> None:
        """Train one model and say so, or why it cannot be trained; returns without a word when the service closes or it is cancelled."""
        steps: asyncio.Queue[tuple[str, int]] = asyncio.Queue()
        beside = [
            asyncio.create_task(_tell(outlet, training, steps)),
            asyncio.create_task(self._stop_cancelled(outlet, training.job_id)),
        ]
        loop = asyncio.get_running_loop()

        def tell(phase: str, done: int) -> None:
            loop.call_soon_threadsafe(steps.put_nowait, (phase, done))

        try:
            card = await asyncio.to_thread(self._trainings.run, training.task, tell, training.job_id)
            key = await asyncio.to_thread(self._reports.save, canonical(card))
        except PermanentError as error:
            failed = _failed(training, error)
            await outlet.commit(lambda tx: _end(tx, training, "failed", [failed]))
        except TransientError as error:
            LOG.info("the training %s goes no further: %s", training.job_id, error.detail)
        except OSError as error:
            raise StoreUnavailableError(f"the disk refuses: {error}", hint="free disk space") from error
        else:
            events = [_trained(training, card, key), _done(training, card, key)]
            await outlet.commit(lambda tx: _end(tx, training, "done", events, card["model_id"]))
        finally:
            for task in beside:
                task.cancel()

    async def _stop_cancelled(self, outlet: Outlet, job_id: str) -> None:
        """End the training in hand once its cancellation is committed, not before: a rolled-back one goes on."""
        while True:
            await self._cancelled.wait()
            self._cancelled.clear()
            found = await _read(outlet, lambda connection: store.find(connection, job_id))
            if found is not None and found[1] == "cancelled":
                self._trainings.stop(job_id)


async def _read(outlet: Outlet, query: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    found: list[T] = []

    async def read(tx: Tx) -> None:
        found.append(await query(tx.connection))

    await outlet.commit(read)
    return found[-1]


async def _tell(outlet: Outlet, training: Training, steps: "asyncio.Queue[tuple[str, int]]") -> None:
    while True:
        phase, done = await steps.get()
        progress = JobProgressed.after(
            training.command,
            key=f"{phase}|{done}",
            service="backtest",
            job_id=training.job_id,
            phase=phase,
            done=done,
            total=training.task.steps,
        )
        await outlet.tell(progress)


async def _end(
    tx: Tx, training: Training, state: store.State, events: list[Event], model_id: str | None = None
) -> None:
    if await store.end(tx.connection, training.job_id, state, model_id):
        tx.emit(*events)


def _words(training: Training) -> dict[str, Any]:
    task = training.task
    return {
        "job_id": training.job_id,
        "mode": MODE,
        "name": training.command.name or task.estimator,
        "symbols_total": len(task.symbols),
        "shards": 1,
    }


def _failed(training: Training, error: PermanentError) -> Event:
    return JobFailed.after(
        training.command,
        **_words(training),
        code=error.code[:64],
        detail=error.detail[:4_000],
        pointer=error.pointer,
        hint=error.hint,
    )


def _done(training: Training, card: dict[str, Any], key: str) -> Event:
    split, base = card["scores"]["split"], card["scores"]["always_up"]
    summary = {
        "model_id": card["model_id"],
        "learnt_rows": card["learnt_rows"],
        "unseen_rows": split["rows"],
        **{name: split[name] for name in ("accuracy", "balanced_accuracy", "log_loss", "brier")},
        "always_up": {name: base[name] for name in ("accuracy", "balanced_accuracy", "log_loss", "brier")},
    }
    return JobDone.after(
        training.command, **_words(training), summary=summary, result_key=key, simulated=training.simulated
    )


def _trained(training: Training, card: dict[str, Any], key: str) -> Event:
    command, task = training.command, training.task
    return ModelTrained.after(
        command,
        model_id=card["model_id"],
        job_id=training.job_id,
        family_id=training.family_id,
        name=command.name,
        symbols=task.symbols,
        timeframe=task.timeframe,
        estimator=task.estimator,
        options=dict(task.options),
        label=task.label.kind,
        calibration=task.calibration,
        buy_above=command.buy_above,
        sell_below=command.sell_below,
        start=from_epoch_ms(task.start_ms),
        end=from_epoch_ms(task.end_ms),
        silent_until=from_epoch_ms(card["silent_until_ms"]),
        rows=card["rows"],
        learnt_rows=card["learnt_rows"],
        split=card["scores"]["split"],
        always_up=card["scores"]["always_up"],
        data_hash=card["data_hash"],
        result_key=key,
        simulated=training.simulated,
        asked_by=command.asked_by,
    )
