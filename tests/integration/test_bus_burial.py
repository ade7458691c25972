"""What is buried, and what is lost, leaves nobody waiting: facts told with the grave, news that may get lost in silence."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from nats.aio.client import Client

from deploy.nats import NatsServer
from libs.common.bus import On, Service, Tx
from libs.common.bus.connection import connect
from libs.common.bus.outlet import BusOutlet
from libs.common.clock import WallClock
from libs.common.errors import BadMessageError, PermanentError, RefusedError
from libs.common.events import BacktestFailed, BarClosed, Event, JobProgressed, StrategyProposed
from libs.common.messages import Message
from libs.common.runtime import Runner
from libs.common.settings import CommonSettings
from services.backtest.core.job import Failed
from services.backtest.roles import build
from services.backtest.settings import Settings
from tests.integration.test_bus import publish, until, wait_for
from tests.support.build import START, bar, signal
from tests.support.research import proposed


class Doomed:
    """Fails at every bar, and tells a signal of those that are buried for it."""

    def __init__(self, error: Exception):
        self.error = error
        self.reasons: list[PermanentError] = []

    async def on_bar(self, closed: BarClosed, tx: Tx) -> Sequence[Event]:
        raise self.error

    def refusal(self, closed: BarClosed, error: PermanentError) -> Sequence[Event]:
        self.reasons.append(error)
        return [signal(closed)]

    def runner(self, server: NatsServer, folder: Path) -> Runner:
        service = Service("doomed", [On(BarClosed, self.on_bar, key="symbol", refusal=self.refusal)])
        return Runner(service, CommonSettings(data_dir=folder, nats_url=server.url), WallClock())


@pytest.mark.parametrize(
    ("error", "code", "detail"),
    [(RuntimeError("a bug"), "RuntimeError", "RuntimeError: a bug"), (RefusedError("no"), "refused", "no")],
)
async def test_buried_event_tells_the_facts_its_row_names(
    server: NatsServer,
    client: Client,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    code: str,
    detail: str,
) -> None:
    monkeypatch.setattr("libs.common.bus.row.RETRY_DELAYS_S", (0.01,))
    app = Doomed(error)
    runner = app.runner(server, tmp_path)
    task = asyncio.create_task(runner.run())
    await publish(client, bar(1))
    await wait_for(client, "DEAD", 1)
    await wait_for(client, "SIGNALS", 1, seconds=5)
    assert [(each.code, each.detail) for each in app.reasons] == [(code, detail)]
    runner.stopping.set()
    await task


async def test_proposal_whose_judging_breaks_is_told_as_one_that_could_not_be_judged(
    server: NatsServer, client: Client, tmp_path: Path
) -> None:
    async def broken(proposal: Message, tx: Tx, outcome: Failed) -> Sequence[Event]:
        raise BadMessageError("300,000 bytes do not fit on the bus")

    settings = Settings(data_dir=tmp_path, nats_url=server.url)
    (row,) = [each for each in build(settings).table if each.refusal is not None]
    service = Service("backtest", [On(row.message, broken, key=row.key, work=row.work, refusal=row.refusal)])
    runner = Runner(service, settings, WallClock())
    told: list[BacktestFailed] = []

    async def received(message: object) -> None:
        told.append(BacktestFailed.parse(message.data, message.subject))  # type: ignore[attr-defined]

    await client.subscribe("backtests.failed.*", cb=received)
    task = asyncio.create_task(runner.run())
    proposal: StrategyProposed = proposed()  # type: ignore[no-untyped-call]  # a builder without annotations
    await client.jetstream().publish(proposal.subject_name(), proposal.body())
    await until(lambda: told, seconds=10)
    assert (told[0].caused_by, told[0].code) == (proposal.event_id, "bus.bad_message")
    assert told[0].strategy_id == proposal.strategy_id
    runner.stopping.set()
    await task


async def test_unstored_event_that_the_bus_does_not_take_is_no_error(
    server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = await connect(server.url, "teller")
    progress = JobProgressed.first(key="1", at=START, service="x", job_id="j", phase="run", done=0, total=1)
    try:
        monkeypatch.setattr(link.client, "_max_payload", 10)
        await BusOutlet(None, link).tell(progress)
    finally:
        await link.close()
