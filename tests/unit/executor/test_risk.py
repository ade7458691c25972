"""Risk against an oracle that was written from the words of the limits, not from the code."""

import random
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.events import Position
from libs.common.messages import MAX_BODY_BYTES
from libs.common.values import Side, Timeframe
from services.executor.risk import MOST_POSITIONS, Limits, Request, Ruling, Sent, View, has_lost_the_day, judge
from tests.unit.executor.builders import START

STEP = Fraction(1, 10**8)


def view(**changes: object) -> View:
    values: dict[str, object] = {
        "trading": "trading",
        "equity": Decimal(10_000),
        "free_cash": Decimal(10_000),
        "entries": 0,
        "is_long": False,
        "can_sell": False,
        "is_owner": True,
        "is_selling": False,
        "is_locked": False,
        "is_payable": True,
        "mark": 100.0,
        "sent": (),
        **changes,
    }
    return View(**values)  # type: ignore[arg-type]


def request(**changes: object) -> Request:
    values = {"symbol": "BTCUSDT", "side": Side.BUY, "amount": Decimal(500), "price": 100.0, "at": START, **changes}
    return Request(**values)  # type: ignore[arg-type]


def sent(seconds: float, symbol: str = "BTCUSDT", amount: int = 1, side: Side = Side.BUY) -> Sent:
    return Sent("paper", START - timedelta(seconds=seconds), symbol, side, Decimal(amount))


@pytest.mark.parametrize(
    ("asked", "seen", "code"),
    [
        ({}, {"trading": "halted"}, "trading.halted"),
        ({}, {"trading": "reducing"}, "trading.reducing"),
        ({}, {"is_payable": False}, "risk.quote_asset"),
        ({}, {"is_locked": True}, "risk.daily_loss"),
        ({}, {"mark": None}, "risk.stale_price"),
        ({"price": 102.01}, {}, "risk.price_collar"),
        ({}, {"sent": (sent(4.9, amount=500),)}, "risk.duplicate"),
        ({}, {"is_long": True}, "risk.already_long"),
        ({}, {"sent": tuple(sent(10, amount=n) for n in range(10))}, "risk.symbol_rate"),
        ({}, {"sent": tuple(sent(10, "ETHUSDT", n) for n in range(30))}, "risk.rate"),
        ({}, {"entries": 10}, "risk.open_positions"),
        ({"side": Side.SELL, "amount": None}, {"can_sell": True, "is_owner": False}, "risk.not_owner"),
        ({"amount": Decimal("0.99")}, {}, "risk.min_notional"),
        ({}, {"free_cash": Decimal("0.99")}, "risk.insufficient_cash"),
        ({"side": Side.SELL, "amount": None}, {"can_sell": False}, "risk.nothing_to_sell"),
        ({"side": Side.SELL, "amount": None}, {"can_sell": True, "is_selling": True}, "risk.duplicate"),
        ({"side": Side.SELL, "amount": None}, {"can_sell": True, "trading": "halted"}, "trading.halted"),
    ],
)
def test_order_outside_a_limit_is_refused_with_its_code(asked: dict[str, Any], seen: dict[str, Any], code: str) -> None:
    ruling = judge(request(**asked), view(**seen), Limits())
    assert ruling.code == code
    assert ruling.amount is None
    assert ruling.detail


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ({}, {}),
        ({"price": 102.0}, {}),
        ({}, {"sent": (sent(5, amount=500),)}),
        ({}, {"sent": tuple(sent(60, amount=n) for n in range(30))}),
        (
            {"side": Side.SELL, "amount": None},
            {"can_sell": True, "is_locked": True, "trading": "reducing", "mark": None},
        ),
    ],
)
def test_order_at_the_edge_of_a_limit_passes(asked: dict[str, Any], seen: dict[str, Any]) -> None:
    assert judge(request(**asked), view(**seen), Limits()).code is None


@pytest.mark.parametrize(
    ("limits", "cash", "allowed"),
    [
        (Limits(), 10_000, Decimal(1_000)),
        (Limits(order_fraction=0.5), 10_000, Decimal(2_500)),
        (Limits(order_fraction=1.0, position_fraction=1.0), 10_000, Decimal(4_000)),
        (Limits(order_fraction=1.0, position_fraction=1.0), 70, Decimal(70)),
    ],
)
def test_buy_above_a_size_limit_is_cut_to_it(limits: Limits, cash: int, allowed: Decimal) -> None:
    ruling = judge(request(amount=Decimal(4_000)), view(free_cash=Decimal(cash)), limits)
    assert ruling.amount == allowed
    assert (ruling.detail is None) is (allowed == 4_000)


@pytest.mark.parametrize(("equity", "lost"), [("9700", True), ("9700.01", False), ("11000", False)])
def test_day_is_lost_at_three_percent(equity: str, lost: bool) -> None:
    assert has_lost_the_day(Decimal(10_000), Decimal(equity), Limits()) is lost
    assert not has_lost_the_day(Decimal(10_000), Decimal(equity), Limits(daily_loss=1.0))


