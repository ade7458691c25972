"""A sick database is told apart from a bad message, and a failure at the end of a transaction is blamed on its message alone."""

import errno
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, text

from libs.common.bus import On, Service, Tx, records
from libs.common.bus.transact import is_sickness
from libs.common.commands import RetireStrategy
from libs.common.db import Database, create
from libs.common.errors import BusUnavailableError, ConflictError, PermanentError, StoreUnavailableError
from libs.common.events import BarClosed, CommandRefused, Event, StrategyRejected
from libs.common.messages import MAX_BODY_BYTES
from tests.support.bench import Bench
from tests.support.build import START, bar, signal

_META = MetaData()
NUMBERS = Table("numbers", _META, Column("n", Integer, primary_key=True))
_ADD = insert(NUMBERS)


class Late:
    """Puts its statements off, so that a bad one shows at the end of the transaction only."""

    async def on_bar(self, closed: BarClosed, tx: Tx) -> Sequence[Event]:
        tx.later(_ADD, n=int(closed.volume))
        return [signal(closed)]

    async def on_retire(self, command: RetireStrategy, tx: Tx) -> Sequence[Event]:
        raise ConflictError("no", pointer="/" + "k" * MAX_BODY_BYTES)

    def refusal(self, command: RetireStrategy, error: PermanentError) -> Sequence[Event]:
        fields = {"submission_id": "x", "code": error.code, "detail": "no", "pointer": error.pointer}
        return [StrategyRejected.after(command, **fields)]

    def service(self) -> Service:
        rows = [On(BarClosed, self.on_bar, key="symbol"), On(RetireStrategy, self.on_retire, refusal=self.refusal)]
        return Service("late", rows, [create(_META)])


@pytest.mark.parametrize("bad", [0, 7, 12])
async def test_failure_at_the_end_of_the_transaction_is_blamed_on_its_message(tmp_path: Path, bad: int) -> None:
    too_large = float(2**70)
    bars = [bar(1, f"S{n}", volume=too_large if n == bad else n) for n in range(13)]
    async with Bench.open(Late().service(), tmp_path) as bench:
        assert len(await bench.deliver(*bars)) == 12
        assert [f.delivery.message for f in bench.failed] == [bars[bad]]
        assert isinstance(bench.failed[0].error, OverflowError)


async def test_later_messages_of_its_key_wait_behind_it(tmp_path: Path) -> None:
    bars = [bar(n, "AB"[n % 2], volume=float(2**70) if n == 1 else n) for n in range(6)]
    async with Bench.open(Late().service(), tmp_path) as bench:
        assert len(await bench.deliver(*bars)) == 3
        assert [f.delivery.message for f in bench.failed] == [bars[1], bars[3], bars[5]]


async def test_refused_command_is_answered_though_the_facts_of_it_do_not_fit(tmp_path: Path) -> None:
    async with Bench.open(Late().service(), tmp_path) as bench:
        ((subject, body),) = await bench.deliver(RetireStrategy.first(key="1", at=START, strategy_id="s1"))
        answer = CommandRefused.parse(body, subject)
        assert answer.pointer is not None
        assert answer.pointer.startswith("/kkk")


async def test_database_without_migrations_opens_while_another_holds_its_lock(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    await (await Database.open(f"sqlite:///{path}", records.MIGRATIONS)).close()
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        database = await Database.open(f"sqlite:///{path}")
        async with database.read() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM inbox")) == 0
        await database.close()


async def test_damaged_database_is_no_fault_of_a_message(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"this is no database" * 1_000)
    with pytest.raises(StoreUnavailableError, match="damaged"):
        await Database.open(f"sqlite:///{tmp_path / 'x.db'}", records.MIGRATIONS)


def test_sickness_is_what_all_causes_share() -> None:
    ours: list[Exception] = [
        StoreUnavailableError("locked"),
        BusUnavailableError("gone"),
        OSError(errno.ENOSPC, "full"),
    ]
    assert all(map(is_sickness, ours))
    assert is_sickness(ExceptionGroup("all", [*ours, ExceptionGroup("inner", ours)]))
    assert not is_sickness(ExceptionGroup("mixed", [*ours, ValueError("a bug")]))
    assert not is_sickness(OSError(errno.ENOENT, "no file"))
