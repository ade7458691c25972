"""The bus adapter against a real nats-server: once, in order, buried with a reason, and through kills of the server."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

import orjson
import pytest
from nats.aio.client import Client

from deploy.nats import NatsServer
from libs.common.bus import On, Service, Tx
from libs.common.bus.connection import connect
from libs.common.bus.dead import list_dead, retry_dead, show_dead
from libs.common.bus.outlet import BusOutlet
from libs.common.clock import WallClock
from libs.common.commands import RetireStrategy
from libs.common.errors import ConflictError, NotFoundError, TimedOutError
from libs.common.events import BarClosed, CommandDone, CommandRefused, Event
from libs.common.messages import MAX_BODY_BYTES
from libs.common.runtime import Runner
from libs.common.settings import CommonSettings
from tests.support.build import START, bar, signal


class Echo:
    """Answers every bar with a signal; fails or waits where told."""

    def __init__(self) -> None:
        self.failures: dict[str, int] = {}
        self.handled: list[BarClosed] = []

    async def on_bar(self, closed: BarClosed, tx: Tx) -> Sequence[Event]:
        if self.failures.get(closed.symbol, 0) > 0:
            self.failures[closed.symbol] -= 1
            raise RuntimeError(f"not {closed.symbol}")
        self.handled.append(closed)
        return [signal(closed)]

    async def on_retire(self, command: RetireStrategy, tx: Tx) -> Sequence[Event]:
        if command.strategy_id == "bad":
            raise ConflictError("no", pointer="/strategy_id")
        tx.reply(command.strategy_id)
        return []

    def service(self) -> Service:
        return Service("echo", [On(BarClosed, self.on_bar, key="symbol"), On(RetireStrategy, self.on_retire)])


@asynccontextmanager
async def running(app: Echo, server: NatsServer, folder: Path) -> AsyncIterator[Runner]:
    runner = Runner(app.service(), CommonSettings(data_dir=folder, nats_url=server.url), WallClock())
    task = asyncio.create_task(runner.run())
    try:
        await until(lambda: runner.ready or task.done())
        yield runner
    finally:
        runner.stopping.set()
        await task


async def until(condition: Callable[[], object], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def publish(client: Client, *bars: BarClosed) -> None:
    js = client.jetstream(timeout=1)
    for closed in bars:
        await js.publish(closed.subject_name(), closed.body(), headers={"Nats-Msg-Id": closed.event_id})


async def messages(client: Client, stream: str) -> int:
    return int((await client.jetstream().stream_info(stream)).state.messages)


async def wait_for(client: Client, stream: str, count: int, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while await messages(client, stream) < count:
            await asyncio.sleep(0.02)


async def test_bars_in_give_signals_out_once_and_in_order(server: NatsServer, client: Client, tmp_path: Path) -> None:
    app = Echo()
    async with running(app, server, tmp_path):
        bars = [bar(n) for n in range(300)]
        await publish(client, *bars)
        await client.jetstream().publish(bars[0].subject_name(), bars[0].body())
        await publish(client, bar(300))
        await wait_for(client, "SIGNALS", 301)
        assert app.handled == [*bars, bar(300)]


async def test_what_was_not_acknowledged_comes_again_at_once_and_in_order_after_a_restart(
    server: NatsServer, client: Client, tmp_path: Path
) -> None:
    first, second = Echo(), Echo()
    first.failures["BTCUSDT"] = 1_000
    async with running(first, server, tmp_path):
        await publish(client, *(bar(n) for n in range(5)))
        await until(lambda: first.failures["BTCUSDT"] < 1_000)
    async with running(second, server, tmp_path):
        await publish(client, *(bar(n) for n in range(5, 10)))
        await wait_for(client, "SIGNALS", 10, seconds=5)
        assert second.handled == [bar(n) for n in range(10)]


async def test_failing_key_waits_in_order_while_others_pass(server: NatsServer, client: Client, tmp_path: Path) -> None:
    app = Echo()
    app.failures["SLOW"] = 2
    async with running(app, server, tmp_path):
        await publish(client, bar(0, "SLOW"), bar(0, "FAST"), bar(1, "SLOW"), bar(1, "FAST"))
        await until(lambda: len(app.handled) == 4)
    assert [b.open_time for b in app.handled if b.symbol == "SLOW"] == [bar(0).open_time, bar(1).open_time]
    assert [b.symbol for b in app.handled[:2]] == ["FAST", "FAST"]


POISON = {
    "not JSON": b"\x00\x01",
    "twice": b'{"a":1,"a":2}',
    "foreign": b'{"hello":"world"}',
    "another symbol": bar(1, "ETHUSDT").body(),
    "oversized": b'{"a":"' + b"x" * MAX_BODY_BYTES + b'"}',
}


async def test_poison_is_buried_with_a_reason_and_stops_nothing(
    server: NatsServer, client: Client, tmp_path: Path
) -> None:
    app = Echo()
    async with running(app, server, tmp_path):
        for body in POISON.values():
            await client.jetstream().publish("prices.BTCUSDT", body)
        await publish(client, bar(7))
        await wait_for(client, "DEAD", len(POISON))
        await until(lambda: app.handled == [bar(7)])
        graves = await list_dead(client)
    assert sorted(g.sha256 for g in graves) == sorted(sha256(b).hexdigest() for b in POISON.values())
    assert all(g.reason and g.row == "echo-BarClosed" and g.subject == "prices.BTCUSDT" for g in graves)


async def test_handler_that_keeps_failing_is_buried_after_the_last_retry_and_can_be_retried(
    server: NatsServer, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.common.bus.row.RETRY_DELAYS_S", (0.01, 0.01, 0.01, 0.01))
    app = Echo()
    app.failures["BTCUSDT"] = 5
    async with running(app, server, tmp_path):
        await publish(client, bar(1))
        await wait_for(client, "DEAD", 1)
        (grave,) = await list_dead(client)
        assert (grave.deliveries, grave.reason) == (5, "not BTCUSDT")
        await retry_dead(client, grave.seq)
        await until(lambda: app.handled == [bar(1)])
        with pytest.raises(NotFoundError):
            await show_dead(client, grave.seq)


async def test_command_by_hand_without_envelope_is_carried_out_each_time_it_is_sent(
    server: NatsServer, client: Client, tmp_path: Path
) -> None:
    async with running(Echo(), server, tmp_path):
        answers: list[CommandDone] = []

        async def received(message: object) -> None:
            answers.append(CommandDone.parse(message.data, message.subject))  # type: ignore[attr-defined]

        await client.subscribe("answers.echo.*", cb=received)
        for _ in range(2):
            await client.jetstream().publish("cmd.strategy_gen.retire", b'{"strategy_id": "s1"}')
        await until(lambda: len(answers) == 2)
    assert len({a.command_id for a in answers}) == 2
    assert {a.result_ids for a in answers} == {("s1",)}


async def test_command_that_cannot_be_read_is_buried_and_its_sender_told(
    server: NatsServer, client: Client, tmp_path: Path
) -> None:
    async with running(Echo(), server, tmp_path):
        answers: list[CommandRefused] = []

        async def received(message: object) -> None:
            answers.append(CommandRefused.parse(message.data, message.subject))  # type: ignore[attr-defined]

        await client.subscribe("answers.echo.*", cb=received)
        body = orjson.dumps({"event_id": "mine-1", "strategy_id": "s1", "is_admin": True})
        await client.jetstream().publish("cmd.strategy_gen.retire", body)
        await until(lambda: answers)
        await wait_for(client, "DEAD", 1)
    assert (answers[0].command_id, answers[0].pointer) == ("mine-1", "/is_admin")


async def test_ask_gives_done_refused_or_says_that_nobody_answered(
    server: NatsServer, client: Client, tmp_path: Path
) -> None:
    link = await connect(server.url, "asker")
    outlet = BusOutlet(None, link)

    def command(strategy_id: str) -> RetireStrategy:
        # the row serves cmd.strategy_gen but the service is called echo, so answers come on its own name
        return RetireStrategy.first(key=strategy_id, at=START, strategy_id=strategy_id)

    try:
        with pytest.raises(TimedOutError):
            await outlet.ask(command("early"), 0.2)
        service = Echo().service()
        named = Service("strategy_gen", service.table)
        runner = Runner(named, CommonSettings(data_dir=tmp_path, nats_url=server.url), WallClock())
        task = asyncio.create_task(runner.run())
        assert isinstance(await outlet.ask(command("good"), 10), CommandDone)
        assert isinstance(await outlet.ask(command("bad"), 10), CommandRefused)
        assert isinstance(await outlet.ask(command("early"), 10), CommandDone)
        assert isinstance(await outlet.ask(command("good"), 10), CommandDone)
        runner.stopping.set()
        await task
    finally:
        await link.close()


async def test_server_killed_again_and_again_loses_and_doubles_nothing(
    server: NatsServer, client: Client, tmp_path: Path
) -> None:
    app = Echo()
    assert server.child is not None
    async with running(app, server, tmp_path):
        for round_ in range(4):
            await publish_through_kills(client, [bar(n) for n in range(round_ * 50, round_ * 50 + 50)])
            server.child.kill()
        await until(lambda: len(app.handled) == 200)
        async with asyncio.timeout(20):
            while not client.is_connected:
                await asyncio.sleep(0.02)
        await wait_for(client, "SIGNALS", 200)
        assert app.handled == [bar(n) for n in range(200)]
        assert await messages(client, "SIGNALS") == 200
        assert await messages(client, "DEAD") == 0


async def publish_through_kills(client: Client, bars: list[BarClosed]) -> None:
    for closed in bars:
        while True:
            try:
                await publish(client, closed)
                break
            except Exception:  # noqa: BLE001 - whatever a dying server answers, the same id is sent again
                await asyncio.sleep(0.05)
