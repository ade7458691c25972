"""An effect happens once, whatever arrives how often, and a failing message takes no other with it."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.bus import On, Service, Tx
from libs.common.commands import RetireStrategy
from libs.common.db import create
from libs.common.errors import ConflictError, StoreUnavailableError
from libs.common.events import BarClosed, CommandDone, CommandRefused, Event
from tests.support.bench import Bench
from tests.support.build import START, bar, signal

_META = MetaData()
SEEN = Table("seen_bars", _META, Column("n", Integer, primary_key=True), Column("symbol", Text))


class Counter:
    """Stores every bar and answers it with a signal; fails where told."""

    def __init__(self) -> None:
        self.fail_on: dict[str, Exception] = {}
        self.calls = 0

    async def on_bar(self, closed: BarClosed, tx: Tx) -> Sequence[Event]:
        self.calls += 1
        await tx.connection.execute(insert(SEEN).values(symbol=closed.symbol))
        tx.state = (tx.state or 0) + 1
        if closed.symbol in self.fail_on:
            raise self.fail_on[closed.symbol]
        return [signal(closed)]

    async def on_retire(self, command: RetireStrategy, tx: Tx) -> Sequence[Event]:
        await tx.connection.execute(insert(SEEN).values(symbol=command.strategy_id))
        if command.strategy_id == "bad":
            raise ConflictError("it is not running", pointer="/strategy_id", hint="start it")
        tx.reply("done", count=1)
        return []

    def service(self) -> Service:
        rows = [On(BarClosed, self.on_bar, key="symbol"), On(RetireStrategy, self.on_retire)]
        return Service("counter", rows, [create(_META)])


async def stored(bench: Bench) -> int:
    async with bench.transactor.database.read() as connection:
        return await count(connection)


async def count(connection: AsyncConnection) -> int:
    return int(await connection.scalar(select(func.count()).select_from(SEEN)) or 0)


async def test_message_delivered_again_has_no_second_effect(tmp_path: Path) -> None:
    async with Bench.open(Counter().service(), tmp_path) as bench:
        assert len(await bench.deliver(bar(1))) == 1
        assert await bench.deliver(bar(1)) == []
        assert await bench.deliver(bar(1), bar(1)) == []
        assert await stored(bench) == 1
        assert bench.state == 1


async def test_message_twice_in_one_batch_has_one_effect(tmp_path: Path) -> None:
    async with Bench.open(Counter().service(), tmp_path) as bench:
        assert len(await bench.deliver(bar(1), bar(1), bar(2))) == 2
        assert await stored(bench) == 2


async def test_message_after_a_restart_is_still_known(tmp_path: Path) -> None:
    async with Bench.open(Counter().service(), tmp_path) as bench:
        await bench.deliver(bar(1))
    async with Bench.open(Counter().service(), tmp_path) as bench:
        assert await bench.deliver(bar(1)) == []
        assert await stored(bench) == 1


async def test_failing_message_leaves_no_trace_and_holds_back_its_own_key_only(tmp_path: Path) -> None:
    app = Counter()
    app.fail_on["BAD"] = RuntimeError("no")
    async with Bench.open(app.service(), tmp_path) as bench:
        out = await bench.deliver(bar(1), bar(1, "BAD"), bar(2), bar(2, "BAD"), bar(3))
        assert [subject for subject, _ in out] == ["signals.BTCUSDT"] * 3
        assert [type(failure.error).__name__ for failure in bench.failed] == ["RuntimeError", "KeyHeldError"]
        assert await stored(bench) == 3
        assert bench.state == 3
        app.fail_on.clear()
        assert len(await bench.deliver(*(failure.delivery.message for failure in bench.failed))) == 2
        assert await stored(bench) == 5


async def test_many_failing_messages_are_each_tried_at_most_twice(tmp_path: Path) -> None:
    app = Counter()
    bars = [bar(n, f"S{n}") for n in range(60)]
    app.fail_on = {f"S{n}": RuntimeError("no") for n in range(0, 60, 3)}
    async with Bench.open(app.service(), tmp_path) as bench:
        assert len(await bench.deliver(*bars)) == 40
        assert len(bench.failed) == 20
        assert app.calls <= 2 * len(bars)


async def test_refused_command_is_answered_and_changes_nothing(tmp_path: Path) -> None:
    command = RetireStrategy.first(key="1", at=START, strategy_id="bad")
    async with Bench.open(Counter().service(), tmp_path) as bench:
        ((subject, body),) = await bench.deliver(command)
        answer = CommandRefused.parse(body, subject)
        assert (answer.code, answer.pointer, answer.hint) == ("conflict", "/strategy_id", "start it")
        assert answer.command_id == command.event_id
        assert await stored(bench) == 0
        assert bench.failed == []
        assert await bench.deliver(command) == []


async def test_command_done_is_answered_with_what_the_handler_replied(tmp_path: Path) -> None:
    command = RetireStrategy.first(key="2", at=START, strategy_id="good")
    async with Bench.open(Counter().service(), tmp_path) as bench:
        ((subject, body),) = await bench.deliver(command)
        answer = CommandDone.parse(body, subject)
        assert (answer.result_ids, answer.result) == (("done",), {"count": 1})


async def test_sick_database_is_no_fault_of_the_message(tmp_path: Path) -> None:
    app = Counter()
    app.fail_on["BTCUSDT"] = StoreUnavailableError("locked")
    async with Bench.open(app.service(), tmp_path) as bench:
        with pytest.raises(StoreUnavailableError):
            await bench.deliver(bar(1), bar(2))
        assert await stored(bench) == 0
        app.fail_on.clear()
        assert len(await bench.deliver(bar(1), bar(2))) == 2


async def test_same_id_with_another_body_is_an_alarm_and_the_first_counts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with Bench.open(Counter().service(), tmp_path) as bench:
        await bench.deliver(bar(1))
        assert await bench.deliver(bar(1, price=999.0)) == []
        assert "another body" in caplog.text
