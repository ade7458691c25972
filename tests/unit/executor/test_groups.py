"""Rounds: when groups close, what happens to orders then, and that the order of arrival does not matter."""

from decimal import Decimal

from libs.common.events import OrderChanged, OrderFilled, PortfolioChanged
from libs.common.values import Side, Stage, Timeframe
from libs.market.fills import buy_price, buy_quantity, cost_of, fee_of, sell_price
from services.executor.core import groups
from services.executor.core.money import to_money
from services.executor.core.orders import client_order_id
from services.executor.core.state import Outcome
from tests.unit.executor.builders import H1, at, bar, decision, fold, of, promoted, round_


def states(events: object) -> list[str]:
    return [event.state for event in of(OrderChanged, events)]


def books_at(events: object) -> list[object]:
    return [event.at for event in of(PortfolioChanged, events)]


def test_group_the_first_closes_at_once_and_the_next_waits_for_its_round() -> None:
    state, out = fold([bar(1), bar(2)])
    assert books_at(out.events) == [at(1)]
    assert state.awaiting == (at(1), H1)
    _, more = fold([round_(1)], state=state)
    assert books_at(more.events) == [at(2)]


def test_group_with_a_counted_decision_missing_stands_still() -> None:
    state, out = fold([bar(1), round_(1, decisions=2), decision(1), bar(2)])
    assert books_at(out.events) == [at(1)]
    _, more = fold([bar(1, "ETHUSDT"), bar(2, "ETHUSDT"), decision(1, "ETHUSDT")], state=state)
    assert books_at(more.events) == [at(2)]
    assert states(more.events) == ["intent", "intent", "filled", "filled"]


def test_buy_fills_at_the_next_open_with_the_engines_own_arithmetic() -> None:
    _, out = fold([bar(1), decision(1, quote_amount=Decimal("1234.5")), round_(1, 1), bar(2, open=101.37, close=99.0)])
    [fill] = of(OrderFilled, out.events)
    price = buy_price(101.37, 0.0002)
    quantity = buy_quantity(1234.5, price, 0.001, 1e-8)
    cost = cost_of(quantity, price)
    assert (fill.price, float(fill.quantity), float(fill.cost)) == (price, quantity, cost)
    assert float(fill.fee) == fee_of(cost, 0.001)
    assert fill.at == at(1)  # the open of bar 2 is the close time of bar 1
    book = of(PortfolioChanged, out.events)[-1]
    assert book.cash == Decimal(10_000) - fill.cost - fill.fee
    assert book.equity - book.initial_cash == book.realized_pnl + book.open_pnl
    assert book.fill_count == 1


def test_sell_closes_the_whole_holding_and_carries_what_it_closed() -> None:
    messages = [
        *(bar(1), decision(1), round_(1, 1), bar(2, open=100.0)),
        *(decision(2, side=Side.SELL), round_(2, 1), bar(3, open=110.0)),
    ]
    _, out = fold(messages)
    entry, leave = of(OrderFilled, out.events)
    price = sell_price(110.0, 0.0002)
    cost = cost_of(float(entry.quantity), price)
    assert (leave.quantity, leave.price, leave.cost) == (entry.quantity, price, to_money(cost))
    assert leave.realized_pnl == leave.cost - leave.fee - entry.cost - entry.fee
    assert (leave.entry_price, leave.entry_at) == (entry.price, entry.at)
    book = of(PortfolioChanged, out.events)[-1]
    assert book.positions == ()
    assert book.cash == book.equity == Decimal(10_000) + leave.realized_pnl
    assert book.fees_paid == entry.fee + leave.fee


def test_fill_lineage_is_fill_after_intent_after_decision() -> None:
    asked = decision(1)
    _, out = fold([bar(1), asked, round_(1, 1), bar(2)])
    intent, filled = of(OrderChanged, out.events)
    [fill] = of(OrderFilled, out.events)
    assert (intent.state, filled.state) == ("intent", "filled")
    assert fill.caused_by == intent.event_id
    assert intent.caused_by == filled.caused_by == asked.event_id
    assert {fill.root_id, intent.root_id} == {asked.root_id}
    assert intent.order_id == client_order_id(asked.event_id)
    assert len(intent.order_id) == 27
    assert intent.order_id.startswith("sn-")


