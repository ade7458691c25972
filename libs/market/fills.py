"""What a fill costs: prices, quantities and fees, the same numbers in the backtest engine and in the paper venue.

Decides rounding and sizing of one market order. Scalars in, scalars out, no exceptions: callers check that prices,
amounts and lots are finite and > 0 and fees are in [0, 1).
"""

import math

import numpy as np

from libs.market.jit import COMPILED, jit

LOT_STEP = 1e-8
"""Smallest quantity of any instrument that names no lot of its own."""

MONEY_STEP = 1e-8
"""Smallest unit of money."""

# Compiled, numpy's floor stays a float where math's becomes a whole number and back; on a plain float numpy's is ten times slower.
_floor = np.floor if COMPILED else math.floor

_STEPS_PER_ONE = 1e8
_EXACT_BELOW = 2.0**25
_COUNTABLE_BELOW = 2.0**53


@jit
def buy_price(open_price: float, slippage: float) -> float:
    """Return the price a market buy pays at the open; slippage is a fraction, 0.0002 = 2 bps."""
    return open_price * (1.0 + slippage)


@jit
def sell_price(open_price: float, slippage: float) -> float:
    """Return the price a market sell gets at the open; slippage is a fraction, 0.0002 = 2 bps."""
    return open_price * (1.0 - slippage)


@jit
def round_money(amount: float) -> float:
    """Return the multiple of 1e-8 nearest to `amount`, halves up; rounding twice changes nothing.

    From 2^25 (33.5 million) on float64 cannot hold every step apart through the multiplication; such amounts stay as
    they are.
    """
    if not abs(amount) < _EXACT_BELOW:
        return amount
    steps = amount * _STEPS_PER_ONE
    whole = _floor(steps)
    if steps - whole >= 0.5:
        whole += 1
    return whole / _STEPS_PER_ONE


@jit
def quantity_of(lots: float, lot: float) -> float:
    """Return the quantity of a whole number of lots, as the float nearest to its decimal value: 3 lots of 0.1 are 0.3."""
    # 0.1 is not a tenth, but 3 / 10 is rounded once only; most lots are a whole fraction of one.
    lots_per_one = _floor(1.0 / lot + 0.5)
    if lot < 1.0 and abs(lots_per_one * lot - 1.0) < 1e-12:
        return lots / lots_per_one
    return round_money(lots * lot)


@jit
def floor_lot(quantity: float, lot: float) -> float:
    """Return the largest multiple of `lot` that is <= quantity; a quantity that is one already stays.

    A quantity so large that float64 cannot count its lots (2^53 of them) stays as it is.
    """
    if not quantity / lot < _COUNTABLE_BELOW:
        return quantity
    lots = _floor(quantity / lot)
    if quantity_of(lots + 1.0, lot) <= quantity:
        return quantity_of(lots + 1.0, lot)
    if quantity_of(lots * 1.0, lot) <= quantity:
        return quantity_of(lots * 1.0, lot)
    return max(0.0, quantity_of(lots - 1.0, lot))


@jit
def cost_of(quantity: float, price: float) -> float:
    """Return what `quantity` is worth at `price`, in whole money steps, without fee."""
    return round_money(quantity * price)


@jit
def fee_of(cost: float, fee: float) -> float:
    """Return the fee on a trade worth `cost`, in whole money steps; fee is a fraction, 0.001 = 0.1 %."""
    return round_money(cost * fee)


@jit
def total_of(quantity: float, price: float, fee: float) -> float:
    """Return what a buy takes from the cash: cost plus fee, in whole money steps."""
    cost = cost_of(quantity, price)
    return round_money(cost + fee_of(cost, fee))


@jit
def _uncountable(spend: float, price: float, fee: float) -> float:
    quantity = spend / (price * (1.0 + fee))
    shrink = 2.0**-52
    while not total_of(quantity, price, fee) <= spend:
        quantity *= 1.0 - shrink
        shrink *= 2.0
        if shrink > 0.5:
            return 0.0
    return quantity


@jit
def buy_quantity(spend: float, price: float, fee: float, lot: float) -> float:
    """Return the largest multiple of `lot` whose cost and fee together are <= spend; 0.0 if not even one lot fits.

    `total_of` never falls when the quantity grows. Where a lot is worth more than a money step, the estimate is the answer as a
    rule; else a bisection between one that fits and one that does not ends after at most about 60 steps. Where float64
    cannot count the lots (2^53 of them, a billion units of a coin with lot 1e-8 is more) the result is the estimate itself, cut
    until it fits: off the largest one by a few parts in 10^16, or half a money step.
    """
    if not spend > 0.0:
        return 0.0
    estimate = spend / (price * (1.0 + fee)) / lot
    if not estimate < _COUNTABLE_BELOW:
        return _uncountable(spend, price, fee)
    likely = _floor(estimate) * 1.0
    if (
        total_of(quantity_of(likely, lot), price, fee) <= spend
        and not total_of(quantity_of(likely + 1.0, lot), price, fee) <= spend
    ):
        return quantity_of(likely, lot)
    margin = 2.0 + math.ceil(min(2.0 * MONEY_STEP / (price * lot) + estimate * 2.0**-50, _COUNTABLE_BELOW / 2.0))
    fits = max(0.0, _floor(estimate) - margin)
    exceeds = _floor(estimate) + margin
    while fits > 0.0 and not total_of(quantity_of(fits, lot), price, fee) <= spend:
        margin *= 2.0
        exceeds = fits
        fits = max(0.0, fits - margin)
    while exceeds - fits > 1.0:
        middle = _floor((fits + exceeds) / 2.0) * 1.0
        if middle <= fits or middle >= exceeds:
            break
        if total_of(quantity_of(middle, lot), price, fee) <= spend:
            fits = middle
        else:
            exceeds = middle
    return quantity_of(fits, lot)