def oracle(r: Request, v: View, limits: Limits) -> tuple[set[str], Fraction | None]:
    """Return every code that may refuse the order (empty: it must pass), and the amount it may have."""
    if r.side is Side.SELL:
        reasons = {
            "trading.halted": v.trading == "halted",
            "risk.nothing_to_sell": not v.can_sell,
            "risk.not_owner": not v.is_owner,
            "risk.duplicate": v.is_selling,
        }
        return {code for code, applies in reasons.items() if applies}, None
    ages = [((r.at - s.at).total_seconds(), s) for s in v.sent]
    minute = [s for age, s in ages if age < 60]
    in_symbol = [s for s in minute if s.symbol == r.symbol]
    collar = v.mark is not None and abs(r.price - v.mark) > limits.price_collar * v.mark * (1 + 1e-12)
    reasons = {
        f"trading.{v.trading}": v.trading in ("halted", "reducing"),
        "risk.quote_asset": not v.is_payable,
        "risk.daily_loss": v.is_locked,
        "risk.stale_price": v.mark is None,
        "risk.price_collar": limits.price_collar != 1 and collar,
        "risk.duplicate": any(
            a < 5 and s.symbol == r.symbol and s.side == r.side and s.amount == r.amount for a, s in ages
        ),
        "risk.already_long": v.is_long,
        "risk.symbol_rate": limits.symbol_orders_per_minute != 0 and len(in_symbol) >= limits.symbol_orders_per_minute,
        "risk.rate": limits.orders_per_minute != 0 and len(minute) >= limits.orders_per_minute,
        "risk.open_positions": limits.open_positions != 0 and v.entries >= limits.open_positions,
    }
    wanted, least = Fraction(r.amount or 0), Fraction(limits.min_notional)
    caps = {"risk.insufficient_cash": Fraction(v.free_cash)}
    for code, share in (("risk.order_size", limits.order_fraction), ("risk.position_size", limits.position_fraction)):
        if share != 1:
            caps[code] = Fraction(v.equity) * Fraction(str(share)) // STEP * STEP
    amount = min(wanted, *caps.values())
    reasons["risk.min_notional"] = wanted < least
    for code, cap in caps.items():
        reasons[code] = cap < least and cap == min(caps.values())
    return {code for code, applies in reasons.items() if applies}, amount


def random_case(chance: random.Random) -> tuple[Request, View, Limits]:
    def often(value: object, other: object) -> object:
        return value if chance.random() < 0.85 else other

    side = chance.choice((Side.BUY, Side.BUY, Side.SELL))
    amount = Decimal(chance.choice((0, 1, 99_999_999, 100_000_000, chance.randrange(10**13)))) / 10**8
    limits = Limits(
        chance.choice((0.1, 0.003, 1.0)),
        chance.choice((0.25, 0.05, 1.0)),
        chance.choice((0, 1, 3)),
        chance.choice((0, 1, 3)),
        chance.choice((0, 1, 3)),
        chance.choice((0.02, 1.0)),
        0.03,
        Decimal(chance.choice(("1", "0.00000001", "10"))),
    )
    orders = tuple(
        Sent(
            "paper",
            START - timedelta(seconds=chance.choice((0, 4.999, 5, 59.999, 60, 61))),
            chance.choice(("BTCUSDT", "ETHUSDT")),
            chance.choice((Side.BUY, Side.SELL)),
            chance.choice((amount, Decimal(7), None)),
        )
        for _ in range(chance.choice((0, 0, 1, 2, 4)))
    )
    state = View(
        trading=often("trading", chance.choice(("reducing", "halted"))),  # type: ignore[arg-type]
        equity=Decimal(chance.randrange(10**13)) / 10**8,
        free_cash=Decimal(chance.choice((0, chance.randrange(10**12)))) / 10**8,
        entries=chance.choice((0, 0, 1, 2, 3)),
        is_long=chance.random() < 0.1,
        can_sell=chance.random() < 0.7,
        is_owner=chance.random() < 0.8,
        is_selling=chance.random() < 0.2,
        is_locked=chance.random() < 0.1,
        is_payable=chance.random() < 0.9,
        mark=often(100.0, None),  # type: ignore[arg-type]
        sent=orders,
    )
    price = chance.choice((100.0, 101.9, 98.1, 102.5, 97.0))
    return Request("BTCUSDT", side, amount if side is Side.BUY else None, price, START), state, limits


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32))
def test_order_at_random_agrees_with_the_oracle(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(50):
        asked, seen, limits = random_case(chance)
        ruling: Ruling = judge(asked, seen, limits)
        codes, amount = oracle(asked, seen, limits)
        assert (ruling.code in codes) if codes else ruling.code is None, (asked, seen, limits, ruling)
        if ruling.code is None and asked.side is Side.BUY:
            assert Fraction(ruling.amount or 0) == amount
            assert ruling.amount


@pytest.mark.parametrize("most", [0, 10_000])
def test_position_beyond_what_one_message_of_books_can_carry_is_refused_under_any_limit(most: int) -> None:
    limits = Limits(open_positions=most)
    assert judge(request(), view(entries=MOST_POSITIONS - 1), limits).code is None
    assert judge(request(), view(entries=MOST_POSITIONS), limits).code == "risk.open_positions"


def test_books_of_the_most_positions_fit_into_one_message() -> None:
    amount = Decimal("-12345678901.12345678")
    longest = Position(
        symbol="S" * 32,
        strategy_id="s" * 64,
        timeframe=Timeframe.M15,
        quantity=-amount,
        average_price=2.2250738585072014e-308,
        last_price=2.2250738585072014e-308,
        open_pnl=amount,
        opened_at=START + timedelta(microseconds=1),
    )
    assert MOST_POSITIONS * (len(longest.model_dump_json()) + 1) < MAX_BODY_BYTES - 4_096
