"""The executor on a real database: its record survives restarts, repetitions and failures, and balances."""

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from libs.common.bus import Tx
from libs.common.commands import HaltTrading, ReduceTrading, ResumeTrading
from libs.common.events import StrategyDeleted, StrategyRetired
from libs.common.messages import Message
from libs.common.values import Side, Timeframe
from services.executor.app import build
from services.executor.audit import Imbalance, audit
from services.executor.settings import Settings
from services.executor.tables import BALANCES, BARS, DECISIONS, FILLS, ORDERS, ROUNDS
from tests.support.bench import Bench
from tests.unit.executor.builders import START, bar, decision, promoted, round_

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
Published = list[tuple[str, bytes]]


def service() -> Any:
    return build(
        Settings(max_order_fraction=0.5, max_position_fraction=0.6, max_orders_per_minute=4, max_daily_loss=0.1)
    )


def story(count: int = 12) -> list[Message]:
    """A run of bars with decisions of two accounts, drawn once."""
    chance = random.Random(7)
    messages: list[Message] = [promoted("of-a")]
    for number in range(1, count + 1):
        present = [symbol for symbol in SYMBOLS if number == 1 or chance.random() > 0.1]
        for symbol in present:
            opened, closed = chance.uniform(90, 110), chance.uniform(90, 110)
            messages.append(bar(number, symbol, open=opened, close=closed, simulated=True))
        asked = chance.sample(present, min(len(present), 2))
        for rank, symbol in enumerate(asked, start=1):
            side = chance.choice((Side.BUY, Side.BUY, Side.SELL))
            amount = Decimal(chance.randint(1, 3_000)) if side is Side.BUY else None
            extra = {"account": chance.choice(("paper", "of-a")), "rank": rank, "quote_amount": amount}
            price = next(
                m.close for m in reversed(messages) if getattr(m, "symbol", "") == symbol and hasattr(m, "close")
            )
            messages.append(decision(number, symbol, side, price=price, **extra))
        messages.append(round_(number, len(asked)))
    return messages


async def run(
    folder: Path, messages: Sequence[Message], *, restart_every: int | None = None, times: int = 1
) -> Published:
    out: Published = []
    parts = (
        [messages]
        if restart_every is None
        else [messages[i : i + restart_every] for i in range(0, len(messages), restart_every)]
    )
    for part in parts:
        async with Bench.open(service(), folder) as bench:
            for message in part:
                for _ in range(times):
                    out += await bench.deliver(message)
                assert bench.failed == []
    return out


async def proven(folder: Path) -> list[Imbalance]:
    async with Bench.open(service(), folder) as bench, bench.transactor.database.read() as connection:
        return await audit(connection)


async def test_run_books_every_fill_and_the_audit_finds_nothing(tmp_path: Path) -> None:
    out = await run(tmp_path, story())
    fills = [json.loads(body) for subject, body in out if subject.startswith("fills.")]
    assert len(fills) > 5
    assert {fill["side"] for fill in fills} == {"buy", "sell"}
    assert await proven(tmp_path) == []
    async with Bench.open(service(), tmp_path) as bench, bench.transactor.database.read() as connection:
        stored = (
            await connection.execute(
                select(FILLS.c.trade_id, ORDERS.c.reason).join_from(
                    FILLS, ORDERS, FILLS.c.order_id == ORDERS.c.order_id
                )
            )
        ).all()
        assert sorted(row.trade_id for row in stored) == sorted(fill["event_id"] for fill in fills)


@pytest.mark.parametrize("size", [1, 4])
async def test_restart_after_any_message_changes_nothing(tmp_path: Path, size: int) -> None:
    straight = await run(tmp_path / "straight", story(8))
    assert await run(tmp_path / "broken", story(8), restart_every=size) == straight
    assert await proven(tmp_path / "broken") == []


async def test_restart_gives_the_state_back_as_it_was(tmp_path: Path) -> None:
    ahead = [bar(number, symbol) for number in range(27, 30) for symbol in SYMBOLS]
    async with Bench.open(service(), tmp_path) as bench:
        for message in [*story(26)[:-1], *ahead, decision(28), round_(28, 1)]:
            await bench.deliver(message)
        before = bench.state
    async with Bench.open(service(), tmp_path) as bench:
        assert bench.state == before