def test_group_with_a_holding_waits_for_its_bar_and_takes_a_later_one_as_missing() -> None:
    state, _ = fold([bar(1), decision(1), round_(1, 1), bar(2), round_(2)])
    state, out = fold([bar(3, "ETHUSDT")], state=state)
    assert books_at(out.events) == []
    _, out = fold([bar(4)], state=state)
    assert books_at(out.events) == [at(3)]


def test_group_with_a_holding_takes_a_bar_two_lengths_later_as_proof_of_a_missing_one() -> None:
    state, _ = fold([bar(1), decision(1), round_(1, 1), bar(2), round_(2)])
    state, out = fold([bar(3, "ETHUSDT"), bar(4, "ETHUSDT")], state=state)
    assert books_at(out.events) == []
    _, out = fold([bar(5, "ETHUSDT")], state=state)
    assert books_at(out.events) == [at(3)]


def test_order_without_a_bar_expires_after_two_groups() -> None:
    others = [bar(number, "ETHUSDT") for number in range(1, 8)]
    messages = [bar(1), *others, decision(1), *(round_(n, 1 if n == 1 else 0) for n in range(1, 6))]
    state, out = fold(messages)
    expired = of(OrderChanged, out.events)[-1]
    assert (expired.state, expired.code, expired.at) == ("expired", "order.no_bar", at(3))
    assert state.pending == ()
    assert of(OrderFilled, out.events) == []


def test_order_with_a_bar_after_one_missing_group_is_filled_by_it() -> None:
    messages = [bar(1), bar(2, "ETHUSDT"), bar(3, open=105.0), bar(3, "ETHUSDT")]
    _, out = fold([*messages, bar(4, "ETHUSDT"), decision(1), round_(1, 1), round_(2), round_(3)])
    [fill] = of(OrderFilled, out.events)
    assert fill.price == buy_price(105.0, 0.0002)
    assert fill.at == at(2)


def test_decision_after_its_round_is_refused_by_name() -> None:
    _, out = fold([bar(1), round_(1), bar(2), decision(1)])
    [late] = of(OrderChanged, out.events)
    assert (late.state, late.code) == ("refused", "round.closed")


def test_decision_of_a_round_that_never_was_is_refused_when_time_passes_it() -> None:
    state, out = fold([bar(1), round_(1), decision(2), round_(2, 1), bar(4)])
    assert states(out.events) == ["refused"]
    assert of(OrderChanged, out.events)[0].code == "round.closed"
    assert state.decisions == {}
    assert state.rounds == {}


def test_decision_of_stage_live_is_refused_by_name() -> None:
    _, out = fold([bar(1), decision(1, stage=Stage.LIVE), round_(1, 1)])
    assert [(o.state, o.code) for o in of(OrderChanged, out.events)] == [("refused", "live.not_available")]


def test_account_of_a_promotion_has_its_books_published_for_the_round_that_is_awaited() -> None:
    _, out = fold([bar(1), promoted("of-rsi"), round_(1), bar(2)])
    assert [(b.account, b.at) for b in of(PortfolioChanged, out.events)] == [
        ("paper", at(1)),
        ("of-rsi", at(1)),
        ("of-rsi", at(2)),
        ("paper", at(2)),
    ]


def test_promotion_of_a_known_account_changes_nothing() -> None:
    state, _ = fold([bar(1), promoted("of-rsi")])
    again, out = fold([promoted("of-rsi"), promoted("paper")], state=state)
    assert again is state
    assert (out.events, out.transactions) == ((), ())


def test_bar_that_repeats_or_belongs_to_the_past_changes_nothing() -> None:
    state, _ = fold([bar(1), round_(1), bar(2), bar(2, "ETHUSDT")])
    for known in (bar(1), bar(2), bar(1, "XRPUSDT")):
        assert fold([known], state=state)[0] is state


def test_simulated_travels_from_bars_and_decisions_to_orders_fills_and_books() -> None:
    messages = [bar(1, simulated=True), decision(1, simulated=True), round_(1, 1), bar(2, simulated=True)]
    _, out = fold(messages)
    assert len(out.events) == 5
    assert all(event.model_dump()["simulated"] for event in out.events)


def test_spend_too_small_for_a_lot_is_rejected_and_books_nothing() -> None:
    _, out = fold([bar(1), decision(1, quote_amount=Decimal("0.00000001")), round_(1, 1), bar(2)])
    assert states(out.events) == ["intent", "rejected"]
    assert out.fills == ()


