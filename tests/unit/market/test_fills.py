import math
from decimal import ROUND_FLOOR, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.market.fills import (
    LOT_STEP,
    buy_price,
    buy_quantity,
    cost_of,
    fee_of,
    floor_lot,
    round_money,
    sell_price,
    total_of,
)

LOTS = st.sampled_from([1e-8, 1e-5, 1e-3, 0.01, 0.1, 0.25, 1.0, 100.0])
STEP = Decimal("1e-8")
amounts = st.floats(1e-8, 3e7, allow_nan=False)


def test_prices_move_against_the_trader_by_the_slippage() -> None:
    assert buy_price(100.0, 0.0002) == 100.0 * 1.0002
    assert sell_price(100.0, 0.0002) == 100.0 * 0.9998


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [(0.123456785, 0.12345679), (1.000000004, 1.0), (0.1 + 0.2, 0.3), (0.0, 0.0), (5e8 + 0.1, 5e8 + 0.1), (-1.0, -1.0)],
)
def test_round_money_goes_to_the_nearest_step(amount: float, rounded: float) -> None:
    assert round_money(amount) == rounded


@given(amounts)
def test_round_money_is_the_float_of_a_whole_number_of_steps(amount: float) -> None:
    rounded = round_money(amount)
    exact = Decimal(rounded).quantize(STEP)
    assert float(exact) == rounded
    assert abs(Decimal(amount) - exact) <= STEP / 2 + Decimal(math.ulp(amount))
    assert round_money(rounded) == rounded


@pytest.mark.parametrize(
    ("quantity", "lot", "floored"),
    [
        (0.3, 0.1, 0.3),
        (0.29, 0.1, 0.2),
        (0.05, 0.1, 0.0),
        (7.0, 0.25, 7.0),
        (1.23456789, 1e-8, 1.23456789),
        (1e9, 1e-8, 1e9),
    ],
)
def test_floor_lot_keeps_whole_lots(quantity: float, lot: float, floored: float) -> None:
    assert floor_lot(quantity, lot) == floored


@given(amounts, LOTS)
def test_floor_lot_is_the_largest_multiple_not_above(quantity: float, lot: float) -> None:
    floored = floor_lot(quantity, lot)
    exact_lot = Decimal(repr(lot))
    lots = (Decimal(repr(quantity)) / exact_lot).to_integral_value(ROUND_FLOOR)
    assert floored == float(lots * exact_lot)
    assert floor_lot(floored, lot) == floored


@given(st.floats(1e-6, 1e7), st.floats(1e-9, 1e6), st.sampled_from([0.0, 0.001, 0.0075]), LOTS)
def test_buy_quantity_fits_and_one_lot_more_does_not(spend: float, price: float, fee: float, lot: float) -> None:
    quantity = buy_quantity(spend, price, fee, lot)
    assert quantity >= 0.0
    assert total_of(quantity, price, fee) <= spend
    countable = spend / price / lot < 2.0**50 and quantity < 2.0**25
    if countable:
        assert floor_lot(quantity, lot) == quantity
        assert total_of(floor_lot(quantity + 1.5 * lot, lot), price, fee) > spend


def test_buy_quantity_worked_by_hand_pays_cost_and_fee() -> None:
    quantity = buy_quantity(1_000.0, 40_000.0, 0.001, LOT_STEP)
    assert quantity == 0.02497502
    assert cost_of(quantity, 40_000.0) == 999.0008
    assert fee_of(999.0008, 0.001) == 0.9990008


@pytest.mark.parametrize("spend", [0.0, -5.0, 1e-9, float("nan")])
def test_buy_quantity_of_nothing_is_zero(spend: float) -> None:
    assert buy_quantity(spend, 100.0, 0.001, 0.01) == 0.0


@pytest.mark.parametrize(
    ("spend", "price", "lot"),
    [
        (1_000_000.0, 1e-5, 1e-8),
        (1e15, 1e-9, 1e-8),
        (9_999.999999996, 1e-6, 1e-8),
        (1e-8, 1e-12, 1e-8),
        (1e300, 1e-300, 1.0),
    ],
)
def test_buy_quantity_beyond_float_resolution_ends_and_fits(spend: float, price: float, lot: float) -> None:
    quantity = buy_quantity(spend, price, 0.001, lot)
    assert total_of(quantity, price, 0.001) <= spend
    if math.isfinite(spend / price):
        assert quantity > 0.99 * spend / price / 1.001
