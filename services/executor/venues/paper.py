"""The paper venue: a market order meets the open of the next bar of its symbol.

Pure, and the same arithmetic as the backtest engine (`libs/market/fills.py`). Every order is filled whole: bars say
nothing about depth.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from libs.market.fills import LOT_STEP, buy_price, buy_quantity, cost_of, fee_of, sell_price
from services.executor.core.money import LARGEST, to_money

VENUE = "paper"


@dataclass(frozen=True, slots=True)
class Costs:
    """fee: fraction of the notional, each side. slippage: fraction of the open. lot: smallest quantity."""

    fee: float = 0.001
    slippage: float = 0.0002
    lot: float = LOT_STEP


@dataclass(frozen=True, slots=True)
class Execution:
    """What the venue did: `price` includes the slippage; cost and fee are settled in the quote asset."""

    price: float
    quantity: Decimal
    cost: Decimal
    fee: Decimal


def buy(spend: Decimal, open_price: float, costs: Costs) -> Execution | None:
    """Return the buy that spends at most `spend`, fee included; None if that is less than a lot or more than books hold."""
    price = buy_price(open_price, costs.slippage)
    execution = _executed(buy_quantity(float(spend), price, costs.fee, costs.lot), price, costs)
    if execution is None or execution.cost + execution.fee <= spend:
        return execution
    # From 2^25 on floats cannot tell money steps apart: the sum that fits as floats may be some steps too much as decimals.
    cost = min(execution.cost, spend)
    return replace(execution, cost=cost, fee=spend - cost)


def sell(quantity: Decimal, open_price: float, costs: Costs) -> Execution | None:
    """Return the sale of `quantity`; None if what it brings is more than books hold."""
    return _executed(float(quantity), sell_price(open_price, costs.slippage), costs)


def worth(quantity: Decimal, price: float) -> Decimal:
    """Return the market value of a holding, without fee."""
    return to_money(cost_of(float(quantity), price))


def is_worth_less(quantity: Decimal, price: float, bound: Decimal) -> bool:
    """Tell whether a holding is worth less than `bound` at a price, be it ever so wild."""
    return cost_of(float(quantity), price) < bound


def _executed(quantity: float, price: float, costs: Costs) -> Execution | None:
    cost = cost_of(quantity, price)
    if not 0 < quantity < LARGEST or not cost < LARGEST:
        return None
    return Execution(price, to_money(quantity), to_money(cost), to_money(fee_of(cost, costs.fee)))
