"""The days of an account: when they begin, whichever way its clock jumps, and what their loss stops."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from libs.common.events import OrderChanged
from libs.common.values import Side, Timeframe
from services.executor.core import groups
from services.executor.venues.paper import worth
from tests.unit.executor.builders import at, bar, decision, fold, of, promoted, round_, rules


def states(events: object) -> list[str]:
    return [event.state for event in of(OrderChanged, events)]


def test_day_begins_with_the_equity_at_midnight_or_the_last_one_before() -> None:
    messages = [bar(1), decision(1, quote_amount=Decimal(9_000)), *(round_(n, int(n == 1)) for n in range(1, 60))]
    day = [bar(number, close=100.0 + number) for number in range(2, 24)]
    at_midnight, _ = fold([*messages, *day, bar(24, close=150.0), bar(25, close=160.0)])
    without_midnight, _ = fold([*messages, *day, bar(25, close=160.0)])
    for state, price in ((at_midnight, 150.0), (without_midnight, 123.0)):
        account, holding = state.accounts["paper"], state.holdings["paper", "BTCUSDT"]
        assert account.day_equity == account.cash + worth(holding.quantity, price)


@pytest.mark.parametrize("hour", [1, 24 + 1, 24 * 400])
def test_day_of_an_account_that_a_promotion_opened_begins_with_its_first_group(hour: int) -> None:
    state, _ = fold([promoted("other", datetime(2026, 5, 4, 12, tzinfo=UTC)), bar(hour)])
    assert state.accounts["other"].day == state.accounts["paper"].day == at(hour).date()
    assert state.accounts["other"].day_equity == Decimal(10_000)


def test_day_begins_anew_when_older_history_is_played_and_not_for_a_bar_of_yesterday_that_comes_late() -> None:
    quarter = Timeframe.M15
    state, _ = fold([bar(24 * 9), round_(24 * 9), bar(24 * 8 * 4 + 1, timeframe=quarter)])
    assert state.awaiting == (at(24 * 8 * 4 + 1, quarter), quarter)
    assert state.accounts["paper"].day == at(24 * 9).date()
    state, _ = fold([bar(24 * 9), round_(24 * 9), bar(24 * 7 * 4 + 1, timeframe=quarter)])
    assert state.accounts["paper"].day == at(24 * 7).date()


def test_order_sent_before_older_history_is_played_does_not_count_there() -> None:
    quarter = Timeframe.M15
    state, _ = fold([bar(500), decision(500), round_(500, 1)])
    state, _ = groups.set_trading(state, "halted")
    state, _ = groups.set_trading(state, "trading")
    _, out = fold([bar(4, timeframe=quarter), decision(4, timeframe=quarter), round_(4, 1, quarter)], state=state)
    assert states(out.events) == ["intent"]


def test_daily_loss_locks_entries_until_the_next_utc_day_and_never_exits() -> None:
    limits = rules().limits.__class__(1.0, 1.0, 0, 0, 0, 1.0, 0.03)
    messages = [
        *(bar(1), bar(1, "ETHUSDT"), decision(1, quote_amount=Decimal(9_000)), round_(1, 1)),
        *(bar(2, close=90.0), bar(2, "ETHUSDT"), decision(2, "ETHUSDT", price=100.0), round_(2, 1)),
        *(bar(3, open=90.0), bar(3, "ETHUSDT"), decision(3, side=Side.SELL), round_(3, 1)),
        *(bar(4, open=90.0), bar(4, "ETHUSDT"), round_(4)),
        *(bar(24), bar(24, "ETHUSDT"), decision(24, "ETHUSDT"), round_(24, 1)),
    ]
    _, out = fold(messages, rules(limits))
    orders = [(o.symbol, o.side, o.state, o.code) for o in of(OrderChanged, out.events)]
    assert orders == [
        ("BTCUSDT", "buy", "intent", None),
        ("BTCUSDT", "buy", "filled", None),
        ("ETHUSDT", "buy", "refused", "risk.daily_loss"),
        ("BTCUSDT", "sell", "intent", None),
        ("BTCUSDT", "sell", "filled", None),
        ("ETHUSDT", "buy", "intent", None),
    ]
