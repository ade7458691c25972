"""Models for tests: fitted ones, and a service that trains on the bench."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np

from libs.common.bus import Tx
from libs.common.events import Event, JobFailed, ModelTrained
from libs.common.training import TrainModel
from libs.market.features import FEATURES, matrix, whole_rows
from libs.market.frame import Frame
from services.backtest.models.archive import archived
from services.backtest.models.training import FORMAT
from services.backtest.roles import build
from services.backtest.settings import Settings
from tests.support.bench import Bench


def fitted(frame: Frame, estimator: Any, learnt: int, /, **changes: Any) -> bytes:
    """Return the file of a model that learnt "next bar up" from the first `learnt` bars; changes: of what the file says."""
    rows = matrix(frame)[:learnt]
    kept = whole_rows(rows)
    estimator.fit(rows[kept], (frame.close[1 : learnt + 1] > frame.close[:learnt])[kept].astype(np.int64))
    told = {
        "format": FORMAT,
        "timeframe": "1h",
        "features": list(FEATURES),
        "silent_until_ms": int(frame.ts[learnt]),
        "calibration": {"kind": "none"},
        "estimator": estimator,
    }
    return archived({**told, **changes})


class TrainingOutlet:
    """The outlet of a training service on the bench; keeps what was told, and counts the commits."""

    def __init__(self, bench: Bench):
        self.bench = bench
        self.told: list[Event] = []
        self.moved = asyncio.Event()
        self.heard = asyncio.Event()

    async def commit(self, act: Callable[[Tx], Awaitable[None]]) -> None:
        await self.bench.transactor.commit(act)
        self.moved.set()

    async def tell(self, event: Event) -> None:
        self.told.append(event)
        self.heard.set()


@asynccontextmanager
async def training_service(folder: Path) -> AsyncIterator[Bench]:
    """Open the backtest service on `folder`, its own tasks not running; `train` runs the one that trains."""
    service = build(Settings(data_dir=folder, backtest_processes=2), with_worker=False)
    async with Bench.open(service, folder) as bench:
        yield bench
        assert service.close is not None
        service.close()


async def train(bench: Bench, command: TrainModel, told: list[Any] | None = None) -> ModelTrained | JobFailed:
    """Order a training, do it, and return how it ended; told: gets the progress."""
    await bench.deliver(command)
    keep = bench.row(command).handle.__self__.keep  # type: ignore[attr-defined]
    outlet = TrainingOutlet(bench)
    task = asyncio.create_task(keep(outlet))
    found: list[tuple[str, bytes]] = []
    try:
        while not (ended := _ended(found)):
            waiting = asyncio.create_task(outlet.moved.wait())
            await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            outlet.moved.clear()
            if task.done():
                task.result()
            found = await bench.published()
    finally:
        task.cancel()
    if told is not None:
        told += outlet.told
    return ended


def _ended(published: Sequence[tuple[str, bytes]]) -> ModelTrained | JobFailed | None:
    for subject, body in published:
        if subject.startswith("models.trained."):
            return ModelTrained.parse(body, subject)
        if subject.startswith("backtests.stopped."):
            return JobFailed.parse(body, subject)
    return None
