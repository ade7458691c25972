"""The two crossings of money: from floats to settled decimals, and from a quote asset to the cash that pays it.

Refuses to convert currencies: a paper account holds dollars, and counts dollar coins one to one.
"""

from decimal import Decimal

from libs.common.values import MONEY_STEP, base_asset, quote_asset

CASH = "USD"
"""The asset every paper account keeps its cash in."""

ZERO = Decimal(0).quantize(MONEY_STEP)

LARGEST = Decimal(90_000_000_000)
"""Most units of anything a booking may move or an account may be worth; hundred-millionths of it still fit into 64 bits."""

_DOLLARS = frozenset({"USD", "USDT", "USDC", "FDUSD", "TUSD", "BUSD"})


def to_money(amount: float) -> Decimal:
    """Return the settled amount, 8 decimals, of a float that fill arithmetic has already rounded to such steps.

    By its shortest decimal, the one a report shows: where floats are coarser than the step (a billion of a small coin)
    their exact binary value has digits that nobody meant.
    """
    return Decimal(repr(float(amount))).quantize(MONEY_STEP)


def settled(amount: Decimal) -> Decimal:
    """Return the amount with exactly 8 decimals, so that equal amounts are spelled alike in every message."""
    return amount.quantize(MONEY_STEP)


def is_payable(symbol: str) -> bool:
    """Tell whether a paper account can pay for `symbol`: priced in dollars or a coin that stands for one, and no dollar itself."""
    return quote_asset(symbol) in _DOLLARS and base_asset(symbol) != CASH
