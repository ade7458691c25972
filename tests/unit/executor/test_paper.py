"""The paper venue: what a buy takes never exceeds what it may spend, and no price breaks it."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.market.fills import buy_price, buy_quantity, cost_of, fee_of
from services.executor.core.money import LARGEST, to_money
from services.executor.venues.paper import Costs, buy, sell

UNITS = st.integers(1, 10**17)
PRICES = st.floats(min_value=5e-324, allow_infinity=False, allow_nan=False)
RATES = st.floats(0, 0.0999)


@settings(max_examples=120, deadline=None)
@given(UNITS, st.floats(1e-6, 1e6), RATES)
def test_buy_of_up_to_a_billion_never_takes_more_than_it_may_spend(units: int, price: float, fee: float) -> None:
    spend = Decimal(units) / 10**8
    execution = buy(spend, price, Costs(fee))
    if execution is not None:
        assert execution.cost >= 0
        assert execution.fee >= 0
        assert execution.cost + execution.fee <= spend


def test_buy_that_floats_let_exceed_its_spend_by_some_steps_is_cut_to_it() -> None:
    exceeding = 0
    for number in range(200):
        spend = Decimal(900_000_000) + Decimal(number * 12_345_677) / 10**8
        price = buy_price(97.31, 0.0002)
        cost = cost_of(buy_quantity(float(spend), price, 0.001, 1e-8), price)
        exceeding += to_money(cost) + to_money(fee_of(cost, 0.001)) > spend
        execution = buy(spend, 97.31, Costs())
        assert execution is not None
        assert 0 <= spend - execution.cost - execution.fee < Decimal("0.00001")
    assert exceeding > 0


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 33_000_000 * 10**8), st.floats(1e-4, 1e6), RATES)
def test_buy_below_33_million_is_the_engines_own_to_the_last_unit(units: int, price: float, fee: float) -> None:
    spend = Decimal(units) / 10**8
    execution = buy(spend, price, Costs(fee))
    quantity = buy_quantity(float(spend), buy_price(price, 0.0002), fee, 1e-8)
    cost = cost_of(quantity, buy_price(price, 0.0002))
    if execution is not None:
        assert (execution.quantity, execution.cost) == (to_money(quantity), to_money(cost))
        assert execution.fee == to_money(fee_of(cost, fee))


@settings(max_examples=100, deadline=None)
@given(UNITS, PRICES)
def test_trade_at_any_price_is_bookable_or_none(units: int, price: float) -> None:
    amount = Decimal(units) / 10**8
    for execution in (buy(amount, price, Costs()), sell(amount, price, Costs())):
        assert execution is None or max(execution.quantity, execution.cost) <= LARGEST


def test_quantity_coarser_than_the_step_settles_at_the_decimal_a_report_shows() -> None:
    assert to_money(937_841_538.7354445) == Decimal("937841538.73544450")
    assert float(to_money(937_841_538.7354445)) == 937_841_538.7354445
