"""Input that reads well and cannot be carried out ends by itself: it stops no round, no account and no time."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from libs.common.errors import BadInputError
from libs.common.events import BarClosed, OrderChanged, PortfolioChanged
from libs.common.values import Side, Stage
from services.executor.core.orders import check_round
from services.executor.core.stage import Bar
from tests.unit.executor.builders import H1, at, bar, decision, fold, of, round_, rules


def books_at(events: object) -> list[object]:
    return [event.at for event in of(PortfolioChanged, events)]


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ({"quote_amount": None}, "decision.amount"),
        ({"quote_amount": Decimal(0)}, "decision.amount"),
        ({"side": Side.SELL, "quote_amount": Decimal(5)}, "decision.amount"),
        ({"quote_amount": Decimal(10) ** 19}, "decision.amount"),
        ({"stage": Stage.ALERT}, "decision.stage"),
        ({"rank": 10**19}, "decision.rank"),
    ],
)
@pytest.mark.parametrize("is_late", [False, True])
def test_decision_that_makes_no_sense_is_refused_and_its_round_goes_on(
    broken: dict[str, Any], code: str, is_late: bool
) -> None:
    asked = decision(1, account="other", **broken)
    state, out = fold([bar(1), *([round_(1), asked] if is_late else [asked, round_(1, 1)]), bar(2)])
    [order] = of(OrderChanged, out.events)
    assert (order.state, order.code) == ("refused", "round.closed" if is_late else code)
    assert books_at(out.events) == [at(1), at(2)]
    assert set(state.accounts) == {"paper"}


def test_round_that_counts_more_than_a_round_can_have_is_an_error_with_its_place() -> None:
    with pytest.raises(BadInputError) as raised:
        check_round(round_(1, 10**30))
    assert raised.value.pointer == "/decisions"


@pytest.mark.parametrize("close", [1e8, 1e300])
def test_close_at_which_books_would_overflow_is_no_price_and_tells_a_person(close: float) -> None:
    bought = [bar(1, open=1e-3), decision(1, price=1e-3, quote_amount=Decimal(9_000)), round_(1, 1), bar(2, open=1e-3)]
    state, out = fold([*bought, round_(2)])
    assert out.alarms == ()
    state, out = fold([bar(3, open=1e-3, close=close), round_(3), bar(4, close=2e-3)], state=state)
    assert books_at(out.events) == [at(3), at(4)]
    [alarm] = out.alarms
    assert "BTCUSDT" in alarm
    assert of(PortfolioChanged, out.events)[0].positions[0].last_price == 1e-3
    assert state.holdings["paper", "BTCUSDT"].last_price == 2e-3


def test_sale_after_which_books_would_overflow_is_rejected_and_the_holding_stays() -> None:
    symbols = ("BTCUSDT", "ETHUSDT")
    bars = [bar(n, symbol, open=1e-3) for n in (1, 2) for symbol in symbols]
    buys = [decision(1, s, rank=r, price=1e-3, quote_amount=Decimal(4_500)) for r, s in enumerate(symbols, start=1)]
    wild = [bar(3, symbol, open=1.1e4) for symbol in symbols]
    state, out = fold([*bars, *buys, round_(1, 2), decision(2, side=Side.SELL), round_(2, 1), *wild])
    assert [(o.state, o.code) for o in of(OrderChanged, out.events)][-1] == ("filled", None)
    wild = [bar(4, symbol, open=1.1e4) for symbol in symbols]
    state, out = fold([decision(3, "ETHUSDT", Side.SELL), round_(3, 1), *wild], state=state)
    assert [(o.state, o.code) for o in of(OrderChanged, out.events)][-1] == ("rejected", "order.size")
    assert ("paper", "ETHUSDT") in state.holdings
    assert books_at(out.events)[-1] == at(4)


def test_coins_of_one_kind_bought_in_two_symbols_never_outgrow_the_books() -> None:
    cheap: dict[str, Any] = {"open": 5e-8, "close": 5e-8}
    asked = [
        decision(1, symbol, rank=rank, price=5e-8, quote_amount=Decimal(4_000))
        for rank, symbol in enumerate(("PEPEUSDT", "PEPEUSDC"), start=1)
    ]
    bars = [bar(n, symbol, **cheap) for symbol in ("PEPEUSDT", "PEPEUSDC") for n in (1, 2)]
    _, out = fold([*bars, *asked, round_(1, 2)])
    last = {o.symbol: (o.state, o.code) for o in of(OrderChanged, out.events)}
    assert last == {"PEPEUSDT": ("filled", None), "PEPEUSDC": ("rejected", "order.size")}


def test_order_that_breaks_at_its_bar_is_rejected_alone_and_time_goes_on() -> None:
    bought = [bar(1), decision(1), round_(1, 1), bar(2), decision(2, side=Side.SELL), round_(2, 1)]
    state, _ = fold(bought)
    state, out = fold([bar(3), round_(3)], rules(slippage=1.0), state=state)
    assert [(o.state, o.code) for o in of(OrderChanged, out.events)] == [("rejected", "order.failed")]
    assert len(out.alarms) == 1
    assert books_at(out.events) == [at(3)]


@pytest.mark.parametrize("symbol", ["USD", "USDUSDT"])
def test_buy_of_the_cash_itself_is_refused(symbol: str) -> None:
    _, out = fold([bar(1, symbol), decision(1, symbol), round_(1, 1), bar(2, symbol)])
    assert [(o.state, o.code) for o in of(OrderChanged, out.events)] == [("refused", "risk.quote_asset")]


@pytest.mark.parametrize("year", [1, 9999])
def test_bar_at_the_edge_of_the_calendar_is_an_error_with_its_place(year: int) -> None:
    edge = datetime(year, 1, 2, tzinfo=UTC) if year == 1 else datetime(year, 12, 31, 23, tzinfo=UTC)
    known = bar(1).model_dump() | {"open_time": edge - H1.length, "close_time": edge}
    known["event_id"] = BarClosed.id_of("BTCUSDT", H1, edge - H1.length)
    with pytest.raises(BadInputError) as raised:
        Bar.of(BarClosed(**known))
    assert raised.value.pointer == "/close_time"