async def test_messages_in_one_batch_give_what_they_give_one_by_one(tmp_path: Path) -> None:
    straight = await run(tmp_path / "straight", story())
    async with Bench.open(service(), tmp_path / "batch") as bench:
        messages = story()
        out = await bench.deliver(*[m for m in messages if m.subject_name().startswith("strategies.")])
        for prefix in ("rounds.", "decisions.", "prices."):
            out += await bench.deliver(*[m for m in messages if m.subject_name().startswith(prefix)])
    assert out == straight
    assert await proven(tmp_path / "batch") == []


async def test_messages_that_come_again_change_nothing(tmp_path: Path) -> None:
    straight = await run(tmp_path / "straight", story())
    assert await run(tmp_path / "twice", story(), times=2) == straight
    assert await run(tmp_path / "twice", story()) == []
    assert await proven(tmp_path / "twice") == []


async def test_new_day_is_kept_over_a_restart(tmp_path: Path) -> None:
    async with Bench.open(service(), tmp_path) as bench:
        for message in (bar(1), round_(1), bar(25)):
            await bench.deliver(message)
        before = bench.state
    async with Bench.open(service(), tmp_path) as bench:
        assert bench.state.accounts == before.accounts
        assert bench.state.accounts["paper"].day.day == 2


async def test_orders_of_the_last_minute_count_after_a_restart(tmp_path: Path) -> None:
    quarter = Timeframe.M15
    settings = Settings(max_orders_per_minute=1)
    async with Bench.open(build(settings), tmp_path) as bench:
        for message in (bar(4, timeframe=quarter), decision(4, timeframe=quarter), round_(4, 1, quarter)):
            await bench.deliver(message)
    async with Bench.open(build(settings), tmp_path) as bench:
        out = [m for e in (bar(1, "ETHUSDT"), decision(1, "ETHUSDT"), round_(1, 1)) for m in await bench.deliver(e)]
        [order] = [json.loads(body) for subject, body in out if subject.startswith("orders.")]
        assert (order["state"], order["code"]) == ("refused", "risk.rate")


async def test_decision_that_was_already_placed_and_whose_id_was_forgotten_changes_nothing(tmp_path: Path) -> None:
    async with Bench.open(service(), tmp_path) as bench:
        for message in (bar(1), decision(1), round_(1, 1), bar(2)):
            await bench.deliver(message)
        before = bench.state

        async def again(tx: Tx) -> None:
            tx.emit(*await bench.row(decision(1)).handle(decision(1), tx))

        await bench.transactor.commit(again)
        assert await bench.published() == []
        assert bench.state is before


@pytest.mark.parametrize("kind", [StrategyRetired, StrategyDeleted])
async def test_end_of_a_strategy_cancels_its_pending_buy_and_its_holding_can_still_be_sold(
    tmp_path: Path, kind: Any
) -> None:
    ended = kind.first(key="end", at=START, strategy_id="rsi")
    bars = {n: [bar(n, symbol) for symbol in SYMBOLS[:2]] for n in (1, 2, 3)}
    begin = [*bars[1], decision(1), round_(1, 1), *bars[2], decision(2, "ETHUSDT"), round_(2, 1)]
    out = await run(
        tmp_path, [*begin, ended, *bars[3], decision(3, side=Side.SELL), round_(3, 1), bar(4)], restart_every=1
    )
    told = [json.loads(body) for subject, body in out if subject.startswith("orders.")]
    assert [(o["symbol"], o["side"], o["state"], o["code"]) for o in told] == [
        ("BTCUSDT", "buy", "intent", None),
        ("BTCUSDT", "buy", "filled", None),
        ("ETHUSDT", "buy", "intent", None),
        ("ETHUSDT", "buy", "canceled", "strategy.retired"),
        ("BTCUSDT", "sell", "intent", None),
        ("BTCUSDT", "sell", "filled", None),
    ]
    assert await proven(tmp_path) == []