def test_trading_state_halted_cancels_what_waits_and_reducing_only_entries() -> None:
    state, _ = fold([bar(1), decision(1), round_(1, 1)])
    for trading in ("halted", "reducing"):
        after, out = groups.set_trading(state, trading)
        assert [(o.state, o.code, o.at) for o in of(OrderChanged, out.events)] == [
            ("canceled", f"trading.{trading}", at(1))
        ]
        assert after.pending == ()
    state, _ = fold([bar(2), decision(2, side=Side.SELL), round_(2, 1)], state=state)
    assert len(groups.set_trading(state, "reducing")[0].pending) == 1
    assert groups.set_trading(state, "halted")[0].pending == ()


def test_group_after_a_hole_waits_for_a_symbol_that_may_have_no_hole() -> None:
    state, _ = fold([bar(1), bar(1, "ETHUSDT"), round_(1)])
    state, out = fold([bar(3)], state=state)
    assert books_at(out.events) == []
    _, out = fold([bar(2, "ETHUSDT")], state=state)
    assert books_at(out.events) == [at(2)]


def test_group_of_a_longer_timeframe_waits_for_the_shorter_ones_bar_of_the_same_time() -> None:
    quarter = Timeframe.M15
    messages = [bar(number, timeframe=quarter) for number in range(1, 4)]
    rounds = [round_(number, timeframe=quarter) for number in range(1, 5)]
    state, out = fold([*messages, *rounds, bar(1)])
    assert books_at(out.events) == [at(n, quarter) for n in range(1, 4)]
    _, out = fold([bar(4, timeframe=quarter)], state=state)
    assert [(b.at, b.timeframe) for b in of(PortfolioChanged, out.events)] == [(at(1), quarter), (at(1), H1)]


def test_group_does_not_wait_for_a_timeframe_that_has_ended() -> None:
    quarter = Timeframe.M15
    state, _ = fold([bar(1, timeframe=quarter), round_(1, timeframe=quarter), bar(8)])
    assert state.awaiting == (at(8), H1)


def test_buy_may_not_spend_what_another_pending_buy_is_promised() -> None:
    first = decision(1, quote_amount=Decimal(9_000))
    second = decision(1, "ETHUSDT", rank=2, quote_amount=Decimal(9_000))
    _, out = fold([bar(1), bar(1, "ETHUSDT"), first, second, round_(1, 2)])
    assert [o.quote_amount for o in of(OrderChanged, out.events)] == [Decimal(9_000), Decimal(1_000)]


def test_sell_of_what_another_strategy_bought_is_refused_and_its_owner_may_sell() -> None:
    bought = [bar(1), decision(1, strategy_id="mine"), round_(1, 1), bar(2)]
    sells = [decision(2, side=Side.SELL, strategy_id=name, rank=rank) for rank, name in ((1, "other"), (2, "mine"))]
    state, out = fold([*bought, *sells, round_(2, 2), bar(3)])
    told = [(o.strategy_id, o.state, o.code) for o in of(OrderChanged, out.events)][2:]
    assert told == [
        ("other", "refused", "risk.not_owner"),
        ("mine", "intent", None),
        ("mine", "filled", None),
    ]
    assert state.holdings == {}


def test_position_names_strategy_and_timeframe_of_its_buy() -> None:
    quarter = Timeframe.M15
    _, out = fold(
        [bar(4, timeframe=quarter), decision(4, timeframe=quarter), round_(4, 1, quarter), bar(5, timeframe=quarter)]
    )
    [position] = of(PortfolioChanged, out.events)[-1].positions
    assert (position.strategy_id, position.timeframe) == ("rsi", quarter)


def test_retirement_cancels_the_pending_buy_of_that_strategy_alone_and_no_sell() -> None:
    symbols = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
    bars = {n: [bar(n, symbol) for symbol in symbols] for n in (1, 2)}
    state, _ = fold([*bars[1], decision(1), round_(1, 1), *bars[2]])
    asked = [
        decision(2, side=Side.SELL),
        decision(2, "ETHUSDT", rank=2),
        decision(2, "SOLUSDT", rank=3, strategy_id="other"),
    ]
    state, _ = fold([*asked, round_(2, 3)], state=state)
    state, out = groups.retire(state, "rsi")
    [gone] = of(OrderChanged, out.events)
    assert (gone.symbol, gone.state, gone.code, gone.at) == ("ETHUSDT", "canceled", "strategy.retired", at(2))
    assert sorted(order.symbol for order in state.pending) == ["BTCUSDT", "SOLUSDT"]
    assert groups.retire(state, "rsi") == (state, Outcome())
