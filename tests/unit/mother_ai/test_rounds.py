"""The round of a bar is decided once, complete, whatever the order its parts arrive in."""

import random
from decimal import Decimal
from pathlib import Path

import pytest

from libs.common.events import DecisionMade, OrderFilled, RoundDecided, StrategyPromoted, StrategyRetired
from libs.common.messages import Message
from services.mother_ai.app import build
from services.mother_ai.settings import Settings
from tests.support.bench import Bench
from tests.support.build import bar, hour, portfolio, promoted, signal

SYMBOLS = ("AUSDT", "BUSDT", "CUSDT")


def service(tmp_path: Path) -> object:
    return build(Settings(data_dir=tmp_path))


def rounds(out: list[tuple[str, bytes]]) -> list[RoundDecided]:
    return [RoundDecided.parse(body, subject) for subject, body in out if subject.startswith("rounds.")]


def decisions(out: list[tuple[str, bytes]]) -> list[DecisionMade]:
    return [DecisionMade.parse(body, subject) for subject, body in out if subject.startswith("decisions.")]


def fill(n: int) -> OrderFilled:
    return OrderFilled.first(
        key=f"fill {n}",
        at=hour(n),
        order_id=f"sn-{n}",
        decision_id="d",
        strategy_id="s1",
        account="paper",
        venue="paper",
        symbol="AUSDT",
        timeframe="1h",
        side="buy",
        quantity=Decimal(1),
        price=100.0,
        cost=Decimal(100),
        fee=Decimal("0.1"),
        fee_asset="USDT",
        reasoning="r",
        confidence=0.5,
    )