async def test_account_of_a_promotion_is_locked_by_a_loss_for_the_rest_of_the_day_only(tmp_path: Path) -> None:
    today = datetime(2026, 3, 1, 12, tzinfo=UTC)
    messages = [
        promoted("other", today),
        bar(1),
        decision(1, account="other", quote_amount=Decimal(4_000)),
        round_(1, 1),
    ]
    messages += [bar(2, close=60.0), round_(2), bar(24, close=60.0), round_(24), bar(25, close=60.0)]
    async with Bench.open(service(), tmp_path) as bench:
        locks = []
        for message in messages:
            await bench.deliver(message)
            locks.append(bench.state.accounts["other"].locked)
        assert locks[4] is True
        assert locks[-1] is False


async def test_halt_cancels_refuses_and_survives_a_restart_until_resumed(tmp_path: Path) -> None:
    def command(kind: Any, number: int) -> Any:
        return kind.first(key=str(number), at=START, reason="drill", asked_by="tester")

    async with Bench.open(service(), tmp_path) as bench:
        for message in (bar(1), decision(1), round_(1, 1)):
            await bench.deliver(message)
        out = await bench.deliver(command(HaltTrading, 1))
        bodies = {subject: json.loads(body) for subject, body in out}
        assert bodies["control.trading"]["state"] == "halted"
        assert bodies["control.trading"]["changed_by"] == "tester"
        assert (bodies["orders.BTCUSDT"]["state"], bodies["orders.BTCUSDT"]["code"]) == ("canceled", "trading.halted")
        [answer] = [body for subject, body in bodies.items() if subject.startswith("answers.executor.")]
        assert answer["result"] == {"state": "halted", "canceled_orders": 1}
    async with Bench.open(service(), tmp_path) as bench:
        assert bench.state.trading == "halted"
        out = [m for each in (bar(2), decision(2), round_(2, 1)) for m in await bench.deliver(each)]
        [order] = [json.loads(body) for subject, body in out if subject.startswith("orders.")]
        assert (order["state"], order["code"]) == ("refused", "trading.halted")
        await bench.deliver(command(ReduceTrading, 2))
        assert bench.state.trading == "reducing"
        await bench.deliver(command(ResumeTrading, 3))
        assert bench.state.trading == "trading"


async def test_staging_tables_hold_only_what_still_waits(tmp_path: Path) -> None:
    async with Bench.open(service(), tmp_path) as bench:
        for number in range(1, 90):
            await bench.deliver(bar(number))
            await bench.deliver(decision(number, quote_amount=Decimal(number)))
            await bench.deliver(round_(number, 1))
        async with bench.transactor.database.read() as connection:
            counts = [await connection.scalar(select(func.count()).select_from(t)) for t in (BARS, ROUNDS, DECISIONS)]
    assert 0 < (counts[0] or 0) <= 64 + 8
    assert counts[1:] == [0, 0]


async def test_books_refuse_a_negative_balance_and_a_trade_id_used_twice(tmp_path: Path) -> None:
    await run(tmp_path, story())
    async with Bench.open(service(), tmp_path) as bench:
        database = bench.transactor.database
        with pytest.raises(IntegrityError):
            async with database.begin() as connection:
                await connection.execute(update(BALANCES).values(units=-1))
        async with database.read() as connection:
            row = (await connection.execute(select(FILLS).limit(1))).mappings().one()
        with pytest.raises(IntegrityError):
            async with database.begin() as connection:
                await connection.execute(insert(FILLS).values(**row))


@pytest.mark.parametrize(
    ("tampering", "what"),
    [
        ("UPDATE balances SET units = units + 1 WHERE bucket = 'cash'", "balance and journal"),
        ("DELETE FROM journal WHERE entry_id = 1", "debits and credits of a transaction"),
        ("UPDATE positions SET quantity = quantity + 1", "position and journal"),
        ("DELETE FROM fills WHERE side = 'buy'", "fills and journal"),
        ("UPDATE accounts SET fees = fees + 1", "fees of the fills and of the account"),
    ],
)
async def test_audit_names_what_was_tampered_with(tmp_path: Path, tampering: str, what: str) -> None:
    await run(tmp_path, story())
    async with Bench.open(service(), tmp_path) as bench:
        async with bench.transactor.database.begin() as connection:
            await connection.execute(text(tampering))
        async with bench.transactor.database.read() as connection:
            assert what in {imbalance.what for imbalance in await audit(connection)}
