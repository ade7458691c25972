"""However messages overtake each other, the same orders, fills and books come out, in the same order."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from libs.common.events import BarClosed, OrderFilled, PortfolioChanged
from libs.common.values import Side, Timeframe
from services.executor.risk import Limits
from tests.unit.executor.builders import START, bar, decision, fold, of, promoted, round_, rules

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
FRAMES = (Timeframe.M15, Timeframe.H1)
ACCOUNTS = ("paper", "of-a", "of-b")
LIMITS = Limits(0.4, 0.5, 2, 3, 2, 0.5, 0.2)


def market(chance: random.Random, frames: Sequence[Timeframe], hours: int) -> list[BarClosed]:
    """Bars of every symbol in time order, with holes, and one symbol that ends."""
    bars = []
    end = {symbol: chance.choice((hours, hours, hours // 2)) for symbol in SYMBOLS}
    for timeframe in frames:
        last = hours * 3_600 // timeframe.seconds
        for number in range(1, last + 1):
            for symbol in SYMBOLS:
                ends = end[symbol] * 3_600 // timeframe.seconds
                if number <= ends and (number == 1 or chance.random() > 0.15):
                    opened, closed = (chance.uniform(80, 120) for _ in range(2))
                    bars.append(bar(number, symbol, timeframe=timeframe, open=opened, close=closed))
    return sorted(bars, key=lambda b: (b.close_time, b.timeframe.seconds, b.symbol))


def rounds(chance: random.Random, bars: Sequence[BarClosed]) -> list[list[Any]]:
    """The decisions and the end of every round, round by round."""
    found = []
    for close_time, seconds in sorted({(b.close_time, b.timeframe.seconds) for b in bars}):
        timeframe = next(t for t in FRAMES if t.seconds == seconds)
        number = int((close_time - START) / timeframe.length)
        decisions = [
            decision(
                number,
                symbol,
                side := chance.choice((Side.BUY, Side.SELL)),
                timeframe=timeframe,
                account=chance.choice(ACCOUNTS),
                rank=rank,
                quote_amount=Decimal(chance.randint(1, 6_000)) if side is Side.BUY else None,
            )
            for rank, symbol in enumerate(chance.sample(SYMBOLS, chance.choice((0, 1, 2))), start=1)
        ]
        found.append([*decisions, round_(number, len(decisions), timeframe)])
    return found


def jittered(chance: random.Random, bars: Sequence[BarClosed], skew: timedelta) -> list[BarClosed]:
    """The bars as they may arrive: each symbol in its own order, symbols apart by less than `skew`."""
    keys: dict[str, datetime] = {}
    arrival: list[tuple[datetime, int, BarClosed]] = []
    for each in bars:
        late = each.close_time + skew * chance.random()
        keys[each.symbol] = late = max(late, keys.get(each.symbol, late))
        arrival.append((late, len(arrival), each))
    return [each for _, _, each in sorted(arrival)]


def merged(chance: random.Random, streams: Sequence[Sequence[Any]]) -> list[Any]:
    """One random interleaving that keeps the order within each stream; streams may run far ahead of others."""
    pools = [list(reversed(stream)) for stream in streams if stream]
    out = []
    while pools:
        pool = chance.choice(pools)
        for _ in range(chance.randint(1, 12)):
            if pool:
                out.append(pool.pop())
        pools = [p for p in pools if p]
    return out


def outcome(messages: list[Any]) -> tuple[list[Any], dict[str, Any]]:
    """Everything that came out, in order; the books of the promoted accounts apart, they begin when it is known."""
    _, out = fold(messages, rules(LIMITS))
    mine = [e for e in out.events if not isinstance(e, PortfolioChanged) or e.account == "paper"]
    others = {e.event_id: e for e in of(PortfolioChanged, out.events) if e.account != "paper"}
    return mine, others


def check(seed: int, frames: Sequence[Timeframe], hours: int) -> None:
    chance = random.Random(seed)
    bars = market(chance, frames, hours)
    decided = rounds(chance, bars)
    flat = [message for one in decided for message in one]
    opened = [promoted("of-a"), promoted("of-b")]
    expected, books = outcome([*opened, *bars, *flat])
    assume(of(OrderFilled, expected))
    assert len({e.event_id for e in of(PortfolioChanged, expected)}) >= len(decided) - 2 * len(frames) * 4
    for _ in range(2):
        arrival = jittered(chance, bars, 2 * min(f.length for f in frames))
        ends = [one[-1] for one in decided]
        by_symbol = [[d for one in decided for d in one[:-1] if d.symbol == s] for s in SYMBOLS]
        found, some_books = outcome(merged(chance, [arrival, ends, *by_symbol, opened]))
        assert found == expected
        assert all(books[key] == value for key, value in some_books.items())


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32))
def test_rounds_of_one_timeframe_in_any_interleaving_come_out_the_same(seed: int) -> None:
    check(seed, [Timeframe.H1], 16)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32))
def test_rounds_of_two_timeframes_in_any_interleaving_come_out_the_same(seed: int) -> None:
    check(seed, FRAMES, 6)