async def test_round_without_strategies_is_decided_at_once_and_empty(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await bench.deliver(bar(1))
        (decided,) = rounds(await bench.deliver(portfolio(1)))
        assert (decided.at, decided.decisions, decided.considered) == (hour(2), 0, 0)
        assert await bench.deliver(portfolio(1)) == []


async def test_round_waits_for_every_voice_the_books_and_the_fills(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await bench.deliver(promoted(symbols=SYMBOLS))
        await bench.deliver(*(bar(1, symbol) for symbol in SYMBOLS))
        assert await bench.deliver(signal(bar(1, "AUSDT")), signal(bar(1, "BUSDT"))) == []
        assert await bench.deliver(portfolio(1, fill_count=1)) == []
        assert await bench.deliver(signal(bar(1, "CUSDT"), "hold")) == []
        out = await bench.deliver(fill(1))
        assert [d.symbol for d in decisions(out)] == ["AUSDT", "BUSDT"]
        (decided,) = rounds(out)
        assert (decided.decisions, decided.considered, decided.missing) == (2, 3, 0)


async def test_round_waits_for_a_symbol_whose_bar_may_still_come_and_not_for_ever(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await bench.deliver(promoted(symbols=("AUSDT", "BUSDT")))
        await bench.deliver(bar(0, "AUSDT"), bar(0, "BUSDT"), bar(1, "AUSDT"))
        assert await bench.deliver(portfolio(1)) == []
        assert await bench.deliver(signal(bar(1, "AUSDT"))) == []
        assert await bench.deliver(bar(2, "AUSDT")) == []
        (first,) = rounds(await bench.deliver(bar(3, "AUSDT")))
        assert (first.at, first.considered, first.missing) == (hour(2), 1, 1)


async def test_symbol_that_is_not_watched_is_waited_for_in_its_first_two_rounds_only(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await bench.deliver(promoted(symbols=("AUSDT", "NOBODYUSDT")))
        for n in (1, 2):
            await bench.deliver(*(bar(i, "AUSDT") for i in range(n + 1)))
            await bench.deliver(signal(bar(n, "AUSDT")))
            assert await bench.deliver(portfolio(n)) == []
            assert len(rounds(await bench.deliver(*(bar(i, "AUSDT") for i in range(n + 1, n + 3))))) == 1
        await bench.deliver(signal(bar(3, "AUSDT")))
        (decided,) = rounds(await bench.deliver(portfolio(3)))
        assert (decided.considered, decided.missing) == (1, 1)


@pytest.mark.parametrize("books_first", [True, False])
async def test_first_signal_after_a_gap_is_in_its_round_whatever_comes_first(tmp_path: Path, books_first: bool) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await bench.deliver(promoted(symbols=("AUSDT", "BUSDT")))
        for n in range(5):
            gap = n in (1, 2, 3)
            bars = [bar(n, "AUSDT")] + ([] if gap else [bar(n, "BUSDT")])
            steps: list[Message] = [signal(b) for b in bars[1:]] + [portfolio(n)]
            await bench.deliver(*bars)
            await bench.deliver(signal(bars[0], "hold"))
            out = []
            for message in reversed(steps) if books_first else steps:
                out += await bench.deliver(message)
            if n == 3:
                break
            if n == 0:
                assert [r.considered for r in rounds(out)] == [2]
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        out = await bench.deliver(bar(4, "AUSDT"), bar(4, "BUSDT"))
        for message in (signal(bar(4, "AUSDT"), "hold"), signal(bar(4, "BUSDT"))):
            out += await bench.deliver(message)
        for n in (2, 3, 4):
            out += await bench.deliver(portfolio(n))
        assert [(r.at, r.considered) for r in rounds(out)][-1] == (hour(5), 2)


async def test_late_signal_wakes_its_voice_also_over_a_restart(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await bench.deliver(promoted())
        await bench.deliver(*(bar(n) for n in range(12)))
        await bench.deliver(*(signal(bar(n), strategy_id="s9") for n in range(12)))
        for n in range(9):
            await bench.deliver(portfolio(n))
        await bench.deliver(signal(bar(0)))
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        assert bench.state.spoken["s1", "BTCUSDT"].missed == 0


async def test_life_steps_out_of_order_leave_the_newest(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        strategy = promoted(step=2)
        await bench.deliver(StrategyRetired.after(strategy, strategy_id="s1", step=3))
        await bench.deliver(strategy)
        assert bench.state.running == {}
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await bench.deliver(StrategyPromoted.after(strategy, **fields_of(strategy) | {"step": 4}))
        assert list(bench.state.running) == ["s1"]


async def test_signal_of_another_account_than_its_strategys_is_not_considered(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await bench.deliver(promoted())
        await bench.deliver(bar(1))
        await bench.deliver(signal(bar(1), account="elsewhere"))
        (decided,) = rounds(await bench.deliver(portfolio(1)))
        assert (decided.decisions, decided.missing) == (0, 1)


def fields_of(strategy: StrategyPromoted) -> dict[str, object]:
    return strategy.model_dump(exclude={"event_id", "caused_by", "root_id", "at", "schema_version"})


async def test_round_waits_for_the_books_of_a_strategys_own_account(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        await bench.deliver(promoted(account="own", fraction=1.0))
        await bench.deliver(bar(1))
        await bench.deliver(signal(bar(1), account="own"))
        assert await bench.deliver(portfolio(1)) == []
        (decision,) = decisions(await bench.deliver(portfolio(1, "own", cash="500")))
        assert (decision.account, decision.quote_amount) == ("own", Decimal(500))


async def test_retired_strategy_is_not_waited_for(tmp_path: Path) -> None:
    async with Bench.open(service(tmp_path), tmp_path) as bench:
        strategy = promoted()
        await bench.deliver(strategy)
        await bench.deliver(bar(1))
        assert await bench.deliver(portfolio(1)) == []
        gone = StrategyRetired.after(strategy, strategy_id="s1")
        assert len(rounds(await bench.deliver(gone))) == 1


@pytest.mark.parametrize("seed", range(5))
async def test_decisions_do_not_depend_on_how_messages_interleave_or_on_restarts(tmp_path: Path, seed: int) -> None:
    """Three symbols, six rounds. Signals come in bar order, as one agents process sends them; books follow decisions."""
    chance = random.Random(seed)
    signals: list[Message] = []
    for n in range(6):
        told = [signal(bar(n, s), "buy" if n % 2 else "hold", confidence=0.5 + i / 20) for i, s in enumerate(SYMBOLS)]
        signals += chance.sample(told, 3)
    prices: list[Message] = [bar(n, s) for n in range(6) for s in SYMBOLS]
    books: list[Message] = [portfolio(n) for n in range(6)]
    out: list[tuple[str, bytes]] = []
    reopened = 0
    while signals or books or prices:
        async with Bench.open(service(tmp_path), tmp_path) as bench:
            if not reopened:
                await bench.deliver(promoted(symbols=SYMBOLS))
            reopened += 1
            for _ in range(chance.randrange(1, 9)):
                ready = [queue for queue in (signals, prices) if queue]
                if books and len(rounds(out)) >= 6 - len(books):
                    ready.append(books)
                if not ready:
                    break
                message = chance.choice(ready).pop(0)
                out += await bench.deliver(message)
                if chance.random() < 0.3:
                    out += await bench.deliver(message)
    assert len(rounds(out)) == 6
    made = [(d.symbol, d.at, d.rank) for d in decisions(out)]
    assert made == [(s, hour(n + 1), r) for n in (1, 3, 5) for r, s in enumerate(("CUSDT", "BUSDT", "AUSDT"), 1)]
